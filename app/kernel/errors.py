"""Unfriendly answers that are not bugs. Each door says them once, in its own form."""

from collections.abc import Mapping


class Refusal(Exception):
    """A no with its HTTP status, a code for programs and a text for the person.

    `fields` maps the names of the fields at fault, as the client spelled them,
    to what is wrong with each.
    """

    status = 400
    code = "bad_request"
    text = "That request could not be understood."
    heading = ""
    """What its page is headed with, where the house's words for the status would not do."""

    def __init__(
        self,
        text: str | None = None,
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.text = text or type(self).text
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.retry_after = retry_after
        super().__init__(self.text)


class NotSignedIn(Refusal):
    """Nobody has shown who they are: 401."""

    status, code, text = 401, "not_signed_in", "Sign in, or send a valid key."


class Forbidden(Refusal):
    """Known, but not allowed: 403."""

    status, code, text = 403, "forbidden", "You are not allowed to do that."


class NotFound(Refusal):
    """Absent, or somebody else's: both say 404, word for word the same."""

    status, code, text = 404, "not_found", "There is nothing at this address."


class Conflict(Refusal):
    """What is asked clashes with what is there: 409."""

    status, code, text = 409, "conflict", "That clashes with what is already there."


class TooLarge(Refusal):
    """The body is larger than the limit: 413."""

    status, code, text = 413, "too_large", "That is larger than we accept."


class Invalid(Refusal):
    """The words are understood but not acceptable: 422. `fields` names them."""

    status, code, text = 422, "invalid", "Some of the fields need another look."

    @classmethod
    def field(cls, name: str, problem: str, *, code: str | None = None) -> "Invalid":
        """A refusal of one field."""
        return cls(problem, fields={name: problem}, code=code)


class TooMany(Refusal):
    """Over a limit: 429. `retry_after` is in seconds."""

    status, code, text = 429, "too_many", "Too many tries. Wait a little, then try again."


class Unavailable(Refusal):
    """Something that is needed is away: 503."""

    status, code, text = 503, "unavailable", "We cannot do that right now. Try again shortly."
