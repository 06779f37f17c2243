"""What may stand in an article."""

from typing import Any, Protocol

from app.kernel import markdown, terms
from app.kernel.errors import Invalid
from app.kernel.schemas import one_line

LONGEST = {"title": 160, "seo_title": 160, "summary": 300}
LONGEST_BODY = markdown.LONGEST
MOST_TAGS, LONGEST_TAG = 12, 40


class Written(Protocol):
    """What somebody wrote."""

    title: str
    body: str
    summary: str
    seo_title: str
    tags: tuple[str, ...]


def checked(written: Any) -> dict[str, Any]:
    """The words as they are stored.

    Raises:
        Invalid: something that cannot be; names the fields.
    """
    problems: dict[str, str] = {}
    fields: dict[str, Any] = {}
    for name, longest in LONGEST.items():
        fields[name] = " ".join(getattr(written, name).split())
        problem = _problem(fields[name], longest)
        if problem:
            problems[name] = problem
    fields["body"] = written.body.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    if not fields["title"]:
        problems["title"] = "Give it a title."
    if len(fields["body"]) > LONGEST_BODY or "\0" in fields["body"]:
        problems["body"] = f"{LONGEST_BODY:,} characters at most."
    fields["tags"] = tags(written.tags)
    if len(fields["tags"]) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in fields["tags"]):
        problems["tags"] = f"{MOST_TAGS} tags at most, each of {LONGEST_TAG} letters at most."
    if problems:
        raise Invalid(fields=problems)
    return fields


def _problem(text: str, longest: int) -> str:
    if len(text) > longest:
        return f"{longest} characters at most."
    try:
        one_line(text)
    except ValueError:
        return "This must be one line of plain text."
    return ""


def tags(given: tuple[str, ...] | list[str]) -> list[str]:
    """As they are stored: small letters, digits and hyphens, each once, in the order given."""
    found = [tag(text) for text in given]
    return [one for one in dict.fromkeys(found) if one]


def tag(text: str) -> str:
    """One tag as it is stored and looked for."""
    kept = "".join(letter if letter.isalnum() else " " for letter in terms.plain(text[:200]))
    return "-".join(kept.split())


def split(text: str) -> tuple[str, ...]:
    """The tags of a field, with commas between."""
    return tuple(part.strip() for part in text[:2000].split(",") if part.strip())
