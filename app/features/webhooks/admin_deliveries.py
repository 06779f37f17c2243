"""`/admin/integrations/webhooks/deliveries`: what endpoints were told, what they said, and telling it again."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.tenants import service as tenants
from app.features.webhooks import deliveries, history, service
from app.features.webhooks.history import DELIVERIES, Line
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import db, words
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("webhook_deliveries_admin", prefix="/admin/integrations/webhooks/deliveries")

HERE = "/admin/integrations/webhooks"
EXPORT_HEAD = (
    "id", "event", "endpoint id", "endpoint", "state", "attempts", "status", "error", "milliseconds", "test", "created"
)  # fmt: skip
STATES = (("", "Any"), ("waiting", "Waiting"), ("delivered", "Delivered"), ("failed", "Failed"))


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every delivery, with filters."""
    asked = DELIVERIES.read(request.args, zone=tenants.current().time_zone)
    return listed(
        "webhooks/admin/deliveries.html",
        DELIVERIES,
        asked,
        rows_of,
        one="delivery",
        many="deliveries",
        crumbs=[("Webhooks", HERE), ("Deliveries", None)],
        states=STATES,
        endpoints=[("", "Any"), *((str(webhook.id), webhook.name) for webhook in service.everything())],
        events=history.event_choices(),
    )


def rows_of(found: Iterable[Line]) -> list[tuple[str, ...]]:
    """Address, event, endpoint, tone, state, answer, attempts, relative and exact time of each."""
    return list(_rows(found))


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        tone, state = history.tone_of(line.state, line.attempts)
        answer = str(line.response_status) if line.response_status else line.last_error or ""
        event = f"{line.event} (test)" if line.is_test else line.event
        when, exactly = words.ago(line.created_at, zone), words.exact(line.created_at, zone)
        yield (
            f"{DELIVERIES.here}/{line.id}",
            event,
            line.endpoint,
            tone,
            state,
            answer,
            str(line.attempts),
            when,
            exactly,
        )


@routes.post("/export")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(
        DELIVERIES,
        EXPORT_HEAD,
        _cells,
        request.form,
        resource_type="webhook_delivery",
        zone=tenants.current().time_zone,
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    return str(line.id), line.event, str(line.webhook_id), *line[3:]


@routes.get("/<uuid:delivery_id>")
@requires(staff=Role.ADMIN)
def show(delivery_id: UUID) -> ResponseReturnValue:
    """One delivery: what was sent, what came back, every attempt."""
    delivery = deliveries.find(principal(), delivery_id)
    webhook = db.session().get_one(Webhook, delivery.webhook_id)
    zone = tenants.current().time_zone
    return page(
        "webhooks/admin/delivery.html",
        crumbs=[("Webhooks", HERE), ("Deliveries", DELIVERIES.here), (delivery.event, None)],
        delivery=delivery,
        webhook=webhook,
        state=history.tone_of(delivery.state, delivery.attempts),
        verdict=_verdict(delivery, zone),
        steps=_steps(delivery, zone),
        facts=_facts(delivery, zone),
        request_text=_headers_text(delivery.request_headers.items()),
        body=_pretty(delivery.body),
        answer_text=_headers_text(delivery.response_headers),
        may_replay=webhook.is_on and delivery.state in {"done", "dead", "kept"},
        endpoint_href=f"{HERE}/{webhook.id}" if webhook.deleted_at is None else None,
    )


def _verdict(delivery: WebhookDelivery, zone: str) -> tuple[str, str, str]:
    """Tone, title and text of how it stands."""
    error = delivery.last_error or ""
    tries = words.plural(delivery.attempts, "attempt")
    if delivery.state == "done":
        return "good", "It was delivered.", f"The receiver answered {delivery.response_status}, after {tries}."
    if delivery.state == "dead":
        return "bad", f"We gave up after {tries}.", error
    if error:
        return "warn", f"It is tried again {words.ago(delivery.next_at, zone)}.", error
    return "info", "It is on its way.", "The next free hand sends it."


def _steps(delivery: WebhookDelivery, zone: str) -> list[dict[str, str]]:
    """What happened, oldest first."""
    made = "A test was asked for" if delivery.is_test else "It happened"
    told = [{"state": "done", "title": made, "text": delivery.event, "when": words.exact(delivery.created_at, zone)}]
    for number, entry in enumerate(delivery.attempt_log, start=1):
        is_fine = 200 <= entry["status"] < 300 and not entry["problem"]
        said = entry["problem"] or f"Answered {entry['status']}"
        told.append(
            {
                "state": "done" if is_fine else "failed",
                "title": f"Attempt {number}",
                "text": f"{said.rstrip('.')}, after {entry['ms'] / 1000:.1f} s",
                "when": words.exact(datetime.fromisoformat(entry["at"]), zone),
            }
        )
    if delivery.state == "waiting":
        told.append({"state": "now", "title": "Next try", "text": "", "when": words.ago(delivery.next_at, zone)})
    return told


def _facts(delivery: WebhookDelivery, zone: str) -> list[tuple[str, str]]:
    settled = delivery.settled_at if delivery.state in {"done", "dead"} else None  # sent again, it is on its way
    return [
        ("Event", delivery.event),
        ("webhook-id", delivery.message_id),
        ("Wanted", words.exact(delivery.created_at, zone)),
        ("Settled", words.exact(settled, zone) if settled else ""),
        ("Answer", str(delivery.response_status or "")),
        ("Took", f"{delivery.duration_ms:,} ms" if delivery.duration_ms is not None else ""),
    ]


def _headers_text(pairs: Iterable[Iterable[str]]) -> str:
    return "\n".join(": ".join(pair) for pair in pairs)


def _pretty(body: str) -> str:
    """The same JSON, for people. What is signed are the bytes without the spaces."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


@routes.post("/<uuid:delivery_id>/replay")
@requires(staff=Role.ADMIN, limits=("30/minute",))
def create_replay(delivery_id: UUID) -> ResponseReturnValue:
    """Send it again, under the same `webhook-id`."""
    deliveries.replay(deliveries.find(principal(), delivery_id))
    toast("good", "It is on its way again.")
    return redirect(f"{DELIVERIES.here}/{delivery_id}", 303)
