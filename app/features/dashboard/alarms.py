"""What needs somebody, said in one sentence, and as notes with the one way out."""

from app.features.dashboard.figures import Alarm
from app.features.dashboard.health import Health
from app.features.messages.slots import Mailbag
from app.kernel import clock, words


def sentence(mail: Mailbag, runs: Health, *, has_mail_server: bool) -> str:
    """What is so: `Two messages need a look. Everything else ran.`"""
    troubles = []
    if runs.is_silent:
        troubles.append("no worker is running")
    if mail.is_stuck:
        troubles.append("mail waits and nothing moves")
    if mail.failed:
        troubles.append(_need(mail.failed, "message"))
    if runs.late:
        troubles.append(_need(len(runs.late), "schedule"))
    if mail.kept:
        how = "kept unsent" if has_mail_server else "waiting for a mail server"
        troubles.append(f"{_spelled(mail.kept, 'message')} {'is' if mail.kept == 1 else 'are'} {how}")
    if not troubles:
        return "Everything ran."
    said = " and ".join([", ".join(troubles[:-1]), troubles[-1]] if len(troubles) > 1 else troubles)
    return f"{said[0].upper()}{said[1:]}. Everything else ran."


def _need(count: int, thing: str) -> str:
    return f"{_spelled(count, thing)} {'needs' if count == 1 else 'need'} a look"


def _spelled(count: int, thing: str) -> str:
    return f"{words.spelled(count)} {thing}{'' if count == 1 else 's'}"


def alarms(mail: Mailbag, runs: Health, mail_href: str, *, has_mail_server: bool) -> list[Alarm]:
    """The notes, gravest first. `mail_href` is empty for those who may not open messages."""
    found = []
    if runs.is_silent:
        text = "Mails and scheduled work wait until one runs. Nothing is lost: start it with mpanel run."
        found.append(Alarm("bad", "No worker is running.", text))
    if mail.is_stuck:
        since = words.ago(mail.oldest or clock.now())
        text = f"{words.plural(mail.waiting, 'message')} in the queue, the oldest since {since}. {mail.trouble}".strip()
        found.append(_about_mail("bad", "Mail waits and nothing moves.", text, mail_href, "waiting"))
    if mail.failed:
        title = f"{words.plural(mail.failed, 'message')} could not be delivered."
        found.append(_about_mail("bad", title, "Each says what the mail server answered.", mail_href, "failed"))
    if mail.kept and has_mail_server:
        title = f"{words.plural(mail.kept, 'message')} kept from the time without a mail server."
        found.append(_about_mail("warn", title, "They leave when somebody sends them.", mail_href, "kept"))
    return found


def _about_mail(tone: str, title: str, text: str, mail_href: str, state: str) -> Alarm:
    if not mail_href:
        return Alarm(tone, title, text)
    return Alarm(tone, title, text, "Look", f"{mail_href}?state={state}")
