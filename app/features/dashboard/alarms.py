"""What needs somebody, said in one sentence, and as notes with the one way out."""

from dataclasses import dataclass

from app.features.dashboard.figures import Alarm
from app.features.dashboard.health import Health
from app.features.messages.slots import Mailbag
from app.features.provisioning.slots import Waiting as Tasks
from app.features.webhooks.slots import WebhookHealth
from app.kernel import clock, words
from app.kernel.access import Role


@dataclass(frozen=True)
class Watched:
    """All that could need somebody, and who is looking."""

    mail: Mailbag
    tasks: Tasks
    hooks: WebhookHealth
    runs: Health
    has_mail_server: bool
    role: Role
    flagged: int = 0
    """Notices of payment providers that fit nothing; counted for those who see money."""

    def way(self, role: Role, label: str, href: str) -> tuple[str, str]:
        """A button for those who may go there, else none."""
        return (label, href) if self.role >= role else ("", "")


def sentence(seen: Watched) -> str:
    """What is so: `Two messages need a look. Everything else ran.`"""
    troubles = _troubles(seen)
    if not troubles:
        return "Everything ran."
    said = " and ".join([", ".join(troubles[:-1]), troubles[-1]] if len(troubles) > 1 else troubles)
    return f"{said[0].upper()}{said[1:]}. Everything else ran."


def _troubles(seen: Watched) -> list[str]:
    mail, troubles = seen.mail, []
    if seen.runs.is_silent:
        troubles.append("no worker is running")
    if seen.tasks.stuck:
        troubles.append(f"{_spelled(seen.tasks.stuck, 'set-up')} {'is' if seen.tasks.stuck == 1 else 'are'} stuck")
    if mail.is_stuck:
        troubles.append("mail waits and nothing moves")
    if mail.failed:
        troubles.append(_need(mail.failed, "message"))
    if seen.hooks.disabled:
        is_one = seen.hooks.disabled == 1
        troubles.append(f"{_spelled(seen.hooks.disabled, 'webhook')} {'is' if is_one else 'are'} switched off")
    if seen.hooks.failed_day:
        troubles.append(_need(seen.hooks.failed_day, "delivery", "deliveries"))
    if seen.runs.late:
        troubles.append(_need(len(seen.runs.late), "schedule"))
    if seen.runs.unsealed:
        troubles.append("the audit log waits for its seals")
    if mail.kept:
        how = "kept unsent" if seen.has_mail_server else "waiting for a mail server"
        troubles.append(f"{_spelled(mail.kept, 'message')} {'is' if mail.kept == 1 else 'are'} {how}")
    return troubles


def _need(count: int, thing: str, many: str | None = None) -> str:
    return f"{_spelled(count, thing, many)} {'needs' if count == 1 else 'need'} a look"


def _spelled(count: int, thing: str, many: str | None = None) -> str:
    return f"{words.spelled(count)} {thing if count == 1 else many or thing + 's'}"


def alarms(seen: Watched) -> list[Alarm]:
    """The notes, gravest first."""
    found = []
    if seen.runs.is_silent:
        text = "Mails, set-ups and scheduled work wait until one runs. Nothing is lost: start it with mpanel run."
        found.append(Alarm("bad", "No worker is running.", text))
    if seen.tasks.stuck:
        title = f"{words.plural(seen.tasks.stuck, 'set-up')} {'is' if seen.tasks.stuck == 1 else 'are'} stuck."
        text = "Customers wait for what they have paid for. Each says where it stands and can be tried again."
        found.append(Alarm("bad", title, text, *seen.way(Role.MEMBER, "Look", "/admin/provisioning?state=open")))
    return [*found, *_about_mail(seen), *_about_webhooks(seen), *_about_schedules(seen), *_about_the_log(seen)]


def _about_mail(seen: Watched) -> list[Alarm]:
    mail, found = seen.mail, []

    def note(tone: str, title: str, text: str, state: str) -> None:
        found.append(Alarm(tone, title, text, *seen.way(Role.MEMBER, "Look", f"/admin/messages?state={state}")))

    if mail.is_stuck:
        since = words.ago(mail.oldest or clock.now())
        text = f"{words.plural(mail.waiting, 'message')} in the queue, the oldest since {since}. {mail.trouble}".strip()
        note("bad", "Mail waits and nothing moves.", text, "waiting")
    if mail.failed:
        title = f"{words.plural(mail.failed, 'message')} could not be delivered."
        note("bad", title, "Each says what the mail server answered.", "failed")
    if mail.kept and seen.has_mail_server:
        title = f"{words.plural(mail.kept, 'message')} kept from the time without a mail server."
        note("warn", title, "They leave when somebody sends them.", "kept")
    return found


def _about_webhooks(seen: Watched) -> list[Alarm]:
    """Endpoints that hear nothing any more. Who may not open webhooks is not told of them."""
    if seen.role < Role.ADMIN or not (seen.hooks.disabled or seen.hooks.failed_day):
        return []
    off, failed = seen.hooks.disabled, seen.hooks.failed_day
    title = f"{words.plural(off, 'webhook')} {'is' if off == 1 else 'are'} switched off." if off else ""
    text = f"{words.plural(failed, 'delivery', 'deliveries')} given up in the last day." if failed else ""
    way = seen.way(Role.ADMIN, "Look", "/admin/integrations/webhooks")
    return [Alarm("bad" if failed else "warn", title or text, text if title else "Each says what was answered.", *way)]


def _about_schedules(seen: Watched) -> list[Alarm]:
    """Scheduled work that failed or was missed, for those who run the installation."""
    late = seen.runs.late
    if not late or seen.runs.is_silent:
        return []
    title = f"{late[0].name} did not run as it should." if len(late) == 1 else f"{len(late)} schedules did not run."
    names = ", ".join(row.name for row in late)
    text = "It is tried again at its next time." if len(late) == 1 else f"{names}. Each is tried again."
    return [Alarm("warn", title, text, *seen.way(Role.ADMIN, "Operations", "/admin/ops#schedules"))]


def _about_the_log(seen: Watched) -> list[Alarm]:
    """Rows that no seal protects yet, for those who run the installation."""
    if not seen.runs.unsealed or seen.runs.is_silent:
        return []
    text = f"Its oldest row without a seal was written {words.ago(clock.now() - seen.runs.unsealed)}."
    way = seen.way(Role.ADMIN, "Operations", "/admin/ops#schedules")
    return [Alarm("warn", "The audit log waits for its seals.", text, *way)]
