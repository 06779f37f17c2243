"""`/admin/settings/mail`: by which server mail leaves, in whose name, and a mail to try it with."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.config import current as settings
from app.features.accounts.models import User
from app.features.messages import service, story
from app.features.messages.forms import SendersForm, ServerForm
from app.features.tenants import mailing
from app.features.tenants import service as tenants
from app.features.tenants.rules import DEPARTMENTS
from app.kernel import clock, db, words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("messages_settings", prefix="/admin/settings/mail")

HERE = "/admin/settings/mail"
OPENED = "On the internet, or in a network that the operator has opened by WEBHOOK_ALLOW_NETWORKS."
"""Where a tenant's server may stand; the operator's own may stand anywhere."""
WATCHED_SECONDS = 120
"""How long the page asks by itself what became of a test."""


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """Both forms, and what became of the last test."""
    return _page(_server_form(), _senders_form())


def _server_form() -> ServerForm:
    server = mailing.own_server()
    return ServerForm(obj=server) if server is not None else ServerForm()


def _senders_form() -> SendersForm:
    tenant = tenants.current()
    form = SendersForm(obj=tenant)
    for name in DEPARTMENTS:
        form[name].data = tenant.departments.get(name, "")
    return form


def _page(server_form: ServerForm, senders_form: SendersForm, status: int = 200) -> Response:
    tenant, own = tenants.current(), mailing.own_server()
    return page(
        "messages/admin/settings.html",
        status=status,
        crumbs=[("Settings", "/admin/settings"), ("Mail", None)],
        tabs=tenants.settings_tabs(HERE),
        server_form=server_form,
        senders_form=senders_form,
        departments=DEPARTMENTS,
        usual=settings().departments if tenant.is_operator else {},
        sender=mailing.sender(),
        own=own,
        host_hint="" if tenant.is_operator else OPENED,
        now=_now(own),
        **_test(),
    )


def _now(own: mailing.OwnServer | None) -> tuple[str, str]:
    """How mail leaves at present: a tone and a sentence."""
    if own is not None:
        return "good", f"Mail leaves by your server, {own.host}."
    url = settings().smtp_url
    if url is None:
        return "warn", "No mail server is set up: mail is kept, not sent."
    host = f", {urlsplit(url).hostname}" if tenants.current().is_operator else ""
    return "good", f"Mail leaves by the installation's server{host}."


def _test() -> dict[str, Any]:
    """What became of the last test, and whether that may still change by itself."""
    message = service.last_test()
    if message is None:
        return {"test": None, "is_watched": False}
    seconds = (clock.now() - message.created_at).total_seconds()
    zone = tenants.current().time_zone
    return {
        "test": story.verdict(message),
        "test_href": f"/admin/messages/{message.id}",
        "test_to": message.to_address,
        "test_when": words.ago(message.created_at, zone),
        "test_answer": message.attempt_log[-1]["answer"] if message.attempt_log else "",
        "is_watched": message.is_waiting and seconds < WATCHED_SECONDS,
    }


@routes.post("/server")
@requires(staff=Role.ADMIN, limits=("30/minute",))
def update_server() -> ResponseReturnValue:
    """Let mail leave by a server of the tenant's own."""
    form = ServerForm()
    if form.validate_on_submit():
        try:
            mailing.set_server(**form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved. Send a test mail to see whether it works.")
            return redirect(HERE, 303)
    return _page(form, _senders_form(), 422)


@routes.post("/server/removal")
@requires(staff=Role.ADMIN)
def create_removal() -> ResponseReturnValue:
    """Use the installation's server again."""
    mailing.remove_server()
    toast("good", "Your server and its password are forgotten.")
    return redirect(HERE, 303)


@routes.post("/senders")
@requires(staff=Role.ADMIN)
def update_senders() -> ResponseReturnValue:
    """Say in whose name mail leaves, and where departments are written to."""
    form = SendersForm()
    if form.validate_on_submit():
        given = form.answers
        departments = {name: given[name] or "" for name in DEPARTMENTS}
        try:
            mailing.set_sender(given["mail_name"] or "", given["mail_from"] or "", departments)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(HERE, 303)
    return _page(_server_form(), form, 422)


@routes.post("/tests")
@requires(staff=Role.ADMIN, limits=("5/minute",))
def create_test() -> ResponseReturnValue:
    """Send a mail to oneself, by the way that every mail takes."""
    service.try_out(db.session().get_one(User, principal().user_id))
    toast("info", "The test mail is on its way.")
    return redirect(f"{HERE}#mail_test", 303)
