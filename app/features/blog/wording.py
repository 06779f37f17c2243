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


def beginning(plain: str) -> str:
    """The first words of the text, cut at a word."""
    text = " ".join(plain.split())
    if len(text) <= LONGEST_BEGINNING:
        return text
    return text[: LONGEST_BEGINNING + 1].rpartition(" ")[0].rstrip(",.;:") + "…"
