"""Why a mail was or was not sent, told for people."""

from dataclasses import dataclass
from datetime import datetime

from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.smtp import Outcome
from app.kernel import words
from app.kernel.outbox import MOST_ATTEMPTS

TONES = {
    "waiting": ("info", "Waiting"),
    "leased": ("busy", "Sending"),
    "done": ("good", "Sent"),
    "dead": ("bad", "Failed"),
    "kept": ("warn", "Not sent"),
}
"""Tone and word for each state of the outbox."""

OUTCOMES = {
    Outcome.SENT: "The mail server took it",
    Outcome.REFUSED: "Refused for good",
    Outcome.DEFERRED: "Put off",
    Outcome.UNCERTAIN: "Uncertain: it may have arrived",
}


@dataclass(frozen=True)
class Step:
    """One thing that happened, or comes next; `state` is done, now, failed or next."""

    state: str
    title: str
    text: str
    when: str = ""


@dataclass(frozen=True)
class Verdict:
    """The answer in one sentence, above the steps."""

    tone: str
    title: str
    text: str


def verdict(message: EmailMessage) -> Verdict:
    """Why it stands as it does."""
    error = message.last_error or ""
    if message.state == "done":
        return Verdict("good", "It was sent.", "The mail server took it. Whether it was read, nobody knows.")
    if message.state == "kept":
        return Verdict("warn", "Not sent: no mail server is set up.", "It is kept here and can be sent later.")
    if message.state == "dead":
        tries = f" after {words.plural(message.attempts, 'attempt')}" if message.attempts > 1 else ""
        return Verdict("bad", f"We gave up{tries}.", error)
    if error:
        return Verdict("warn", "It waits.", f"{error} It is tried again by itself.")
    return Verdict("info", "It is on its way.", "The next free worker sends it.")


def steps(message: EmailMessage, zone: str) -> list[Step]:
    """What happened to it, oldest first, and what comes next. Moments in the time zone `zone`."""
    wanted = words.exact(message.created_at, zone)
    told = [
        Step("done", "Wanted", KINDS[message.template].because, wanted),
        Step("done", "Not wanted before", "No other message bears its key", wanted),
    ]
    for number, entry in enumerate(message.attempt_log, start=1):
        told.append(_attempt(number, entry["outcome"], entry["answer"], entry["ms"], entry["at"], zone))
    next_step = _next(message, zone)
    return [*told, next_step] if next_step is not None else told


def _attempt(number: int, outcome: str, answer: str, milliseconds: int, at: str, zone: str) -> Step:
    what = Outcome(outcome)
    took = f", after {milliseconds / 1000:.1f} s" if milliseconds else ""
    title = "Sent" if what is Outcome.SENT else f"Attempt {number}"
    state = "done" if what is Outcome.SENT else "failed"
    return Step(state, title, f"{OUTCOMES[what]}: {answer}{took}", words.exact(datetime.fromisoformat(at), zone))


def _next(message: EmailMessage, zone: str) -> Step | None:
    if message.state == "dead":
        return Step("next", "Next", "Nothing by itself. Send it again, or ask for another address.")
    if message.state == "kept" and message.kept_at is not None:
        since = words.exact(message.kept_at, zone)
        return Step(
            "next", "Kept, not sent", "No mail server is set up. Set one up in the settings, then send it.", since
        )
    if message.state == "leased":
        return Step("now", "Sending", "A worker has it in hand")
    if message.state == "waiting":
        left = f"Attempt {message.attempts + 1} of {MOST_ATTEMPTS}"
        return Step("now", "Next try", left, words.ago(message.next_at, zone))
    return None
