"""Copies and wishes in the words that pages draw."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.features.privacy import copies
from app.features.privacy.models import CUSTOMER, PERSON, DataCopy
from app.kernel import tenancy, words
from app.kernel.errors import Conflict
from app.kernel.pages import toast

STAGES = {
    "asked": ("warn", "To be decided"),
    "running": ("busy", "Under way"),
    "done": ("done", "Erased"),
    "refused": ("", "Refused"),
    "failed": ("bad", "Stopped"),
}
"""Tone and words of the stages of an erasure."""
_WHAT = {PERSON: "What we hold about you", CUSTOMER: "Everything of the account"}


class CopyLine(NamedTuple):
    """One copy in a list."""

    href: str
    what: str
    tone: str
    state: str
    detail: str
    until: str
    is_ready: bool


def copy_lines(found: Sequence[DataCopy], *, zone: str, here: str, what: str = "") -> list[CopyLine]:
    """The copies as `templates/privacy/_copies.html` draws them; `what` says what they are of, where that is known."""
    lines = []
    for copy in found:
        if copy.is_ready:
            tone, state, detail = "good", "Ready", f"{words.plural(copy.records, 'record')}, {_size(copy.byte_count)}"
        elif copy.state == "dead":
            tone, state, detail = "bad", "Failed", "Ask for another one."
        else:
            tone, state, detail = "busy", "Being made", "You can leave this page."
        label = what or _WHAT.get(copy.kind, "Everything of the tenant")
        until = words.day(copy.expires_at, zone)
        lines.append(CopyLine(f"{here}/copies/{copy.id}", label, tone, state, detail, until, copy.is_ready))
    return lines


def is_moving(lines: Sequence[CopyLine]) -> bool:
    """Whether a look in some seconds may show more."""
    return any(line.tone == "busy" for line in lines)


def _size(count: int) -> str:
    return f"{count / 1024:,.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:,.1f} MB"


def begun(back: str) -> ResponseReturnValue:
    """That a copy was asked for, at `back`, where it will be fetched."""
    toast("good", "It is being made. You get a mail when it is ready.")
    return redirect(back, 303)


def send(copy: DataCopy) -> Response:
    """The zip as a file to keep.

    Raises:
        Conflict: it is not ready yet.
    """
    if not copy.is_ready:
        raise Conflict("This copy is still being made.", code="copy_not_ready")
    tenant_id, pieces = tenancy.current(), copies.parts(copy)

    def body() -> Iterator[bytes]:
        while True:
            with tenancy.as_tenant(tenant_id):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    answer = Response(body(), mimetype="application/zip")
    name = f"{copy.kind}-data-{copy.created_at:%Y-%m-%d}.zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Length"] = str(copy.byte_count)
    answer.headers["Cache-Control"] = "no-store"
    return answer
