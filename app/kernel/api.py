"""JSON endpoints: strict words in, spelled-out words out, one shape of error.

A view says what it takes and gives by its annotations: `body` and `query` are
schemas of `kernel/schemas.py`, the rest are the path's parameters, the return
annotation is a schema, a list or a `Page` of one, or None (204). The OpenAPI
description is made from the same annotations (`kernel/openapi.py`).
"""

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from app.kernel import idempotency, strict_json
from app.kernel.access import Access, access_of
from app.kernel.errors import Invalid, NotFound, Refusal, TooLarge
from app.kernel.idempotency import Reply
from app.kernel.pages import maybe_principal
from app.kernel.schemas import refuse

LARGEST_BODY = 256 * 1024
"""Bytes of a JSON body, where the route says nothing else."""

_JSON = "application/json"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What one endpoint takes and gives, for serving it and for describing it."""

    name: str
    tag: str
    summary: str
    description: str
    access: Access | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: TypeAdapter[Any] | None
    is_raw: bool
    """The view makes its own `Response`."""
    status: int
    errors: tuple[int, ...]
    envelope: bool
    largest: int
    idempotent: bool


class ApiRoutes(Blueprint):
    """The JSON endpoints of one room under one prefix.

    With `envelope`, answers are `{"success": true, "data": ...}`. A POST by a
    key or a person honours `Idempotency-Key`, unless its route says
    `idempotent=False` (for what is slow before its first statement).

    Besides Flask's own, a route takes `status` (of success), `errors` (the
    refusals it may answer with, as classes), `largest` (bytes of its body, by
    default what its mark says) and `idempotent`.
    """

    def __init__(self, name: str, *, prefix: str, envelope: bool = False, tag: str | None = None) -> None:
        super().__init__(f"{name}_api", name, url_prefix=prefix)
        self.envelope = envelope
        self.tag = tag or name.replace("_", " ").capitalize()

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a reading view at `rule`."""
        return self._mount("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a view that makes or does something at `rule`."""
        return self._mount("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a view that replaces what is at `rule`."""
        return self._mount("PUT", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a view that changes what is at `rule`."""
        return self._mount("PATCH", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Mount a view that ends what is at `rule`."""
        return self._mount("DELETE", rule, options)

    def _mount(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[View], View]:
        def mount(view: View) -> View:
            self.add_url_rule(rule, view.__name__, view, methods=[method], **options)
            return view

        return mount

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Mount a view with its annotations carried out."""
        assert view_func is not None, "an endpoint needs a view"
        operation = self._operation(view_func, options)
        super().add_url_rule(rule, endpoint, _serve(view_func, operation), provide_automatic_options, **options)

    def _operation(self, view: Callable[..., Any], options: dict[str, Any]) -> Operation:
        hints = typing.get_type_hints(view, include_extras=True)
        gives = hints.get("return", type(None))
        is_raw = isinstance(gives, type) and issubclass(gives, Response)
        is_empty = gives is type(None)
        summary, _, description = (inspect.getdoc(view) or view.__name__).partition("\n")
        errors: Sequence[type[Refusal]] = options.pop("errors", ())
        access = access_of(view)
        return Operation(
            name=f"{self.import_name}_{view.__name__}",
            tag=self.tag,
            summary=summary.strip(),
            description=description.strip(),
            access=access,
            body=hints.get("body"),
            query=hints.get("query"),
            answer=None if is_raw or is_empty else TypeAdapter(gives),
            is_raw=is_raw,
            status=options.pop("status", 204 if is_empty else 200),
            errors=tuple(sorted({error.status for error in errors})),
            envelope=self.envelope,
            largest=options.pop("largest", None) or (access.largest if access else None) or LARGEST_BODY,
            idempotent=options.pop("idempotent", True),
        )


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What the endpoint `view` takes and gives, if it is one."""
    found = getattr(view, "__operation__", None)
    return found if isinstance(found, Operation) else None


def problem(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """A refusal as every JSON answer of the panel says it: an RFC 9457 problem.

    `success` and `error` are there for older clients.
    """
    return {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.text,
        "code": refusal.code,
        "errors": [{"field": name, "message": text} for name, text in refusal.fields.items()],
        "request_id": request_id,
        "success": False,
        "error": refusal.text,
    }


def _serve(view: Callable[..., Any], operation: Operation) -> Callable[..., Response]:
    @wraps(view)
    def answer(**path: Any) -> Response:
        if any(strict_json.unstorable(value) for value in path.values()):
            raise NotFound()
        arguments = dict(path)
        if operation.query is not None:
            arguments["query"] = _read_query(operation.query)
        if operation.body is not None:
            arguments["body"] = _read_body(operation)
        if operation.is_raw:
            return typing.cast(Response, view(**arguments))
        return _respond(_once_or_now(operation, lambda: _reply(operation, view(**arguments))))

    answer.__operation__ = operation  # type: ignore[attr-defined]  # a mark on a function
    return answer


def _read_body(operation: Operation) -> BaseModel:
    assert operation.body is not None
    strict_json.check_media_type(request.headers.get("Content-Type"))
    raw = _raw_body(operation)
    strict_json.parse(raw)
    try:
        return operation.body.model_validate_json(raw)
    except ValidationError as found:
        raise refuse(found) from found


def _raw_body(operation: Operation) -> bytes:
    request.max_content_length = operation.largest
    try:
        return request.get_data()
    except RequestEntityTooLarge as found:
        raise TooLarge(f"The body may have {operation.largest // 1024} KiB at most.") from found


def _read_query(schema: type[BaseModel]) -> BaseModel:
    lists = list(request.args.lists())
    given = {name: values[0] for name, values in lists}
    fields = {name: "This is given twice." for name, values in lists if len(values) > 1}
    fields |= dict.fromkeys(strict_json.unstorable(given), "This text has a character that cannot be stored.")
    if fields:
        raise Invalid(fields=fields)
    try:
        return schema.model_validate(given)
    except ValidationError as found:
        raise refuse(found) from found


def _once_or_now(operation: Operation, work: Callable[[], Reply]) -> Reply:
    principal = maybe_principal()
    key = request.headers.get(idempotency.HEADER)
    if request.method != "POST" or key is None or principal is None or not operation.idempotent:
        return work()
    owner = f"key:{principal.key_id}" if principal.key_id else f"user:{principal.user_id}"
    path = request.full_path if request.query_string else request.path
    return idempotency.once(
        idempotency.check_key(key),
        owner=owner,
        route=f"{request.method} {path}",
        body=_raw_body(operation),
        work=work,
    )


def _reply(operation: Operation, value: Any) -> Reply:
    if operation.answer is None:
        return Reply(operation.status, _JSON, b"")
    body = operation.answer.dump_json(value, by_alias=True)
    if operation.envelope:
        body = b'{"success":true,"data":' + body + b"}"
    return Reply(operation.status, _JSON, body)


def _respond(reply: Reply) -> Response:
    answer = Response(reply.body, reply.status, content_type=reply.content_type)
    answer.headers["Cache-Control"] = "no-store"
    if reply.status == 204:
        del answer.headers["Content-Type"]
    if reply.is_replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
