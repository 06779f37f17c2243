"""What comes in and goes out as JSON: the parents of every room's schemas.

What comes in is strict: unknown fields are refused, and a value has the type
that is declared (`"1"` is no number, `1` is no text, `1.0` is no whole number).
Query parameters are texts and are read as the type that is declared.
A room that speaks camelCase says so: `class AccountIn(Body, alias_generator=camel)`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel as camel

from app.kernel.errors import Invalid
from app.kernel.money import Money

__all__ = ["Answer", "Body", "Line", "Major", "MoneyOut", "Query", "Seen", "SeenQuery", "camel", "one_line", "refuse"]

_MOST_FIELDS_NAMED = 20
_LONGEST_NAME = 100
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's embeddings, overrides and isolates: they make a page or a file's name read otherwise than it is."""


class Body(BaseModel):
    """A JSON body. Unknown fields are refused; types are strict."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Query(BaseModel):
    """The parameters behind the question mark. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Answer(BaseModel):
    """What goes out: each field spelled out, never a row dumped whole."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


def one_line(text: str) -> str:
    """`text`, if it is one line without control characters and nothing that turns the words around it about."""
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp"} or sign in _TURNING for sign in text):
        raise ValueError("This must be one line of plain text.")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)]
"""One line of 1 to 200 characters, without the white space round it. Narrow it with `Field(max_length=...)`."""

Major = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An amount in major units, as a JSON number: only where SPEC.md shows it so. Exact below 10^15 minor units,
since a double prints its shortest form."""


Seen = Annotated[int | None, Field(ge=1, lt=2**31, description="The one that was read: 409 when it is older.")]
"""A record's revision: which words somebody means who changes or publishes them."""


class SeenQuery(Query):
    """Which words are meant."""

    revision: Seen = None


class MoneyOut(Answer):
    """An amount in the minor unit of its currency."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        """`money`, as it goes out."""
        return cls(amount_minor=money.minor, currency=money.currency)


def refuse(problem: ValidationError) -> Invalid:
    """What pydantic found, as a refusal that names the fields as the client spelled them."""
    return Invalid(fields=dict(_named(problem.errors(include_url=False, include_input=False))))


def _named(errors: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for error, _ in zip(errors, range(_MOST_FIELDS_NAMED), strict=False):
        yield ".".join(str(part) for part in error["loc"])[:_LONGEST_NAME], _said(error)


_WORDS = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here.",
    "string_type": "This must be text.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "uuid_parsing": "This is no identifier.",
    "uuid_type": "This is no identifier.",
    "string_too_short": "This needs {min_length} or more characters.",
    "string_too_long": "This may have {max_length} characters at most.",
    "too_short": "This needs {min_length} or more entries.",
    "too_long": "This may have {max_length} entries at most.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than_equal": "This must be {le} or less.",
    "literal_error": "This must be one of {expected}.",
    "enum": "This must be one of {expected}.",
}


def _said(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if error["type"] == "value_error":
        return str(context["error"])
    words = _WORDS.get(error["type"])
    return words.format(**context) if words else f"{error['msg']}."
