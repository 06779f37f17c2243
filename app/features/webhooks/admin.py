"""`/admin/integrations/webhooks`: the endpoints that are told what happens, for staff."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from app.features.tenants import service as tenants
from app.features.webhooks import deliveries, figures, service, topics
from app.features.webhooks.admin_deliveries import HERE, rows_of
from app.features.webhooks.forms import EndpointForm, ReplayForm, TestForm
from app.features.webhooks.history import DELIVERIES
from app.features.webhooks.models import Webhook
from app.kernel import clock, words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("webhooks_admin", prefix="/admin/integrations/webhooks")

ACTS = ("10/minute",)
FIELDS = {"name", "url", "events", "headers"}


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every endpoint and how it does."""
    endpoints = service.everything()
    return page(
        "webhooks/admin/index.html",
        crumbs=[("Webhooks", None)],
        count=f"{len(endpoints)}",
        rows=list(_rows(endpoints)),
        stats=_stats(deliveries.health()),
    )


def _stats(health: deliveries.Health) -> list[tuple[str, str, str, str, str]]:
    """Label, number, remark, tone and address of each figure."""
    oldest = f"the oldest: {words.ago(health.oldest, _zone())}" if health.oldest else "nothing in the queue"
    off = words.plural(health.disabled, "is off", "are off") if health.disabled else "all are on"
    failed = f"{DELIVERIES.here}?state=failed"
    return [
        ("Endpoints", f"{health.endpoints:,}", off, "warn" if health.disabled else "", HERE),
        ("Waiting", f"{health.waiting:,}", oldest, "", f"{DELIVERIES.here}?state=waiting"),
        ("Failed", f"{health.failed_day:,}", "given up in 24 hours", "bad" if health.failed_day else "", failed),
    ]


def _zone() -> str:
    return tenants.current().time_zone


def _rows(endpoints: list[Webhook]) -> Iterator[tuple[str, ...]]:
    lately, zone = figures.lately(), _zone()
    for webhook in endpoints:
        tone, state = figures.state_of(webhook)
        delivered, failed, _waiting = lately.said(webhook.id)
        told = words.plural(len(webhook.events), "event") if webhook.events else "everything"
        made = words.day(webhook.created_at, zone)
        yield (
            f"{HERE}/{webhook.id}",
            webhook.name,
            figures.shown(webhook.url),
            tone,
            state,
            told,
            delivered,
            failed,
            made,
        )


