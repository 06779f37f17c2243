"""JSON endpoints: one meaning in, one shape of error out."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from flask import Flask, Response, g
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from app.kernel.api import LARGEST_BODY, ApiRoutes, problem
from app.kernel.errors import Conflict, NotFound, Refusal, TooMany
from app.kernel.schemas import Answer, Body, Line, Query, camel


class InnerIn(Body, alias_generator=camel):
    deep_word: Line


class ThingIn(Body, alias_generator=camel):
    first_name: Annotated[Line, Field(max_length=10)]
    how_many: Annotated[int, Field(ge=1, le=5)] = 1
    is_fine: bool = True
    inner: InnerIn | None = None
    words: list[str] = []


class ThingQuery(Query):
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    word: str = ""


class ThingOut(Answer, alias_generator=camel):
    first_name: str
    how_many: int


routes = ApiRoutes("things", prefix="/api/things", envelope=True)
bare = ApiRoutes("bare", prefix="/api/bare")


@routes.post("", status=201)
def create(body: ThingIn) -> ThingOut:
    """Make a thing."""
    return ThingOut(first_name=body.first_name, how_many=body.how_many)


@routes.get("")
def index(query: ThingQuery) -> list[ThingOut]:
    """List things."""
    return [ThingOut(first_name=query.word, how_many=query.limit)]


@routes.get("/<name>")
def show(name: str) -> ThingOut:
    """One thing."""
    return ThingOut(first_name=name, how_many=1)


@routes.delete("/<name>")
def remove(name: str) -> None:
    """No thing."""


@bare.get("/taken")
def taken() -> ThingOut:
    """Clash."""
    raise Conflict("Taken.", code="taken", fields={"firstName": "Somebody has it."})


@bare.get("/plain")
def plain() -> ThingOut:
    """Without an envelope."""
    return ThingOut(first_name="a", how_many=2)


@pytest.fixture(scope="module")
def things() -> Iterator[FlaskClient]:
    """A small application with a handler of refusals, as the door has one."""
    app = Flask("small")
    app.register_blueprint(routes)
    app.register_blueprint(bare)

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        return Response(json.dumps(problem(refusal, "r-1")), refusal.status, content_type="application/problem+json")

    @app.before_request
    def nobody() -> None:
        g.principal = None

    yield app.test_client()


def send(client: FlaskClient, raw: bytes | str, content_type: str | None = "application/json") -> Any:
    return client.post("/api/things", data=raw, content_type=content_type)


def test_an_answer_is_spelled_as_its_schema_says_inside_the_envelope(things):
    answer = send(things, '{"firstName": " Ann ", "howMany": 2}')

    assert answer.status_code == 201
    assert answer.json == {"success": True, "data": {"firstName": "Ann", "howMany": 2}}
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_an_envelope_the_answer_stands_alone(things):
    assert things.get("/api/bare/plain").json == {"firstName": "a", "howMany": 2}


def test_nothing_to_say_is_204_without_a_body(things):
    answer = things.delete("/api/things/a")

    assert (answer.status_code, answer.data) == (204, b"")


DEEP = b'{"firstName": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
TWO_MEANINGS = {
    "duplicate key": b'{"firstName": "a", "firstName": "b"}',
    "duplicate key inside": b'{"firstName": "a", "inner": {"deepWord": "a", "deepWord": "b"}}',
    "duplicate key by escape": b'{"firstName": "a", "first\\u004eame": "b"}',
    "NaN": b'{"firstName": "a", "howMany": NaN}',
    "Infinity": b'{"firstName": "a", "howMany": Infinity}',
    "minus Infinity": b'{"firstName": "a", "howMany": -Infinity}',
    "1e400": b'{"firstName": "a", "howMany": 1e400}',
    "10^400": b'{"firstName": "a", "howMany": 1' + b"0" * 400 + b"}",
    "10^5000": b'{"firstName": "a", "howMany": 1' + b"0" * 5000 + b"}",
    "beyond 64 bits": b'{"firstName": "a", "howMany": 9223372036854775808}',
    "depth 10^5": DEEP,
    "depth 33, closed": b'{"words": ' + b"[" * 32 + b"]" * 32 + b"}",
    "unclosed": b"[" * 100_000,
    "byte order mark": b'\xef\xbb\xbf{"firstName": "a"}',
    "UTF-16": '{"firstName": "a"}'.encode("utf-16"),
    "UTF-16 LE": '{"firstName": "a"}'.encode("utf-16-le"),
    "UTF-32": '{"firstName": "a"}'.encode("utf-32"),
    "Latin-1": b'{"firstName": "\xe9"}',
    "overlong UTF-8": b'{"firstName": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"firstName": "\xed\xa0\x80"}',
    "trailing data": b'{"firstName": "a"} {}',
    "trailing comma": b'{"firstName": "a",}',
    "comment": b'{"firstName": "a"} // yes',
    "single quotes": b"{'firstName': 'a'}",
    "raw newline in a text": b'{"firstName": "a\nb"}',
    "__proto__": b'{"firstName": "a", "__proto__": {"howMany": 2}}',
    "NUL in a key": b'{"firstName": "a", "x\\u0000": 1}',
    "lone surrogate in a key": b'{"firstName": "a", "\\ud800": 1}',
    "a number": b"1",
    "a text": b'"a"',
    "null": b"null",
    "a list": b'[{"firstName": "a"}]',
    "nothing": b"",
    "blank": b"  ",
}


@pytest.mark.parametrize("raw", TWO_MEANINGS.values(), ids=TWO_MEANINGS.keys())
def test_json_with_two_meanings_is_400(things, raw):
    answer = send(things, raw)

    assert answer.status_code == 400
    assert answer.json["code"] == "malformed_json"


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/json; charset=utf-16", "application/jsonp", "text/json", "application/json, text/plain"],
)  # fmt: skip
def test_only_json_in_utf8_is_read(things, content_type):
    answer = send(things, '{"firstName": "a"}', content_type)

    assert answer.status_code == 415
    assert answer.json["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_may_say_that_it_is_utf8(things, content_type):
    assert send(things, '{"firstName": "é"}', content_type).status_code == 201


WRONG = {
    "missing": ("{}", "firstName"),
    "python's name": ('{"first_name": "a"}', "first_name"),
    "unknown": ('{"firstName": "a", "role": "OWNER"}', "role"),
    "unknown inside": ('{"firstName": "a", "inner": {"deepWord": "a", "tenant_id": 1}}', "inner.tenant_id"),
    "number for text": ('{"firstName": 1}', "firstName"),
    "null for text": ('{"firstName": null}', "firstName"),
    "list for text": ('{"firstName": ["a"]}', "firstName"),
    "text for number": ('{"firstName": "a", "howMany": "2"}', "howMany"),
    "1.0 for a whole number": ('{"firstName": "a", "howMany": 1.0}', "howMany"),
    "true for a whole number": ('{"firstName": "a", "howMany": true}', "howMany"),
    "1 for true": ('{"firstName": "a", "isFine": 1}', "isFine"),
    "text for object": ('{"firstName": "a", "inner": "a"}', "inner"),
    "too small": ('{"firstName": "a", "howMany": 0}', "howMany"),
    "too long": ('{"firstName": "aaaaaaaaaaa"}', "firstName"),
    "blank": ('{"firstName": "   "}', "firstName"),
    "two lines": ('{"firstName": "a\\nb"}', "firstName"),
    "turned about": ('{"firstName": "a\\u202eb"}', "firstName"),
    "NUL": ('{"firstName": "a\\u0000"}', "firstName"),
    "lone surrogate": ('{"firstName": "\\ud800"}', "firstName"),
    "NUL inside": ('{"firstName": "a", "inner": {"deepWord": "\\u0000"}}', "inner.deepWord"),
    "NUL in a list": ('{"firstName": "a", "words": ["fine", "\\u0000"]}', "words.1"),
}


@pytest.mark.parametrize(("raw", "field"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_acceptable_is_422_and_names_the_field_as_it_was_spelled(things, raw, field):
    answer = send(things, raw)

    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]


def test_a_pair_of_surrogates_is_one_character(things):
    assert send(things, '{"firstName": "\\ud83d\\ude00"}').json["data"]["firstName"] == "😀"


def test_every_field_at_fault_is_named(things):
    answer = send(things, '{"howMany": 9, "isFine": "yes", "x": 1}')

    assert {error["field"] for error in answer.json["errors"]} == {"firstName", "howMany", "isFine", "x"}
    assert {"field": "howMany", "message": "This must be 5 or less."} in answer.json["errors"]


def test_a_thousand_unknown_fields_do_not_make_a_long_answer(things):
    answer = send(things, json.dumps({"firstName": "a", **{f"x{i}" + "y" * 500: 1 for i in range(100)}}))

    assert answer.status_code == 422
    assert len(answer.json["errors"]) == 20
    assert len(answer.data) < 4000


@given(name=st.text(max_size=20).filter(lambda name: name not in {"firstName", "howMany", "isFine", "inner", "words"}))
def test_no_unknown_field_ever_passes(name):
    app = Flask("small")
    app.register_blueprint(routes)
    app.register_error_handler(Refusal, lambda refusal: (problem(refusal, ""), refusal.status))
    with app.test_request_context(), app.test_client() as client:
        answer = send(client, json.dumps({"firstName": "a", name: 1}))

    assert answer.status_code in {400, 422}


def test_a_body_over_the_limit_is_413_whether_or_not_it_says_its_length(things):
    body = json.dumps({"firstName": "a" * LARGEST_BODY})

    said = send(things, body)

    assert said.status_code == 413
    assert said.json["code"] == "too_large"


def test_parameters_are_read_as_their_type(things):
    assert things.get("/api/things?limit=7&word=a").json["data"] == [{"firstName": "a", "howMany": 7}]


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"),
     ("limit=1&limit=2", "limit"), ("page=2", "page"), ("word=%00", "word")],
)  # fmt: skip
def test_wrong_parameters_are_422_and_named(things, query, field):
    answer = things.get(f"/api/things?{query}")

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_path_with_nul_leads_nowhere(things):
    assert things.get("/api/things/%00").status_code == 404


def test_every_refusal_has_the_one_shape(things):
    answer = things.get("/api/bare/taken")

    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Taken.",
        "code": "taken",
        "errors": [{"field": "firstName", "message": "Somebody has it."}],
        "request_id": "r-1",
        "success": False,
        "error": "Taken.",
    }


def test_refusals_of_every_kind_can_be_said():
    for kind in (NotFound, TooMany, Conflict):
        assert problem(kind(), "r")["status"] == kind.status
