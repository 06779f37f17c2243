"""The OpenAPI 3.1 description, made from the endpoints that are really mounted.

What a view takes and gives, its mark, its limits and the refusals that its
kind of route can answer with are read from `kernel/api.py`'s operations, so
that the description cannot drift from the code.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, current_app, request
from pydantic import TypeAdapter
from pydantic_core import to_json
from werkzeug.routing import Rule

from app.kernel import idempotency
from app.kernel.access import anyone
from app.kernel.api import ApiRoutes, Operation, operation_of
from app.kernel.schemas import Answer

TITLE = "mPanel"
VERSION = "1"
_REFERENCE = "#/components/schemas/{model}"
_CONVERTERS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}
_WORDS = {
    400: "The request has no single meaning: malformed JSON, or an altered cursor.",
    401: "Nobody is known: no key or login, or one that is expired or revoked.",
    403: "Known, but not allowed: the role or the scope is not enough.",
    404: "There is nothing at this address, or it is somebody else's.",
    409: "That clashes with what is already there.",
    413: "The body is too large.",
    415: "The body is not application/json in UTF-8.",
    422: "Some fields are not acceptable; `errors` names them as the client spelled them.",
    429: "Over a limit. Wait for `Retry-After` seconds.",
    503: "Something that is needed is away. Try again shortly.",
}

routes = ApiRoutes("openapi", prefix="/api/v1", tag="Description")


class FieldError(Answer):
    """One field at fault."""

    field: str
    message: str


class Problem(Answer):
    """A refusal: an RFC 9457 problem, and besides `success` and `error` for older clients."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]
    request_id: str
    success: bool
    error: str


@routes.get("/openapi.json")
@anyone(limits=("60/minute",))
def describe() -> Response:
    """This description."""
    kept = current_app.extensions.get("mpanel_openapi")
    if kept is None:
        body = to_json(build(current_app))
        kept = current_app.extensions["mpanel_openapi"] = (body, hashlib.sha256(body).hexdigest()[:32])
    answer = Response(kept[0], content_type="application/json")
    answer.set_etag(kept[1])
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.make_conditional(request)
    return answer


def build(app: Flask) -> dict[str, Any]:
    """The description of every endpoint that is mounted on `app`."""
    found = list(_operations(app))
    schemas, definitions = TypeAdapter.json_schemas(list(_inputs(found)), ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in found:
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _describe(rule, method, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": "Everything the panel does, as JSON. Errors are RFC 9457 problems. Lists page by cursor.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in sorted({operation.tag for _, _, operation in found})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions.get("$defs", {}),
            "responses": {_name(status): _refusal(status) for status in _WORDS},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "login": {"type": "apiKey", "in": "cookie", "name": "mpanel",
                          "description": "The browser's own login; over https it is named `__Host-mpanel`."},
                "form": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token",
                         "description": "Besides the login, on every write."},
            },
        },
    }  # fmt: skip


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, operation


def _inputs(found: list[tuple[Rule, str, Operation]]) -> Iterator[tuple[str, Any, TypeAdapter[Any]]]:
    yield "problem", "serialization", TypeAdapter(Problem)
    seen = set()
    for _, _, operation in found:
        if operation.name in seen:
            continue
        seen.add(operation.name)
        if operation.body is not None:
            yield f"{operation.name}/body", "validation", TypeAdapter(operation.body)
        if operation.answer is not None:
            yield f"{operation.name}/answer", "serialization", operation.answer


def _describe(rule: Rule, method: str, operation: Operation, schemas: Any) -> dict[str, Any]:
    parameters = [*_path_parameters(rule), *_query_parameters(operation)]
    security = _security(method, operation)
    if method == "POST" and operation.idempotent and security:
        parameters.append(_IDEMPOTENCY)
    described: dict[str, Any] = {
        "operationId": operation.name if rule.methods and len(rule.methods - {"HEAD", "OPTIONS"}) == 1
        else f"{operation.name}_{method.lower()}",
        "tags": [operation.tag],
        "summary": operation.summary.rstrip("."),
        "security": security,
        "responses": {str(operation.status): _success(operation, schemas), **_refusals(method, operation, parameters)},
    }  # fmt: skip
    words = [operation.description, *_access_words(operation)]
    if any(words):
        described["description"] = "\n\n".join(filter(None, words))
    if parameters:
        described["parameters"] = parameters
    if operation.access is not None and operation.access.limits:
        described["x-limits"] = list(operation.access.limits)
    if operation.body is not None:
        schema = schemas[f"{operation.name}/body", "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


_IDEMPOTENCY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "The same key and body again within 24 hours gives the stored answer and no second effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for kind, name in re.findall(r"<(?:([^:<>]+):)?([^<>]+)>", rule.rule):
        schema = _CONVERTERS.get(kind.partition("(")[0], {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema()
    for name, about in schema.get("properties", {}).items():
        plain = {key: value for key, value in about.items() if key != "description"}
        described = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": plain}
        if "description" in about:
            described["description"] = about["description"]
        yield described


def _security(method: str, operation: Operation) -> list[dict[str, list[str]]]:
    access = operation.access
    if access is None or access.kind in {"public", "platform", "signed"}:
        return []
    if access.kind == "key":
        return [{"key": []}]
    return [{"login": []}] if method == "GET" else [{"login": [], "form": []}]


def _access_words(operation: Operation) -> Iterator[str]:
    access = operation.access
    if access is None:
        return
    if access.scope is not None:
        yield f"Needs a key with the scope `{access.scope}`."
    if access.staff is not None:
        yield f"Staff: {access.staff.name} and up."
    if access.customer is not None:
        yield f"A customer's people: {access.customer.name} and up."
    if access.limits:
        yield f"Limits: {', '.join(access.limits)}."


def _success(operation: Operation, schemas: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": "Done." if operation.status != 201 else "Made."}
    if operation.answer is None:
        if operation.is_raw:
            described["content"] = {"application/json": {"schema": {}}}
        return described
    schema = schemas[f"{operation.name}/answer", "serialization"]
    if operation.envelope:
        schema = {
            "type": "object",
            "required": ["success", "data"],
            "properties": {"success": {"const": True}, "data": schema},
        }
    described["content"] = {"application/json": {"schema": schema}}
    return described


def _refusals(method: str, operation: Operation, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    statuses = {429, 503, *operation.errors}
    if operation.body is not None:
        statuses |= {400, 413, 415, 422}
    if operation.query is not None:
        statuses |= {400, 422}
    if any(parameter["in"] == "path" for parameter in parameters):
        statuses.add(404)
    if _IDEMPOTENCY in parameters:
        statuses |= {409, 422}
    if _security(method, operation):
        statuses |= {401, 403}
    return {str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in sorted(statuses)}


def _name(status: int) -> str:
    return f"Refusal{status}"


def _refusal(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in {409, 429, 503}:
        about = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        described["headers"] = {"Retry-After": about}
    return described
