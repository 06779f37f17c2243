"""`/admin/messages`: every mail, why it was or was not sent, and sending it again."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from jinja2 import TemplateError
from markupsafe import Markup

from app.features.messages import rendering, service, story
from app.features.messages.figures import COUNTED_AT_MOST, STATES, Health
from app.features.messages.forms import SendAllForm
from app.features.messages.kinds import KINDS, Kind
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import LinkIsSpent
from app.features.tenants import mailing
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Forbidden
from app.kernel.pages import PageRoutes, is_at_least, page, toast

routes = PageRoutes("messages_admin", prefix="/admin/messages")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)
"""The house's policy, and the frame that shows a mail."""
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""A mail bears its styles inline; it may do nothing and load nothing."""
STATE_CHOICES = (("", "Any"), ("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed"), ("kept", "Not sent"))
TEMPLATE_CHOICES = (("", "Any"), *((name, kind.label) for name, kind in KINDS.items()))


@routes.get("")
@requires(staff=Role.MEMBER)
def index() -> ResponseReturnValue:
    """The list, with filters, figures, and what can be done with all of a kind."""
    state, template, address = (
        request.args.get(name, "").replace("\0", "")[:254] for name in ("state", "template", "q")
    )
    state, template = state if state in STATES else "", template if template in KINDS else ""
    found = service.find_page(state=state, template=template, address=address, cursor=request.args.get("cursor"))
    filters = {"state": state, "template": template, "q": address}
    zone = tenants.current().time_zone
    health = service.health()
    return page(
        "messages/admin/index.html",
        crumbs=[("Messages", None)],
        rows=[_row(*columns, zone=zone) for columns in found.items],
        filters=filters,
        is_filtered=any(filters.values()),
        states=STATE_CHOICES,
        templates=TEMPLATE_CHOICES,
        next_href=_href(filters, found.next_cursor),
        prev_href=_href(filters, found.previous_cursor),
        stats=_stats(health, zone),
        health=health,
        has_server=mailing.has_server(),
        may_send=is_at_least(Role.ADMIN),
        failed_text=_counted(health.failed),
        kept_text=_counted(health.kept),
    )


def _row(
    row_id: UUID,
    template: str,
    subject: str,
    address: str,
    state: str,
    error: str | None,
    wanted_at: Any,
    *,
    zone: str,
) -> tuple[str, ...]:
    tone, word = story.TONES[state]
    kind = KINDS[template]
    why = "No mail server is set up" if state == "kept" else error or ""
    when, exact = words.ago(wanted_at, zone), words.exact(wanted_at, zone)
    return f"/admin/messages/{row_id}", _headline(kind, subject), address, kind.label, tone, word, why, when, exact


def _headline(kind: Kind, subject: str) -> str:
    return kind.headline(subject, sees_money=is_at_least(Role.BILLING))


def _may_read(kind: Kind) -> bool:
    return not kind.says_money or is_at_least(Role.BILLING)


def _href(filters: dict[str, str], cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return "/admin/messages?" + urlencode({name: text for name, text in {**filters, "cursor": cursor}.items() if text})


def _stats(health: Health, zone: str) -> list[tuple[str, str, str, str, str]]:
    """Label, number, remark, tone and address of each figure."""
    waits = f"the oldest: {words.ago(health.oldest, zone)}" if health.oldest else "nothing in the queue"
    return [
        ("Waiting", _counted(health.waiting), waits, "warn" if health.alarm else "", "?state=waiting"),
        ("Sent", _counted(health.sent_today), "in the last 24 hours", "", "?state=sent"),
        ("Failed", _counted(health.failed), "given up", "bad" if health.failed else "", "?state=failed"),
        ("Not sent", _counted(health.kept), "kept, no mail server", "", "?state=kept"),
    ]


def _counted(count: int) -> str:
    return f"{count:,}+" if count >= COUNTED_AT_MOST else f"{count:,}"


@routes.post("/sendings")
@requires(staff=Role.ADMIN)
def create_sendings() -> ResponseReturnValue:
    """Send everything again that failed, or that was kept."""
    form = SendAllForm()
    if not form.validate_on_submit():
        toast("bad", "Choose what to send again: the failed or the kept.")
        return redirect("/admin/messages", 303)
    count = service.resend_all(form.answers["state"])
    toast("good" if count else "info", f"{words.plural(count, 'message')} on the way." if count else "Nothing to send.")
    return redirect("/admin/messages?state=waiting", 303)


@routes.get("/<uuid:message_id>")
@requires(staff=Role.MEMBER)
def show(message_id: UUID) -> ResponseReturnValue:
    """One mail: why it stands as it does, and how it looks."""
    return _shown(service.find(message_id))


def _shown(message: EmailMessage) -> Response:
    zone = tenants.current().time_zone
    kind = KINDS[message.template]
    has_server = mailing.has_server()
    link = service.open_link(message)
    answer = page(
        "messages/admin/show.html",
        crumbs=[("Messages", "/admin/messages"), (kind.label, None)],
        message=message,
        title=_headline(kind, message.subject_line),
        may_read=_may_read(kind),
        state=story.TONES[message.state],
        verdict=story.verdict(message),
        steps=story.steps(message, zone),
        facts=_facts(message, zone, has_link=rendering.find_link(message, kind) is not None),
        others=[_other(other, zone) for other in service.same_address(message)],
        last_answer=message.attempt_log[-1]["answer"] if message.attempt_log else "",
        may_send=has_server and not message.is_waiting and is_at_least(Role.ADMIN),
        send_label="Send now" if message.state == "kept" else "Send again",
        may_reveal=link is not None and is_at_least(Role.OWNER),
        body_text=message.body_text if _may_read(kind) else "",
    )
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    return answer


def _facts(message: EmailMessage, zone: str, *, has_link: bool) -> list[tuple[str, str]]:
    spent = "used, replaced or run out" if KINDS[message.template].link else "none that lets anybody in"
    return [
        ("Person", _person(message)),
        ("Template", message.template),
        ("Wanted", words.exact(message.created_at, zone)),
        ("Sent", words.exact(message.sent_at, zone) if message.sent_at else ""),
        ("Attempts", str(max(message.attempts, len(message.attempt_log)))),
        ("Priority", f"{message.priority} of 10"),
        ("Link", "one sign-in link, masked" if has_link else spent),
    ]


def _person(message: EmailMessage) -> str:
    user = service.recipient(message)
    if user is None or user.customer_id is None:
        return user.name if user is not None else ""
    return Markup('<a href="/admin/customers/{}">{}</a>').format(user.customer_id, user.name)


def _other(message: EmailMessage, zone: str) -> tuple[str, ...]:
    tone, word = story.TONES[message.state]
    title = _headline(KINDS[message.template], message.subject_line)
    return f"/admin/messages/{message.id}", title, words.ago(message.created_at, zone), tone, word


@routes.get("/<uuid:message_id>/body")
@requires(staff=Role.MEMBER)
def body(message_id: UUID) -> ResponseReturnValue:
    """The mail itself, to be framed by `show`: as it was drawn, else as it would be now. Links masked.

    One that names amounts is for those who see money.
    """
    message = service.find(message_id)
    if not _may_read(KINDS[message.template]):
        raise Forbidden()
    answer = Response(_body(message), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _body(message: EmailMessage) -> str:
    if message.body_html:
        return message.body_html
    try:
        draft = rendering.draw(message)
    except LinkIsSpent:
        return "<!doctype html><p>Its link was used or replaced: it will not be sent.</p>"
    except TemplateError:
        return "<!doctype html><p>The template could not be drawn.</p>"
    return draft.masked(draft.html)


@routes.post("/<uuid:message_id>/sending")
@requires(staff=Role.ADMIN)
def create_sending(message_id: UUID) -> ResponseReturnValue:
    """Send it (again)."""
    service.resend(service.find(message_id))
    toast("good", "It is on its way.")
    return redirect(f"/admin/messages/{message_id}", 303)


@routes.post("/<uuid:message_id>/disclosure")
@requires(staff=Role.OWNER, limits=("10/minute",))
def create_disclosure(message_id: UUID) -> ResponseReturnValue:
    """Show the link that the mail carries, once, in this answer alone."""
    message = service.find(message_id)
    url, link = service.reveal_link(message)
    return page(
        "messages/admin/link.html",
        crumbs=[("Messages", "/admin/messages"), (KINDS[message.template].label, f"/admin/messages/{message_id}")],
        message=message,
        url=url,
        until=words.exact(link.expires_at, tenants.current().time_zone),
    )
