"""A post's text as readers get it: drawn from Markdown when it is saved, its beginning cut for lists."""

from app.features.blog.rules import LONGEST_BODY
from app.kernel import markdown
from app.kernel.errors import Invalid
from app.kernel.markdown import Rendered

LONGEST_BEGINNING = 220
"""Characters of a text's beginning, where a post has no summary of its own."""


def drawn(body: str) -> Rendered:
    """The text as it may stand in a page.

    Raises:
        Invalid: it cannot be shown; names the field.
    """
    try:
        return markdown.render(body, longest=LONGEST_BODY)
    except Invalid as refusal:
        raise Invalid.field("body", refusal.text) from refusal


def beginning(text: Rendered) -> str:
    """Its first words without the headings, cut at a word."""
    headings = {heading.text for heading in text.contents}
    return cut(" ".join(line for line in text.plain.splitlines() if line not in headings))


def cut(text: str) -> str:
    """The text, cut at a word where it is long."""
    if len(text) <= LONGEST_BEGINNING:
        return text
    return text[: LONGEST_BEGINNING + 1].rpartition(" ")[0].rstrip(",.;:") + "…"