@routes.get("/events")
@requires(staff=Role.ADMIN)
def events() -> ResponseReturnValue:
    """Every event that can be asked for, with the example of what a receiver gets."""
    return page(
        "webhooks/admin/events.html",
        crumbs=[("Webhooks", HERE), ("Events", None)],
        events=[(name, topics.explained(name), topics.example(name)) for name in topics.offered()],
    )


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form for a new endpoint."""
    return _edited(_form(), None)


def _form(webhook: Webhook | None = None) -> EndpointForm:
    given = {}
    if webhook is not None:
        reach = "some" if webhook.events else "all"
        given = {"name": webhook.name, "url": webhook.url, "reach": reach, "retry_enabled": webhook.retry_enabled}
    form = EndpointForm(data={**given, "events": webhook.events if webhook else []})
    form.offer(topics.offered(is_restricted=webhook is not None and webhook.is_restricted))
    return form


def _edited(form: EndpointForm, webhook: Webhook | None, *, status: int = 200) -> ResponseReturnValue:
    here = (webhook.name, f"{HERE}/{webhook.id}") if webhook is not None else ("New endpoint", None)
    groups: dict[str, list[str]] = {}
    for name, *_ in form.events.choices or []:
        groups.setdefault(name.partition(".")[0].replace("_", " ").capitalize(), []).append(name)
    return page(
        "webhooks/admin/edit.html",
        status=status,
        crumbs=[("Webhooks", HERE), here, *([("Edit", None)] if webhook is not None else [])],
        form=form,
        groups=groups,
        ticked=set(form.events.data or []),
        webhook=webhook,
        headers=", ".join(sorted(service.headers_of(webhook))) if webhook is not None else "",
        action=f"{HERE}/{webhook.id}" if webhook is not None else HERE,
    )


@routes.post("")
@requires(staff=Role.ADMIN, limits=ACTS)
def create() -> ResponseReturnValue:
    """Make an endpoint and show its secret, this once: it would have to be kept somewhere to survive a redirect."""
    form = _form()
    if not form.validate_on_submit():
        return _edited(form, None, status=422)
    try:
        webhook, secret = service.create(
            form.name.data,
            form.url.data,
            events=form.chosen,
            headers=form.own_headers,
            retry_enabled=form.retry_enabled.data,
        )
    except Invalid as refusal:
        return _refused(form, refusal, None)
    return _secret(webhook, secret, "The endpoint is told what happens from now on.", status=201)


def _refused(form: EndpointForm, refusal: Invalid, webhook: Webhook | None) -> ResponseReturnValue:
    for name, problem in refusal.fields.items():
        field = form[name] if name in FIELDS else form.name
        field.errors = [*field.errors, problem]
    return _edited(form, webhook, status=422)


def _secret(webhook: Webhook, secret: str, lede: str, *, status: int = 200) -> ResponseReturnValue:
    return page(
        "webhooks/admin/secret.html",
        status=status,
        crumbs=[("Webhooks", HERE), (webhook.name, f"{HERE}/{webhook.id}"), ("Secret", None)],
        webhook=webhook,
        secret=secret,
        lede=lede,
        href=f"{HERE}/{webhook.id}",
    )


@routes.get("/<uuid:webhook_id>")
@requires(staff=Role.ADMIN)
def show(webhook_id: UUID) -> ResponseReturnValue:
    """One endpoint: how it does, what it was told lately, what can be done."""
    return _shown(service.find(principal(), webhook_id))


def _shown(
    webhook: Webhook, *, test: TestForm | None = None, replay: ReplayForm | None = None, status: int = 200
) -> ResponseReturnValue:
    asked = DELIVERIES.read(ImmutableMultiDict({"endpoint": str(webhook.id)}), zone=_zone())
    delivered, failed, waiting = figures.lately().said(webhook.id)
    return page(
        "webhooks/admin/show.html",
        status=status,
        crumbs=[("Webhooks", HERE), (webhook.name, None)],
        webhook=webhook,
        here=f"{HERE}/{webhook.id}",
        state=figures.state_of(webhook),
        trouble=figures.trouble(webhook, _zone()),
        facts=figures.facts(webhook, _zone()),
        stats=[("Delivered", delivered, "in 24 hours"), ("Failed", failed, "in 24 hours"),
               ("Waiting", waiting, "now, or tried again later")],
        rows=rows_of(DELIVERIES.page(asked).items[:20]),
        all_href=asked.href(),
        test=test or _test_form(webhook),
        replay=replay or ReplayForm(data={"since": (clock.now() - timedelta(days=7)).date()}),
    )  # fmt: skip


def _test_form(webhook: Webhook) -> TestForm:
    form = TestForm()
    form.offer(topics.offered(is_restricted=webhook.is_restricted))
    return form


@routes.get("/<uuid:webhook_id>/edit")
@requires(staff=Role.ADMIN)
def edit(webhook_id: UUID) -> ResponseReturnValue:
    """The form of an endpoint that is there."""
    webhook = service.find(principal(), webhook_id)
    return _edited(_form(webhook), webhook)


@routes.post("/<uuid:webhook_id>")
@requires(staff=Role.ADMIN)
def update(webhook_id: UUID) -> ResponseReturnValue:
    """Change an endpoint."""
    webhook = service.find(principal(), webhook_id)
    form = _form(webhook)
    if not form.validate_on_submit():
        return _edited(form, webhook, status=422)
    try:
        service.change(
            webhook,
            name=form.name.data,
            url=form.url.data,
            events=form.chosen,
            retry_enabled=form.retry_enabled.data,
            headers=form.own_headers,
        )
    except Invalid as refusal:
        return _refused(form, refusal, webhook)
    toast("good", f"{webhook.name} is changed.")
    return redirect(f"{HERE}/{webhook.id}", 303)


@routes.post("/<uuid:webhook_id>/activation")
@requires(staff=Role.ADMIN)
def create_activation(webhook_id: UUID) -> ResponseReturnValue:
    """Switch it on."""
    webhook = service.find(principal(), webhook_id)
    service.switch_on(webhook)
    toast("good", f"{webhook.name} is told what happens from now on.")
    return redirect(f"{HERE}/{webhook.id}", 303)


@routes.post("/<uuid:webhook_id>/deactivation")
@requires(staff=Role.ADMIN)
def create_deactivation(webhook_id: UUID) -> ResponseReturnValue:
    """Switch it off until somebody switches it on."""
    webhook = service.find(principal(), webhook_id)
    service.switch_off(webhook.id, reason="by_hand")
    toast("info", f"{webhook.name} is told nothing any more.")
    return redirect(f"{HERE}/{webhook.id}", 303)


@routes.post("/<uuid:webhook_id>/secret")
@requires(staff=Role.ADMIN, limits=ACTS)
def create_secret(webhook_id: UUID) -> ResponseReturnValue:
    """Make a new secret and show it, this once."""
    webhook = service.find(principal(), webhook_id)
    secret = service.rotate_secret(webhook)
    return _secret(webhook, secret, "For 24 hours the old secret signs too: put the new one in place until then.")


@routes.post("/<uuid:webhook_id>/tests")
@requires(staff=Role.ADMIN, limits=ACTS)
def create_test(webhook_id: UUID) -> ResponseReturnValue:
    """Tell it the example of an event."""
    webhook = service.find(principal(), webhook_id)
    form = _test_form(webhook)
    if not form.validate_on_submit():
        return _shown(webhook, test=form, status=422)
    deliveries.send_test(webhook, form.event.data)
    toast("good", f"A test of {form.event.data} is on its way.")
    return redirect(f"{HERE}/{webhook.id}", 303)


@routes.post("/<uuid:webhook_id>/replays")
@requires(staff=Role.ADMIN, limits=ACTS)
def create_replays(webhook_id: UUID) -> ResponseReturnValue:
    """Send again what failed since a day, as the tenant's calendar has it."""
    webhook = service.find(principal(), webhook_id)
    form = ReplayForm()
    if not form.validate_on_submit():
        return _shown(webhook, replay=form, status=422)
    since = datetime.combine(form.since.data, time(), ZoneInfo(_zone())).astimezone(UTC)
    count = deliveries.replay_failed(webhook, since=since)
    toast("good" if count else "info", f"{words.plural(count, 'delivery', 'deliveries')} on the way again.")
    return redirect(f"{HERE}/{webhook.id}", 303)


@routes.post("/<uuid:webhook_id>/deletion")
@requires(staff=Role.ADMIN)
def create_deletion(webhook_id: UUID) -> ResponseReturnValue:
    """Delete it; the history of what it was told stays."""
    webhook = service.find(principal(), webhook_id)
    service.delete(webhook)
    toast("good", f"{webhook.name} is deleted.")
    return redirect(HERE, 303)
