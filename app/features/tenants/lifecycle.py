"""What the operator does with a brand that is there: another name, off and on, closed for good.

Every act stands in the operator's log and in the brand's own.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.tenants import service
from app.features.tenants.events import TenantSuspended
from app.features.tenants.models import Tenant
from app.kernel import clock, db, jobs, tenancy
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import publish

KEPT = timedelta(days=30)
"""How long a closed brand can be opened again."""
LONGEST_NOTE = 300


def find(tenant_id: UUID, *, for_change: bool = False) -> Tenant:
    """The brand, for the operator.

    Raises:
        NotFound: there is none.
    """
    wanted = sa.select(Tenant).where(Tenant.id == tenant_id)
    if for_change:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = db.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound()
    return found


def note_made(tenant: Tenant) -> None:
    """Log that the operator's staff made it."""
    _log("TENANT_CREATED", tenant, {}, {"name": tenant.name, "slug": tenant.slug})


def rename(tenant_id: UUID, *, name: str, domain: str) -> Tenant:
    """Give a brand another name or host name. It is served under it at once: the operator knows where DNS leads.

    Raises:
        Invalid, Conflict: the name or the domain cannot be, or is taken; names the field.
    """
    tenant = find(tenant_id, for_change=True)
    new = {"name": service.named(name), "domain": service.host_name(domain) if domain.strip() else None}
    if new["domain"] is None and not tenant.is_operator:
        raise Invalid.field("domain", "Without a host name nobody reaches it.")
    before = {field: getattr(tenant, field) for field, value in new.items() if getattr(tenant, field) != value}
    if not before:
        return tenant
    try:
        with db.session().begin_nested():
            for field in before:
                setattr(tenant, field, new[field])
            if "domain" in before:
                tenant.domain_verified_at = clock.now() if tenant.domain else None
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise service.taken(problem) from problem
    _log("TENANT_UPDATED", tenant, before, {field: new[field] for field in before})
    return tenant


def suspend(tenant_id: UUID, *, note: str) -> None:
    """Switch a brand off for now: its portal and staff pages say so with `note`, programs get 503.

    Nothing is lost: rows stay, what waits in queues goes on, and payment
    services can still report.

    Raises:
        Invalid: the note is too long; names `note`.
        Conflict: it is the operator's own, off already, or closed.
    """
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise Invalid.field("note", f"At most {LONGEST_NOTE} characters.")
    tenant = _changing(tenant_id, lambda found: found.state == "open", "It is not open.")
    tenant.suspended_at, tenant.suspension_note = clock.now(), note
    publish(TenantSuspended(tenant.id, tenant.slug))
    _log("TENANT_SUSPENDED", tenant, {"state": "open"}, {"state": "suspended", "note": note}, is_told=True)


def resume(tenant_id: UUID) -> None:
    """Switch a brand on again; logins that were there are there again.

    Raises:
        Conflict: it is not suspended.
    """
    tenant = _changing(tenant_id, lambda found: found.state == "suspended", "It is not suspended.")
    tenant.suspended_at, tenant.suspension_note = None, ""
    _log("TENANT_RESUMED", tenant, {"state": "suspended"}, {"state": "open"})


def close(tenant_id: UUID, *, confirm_name: str) -> None:
    """Close a brand: nobody comes in any more. After `KEPT` its people are erased; until then it can be reopened.

    Raises:
        Invalid: the short name that is typed to be sure is another one; names `confirm_name`.
        Conflict: it is the operator's own, or closed already.
    """
    tenant = _changing(tenant_id, lambda found: not found.is_closed, "It is closed already.")
    if confirm_name.strip() != tenant.slug:
        raise Invalid.field("confirm_name", f"Type {tenant.slug} to be sure that it is this one.")
    was = tenant.state
    tenant.closed_at = clock.now()
    _log("TENANT_CLOSED", tenant, {"state": was}, {"state": "closed"})


def reopen(tenant_id: UUID) -> None:
    """Take a closing back.

    Raises:
        Conflict: it is not closed, or its people are erased already.
    """
    tenant = _changing(tenant_id, lambda found: found.state == "closed", "It cannot be opened again.")
    tenant.closed_at = None
    _log("TENANT_REOPENED", tenant, {"state": "closed"}, {"state": tenant.state})


def erased_on(tenant: Tenant) -> datetime | None:
    """When the people of a closed brand will be erased."""
    return tenant.closed_at + KEPT if tenant.closed_at is not None else None


def over() -> Sequence[UUID]:
    """The brands whose people are to be erased by now."""
    wanted = sa.select(Tenant.id).where(Tenant.erased_at.is_(None), Tenant.closed_at <= clock.now() - KEPT)
    return db.session().scalars(wanted.order_by(Tenant.closed_at)).all()


def mark_erased(tenant_id: UUID) -> None:
    """Write down that the people of a closed brand are erased."""
    tenant = find(tenant_id, for_change=True)
    tenant.erased_at = clock.now()
    tenant.smtp_url_sealed = tenant.callback_secret_sealed = None
    _log("TENANT_ERASED", tenant, {"state": "closed"}, {"state": "erased"})


def _changing(tenant_id: UUID, is_right: Callable[[Tenant], bool], otherwise: str) -> Tenant:
    """The brand's row, locked, if it is in the right state for what comes."""
    tenant = find(tenant_id, for_change=True)
    if tenant.is_operator:
        raise Conflict("The operator's own house stays open.", code="operators_own")
    if not is_right(tenant):
        raise Conflict(otherwise, code="wrong_state")
    return tenant


def _log(action: str, tenant: Tenant, before: dict[str, Any], after: dict[str, Any], *, is_told: bool = False) -> None:
    """Log in the brand's own log, and in the operator's unless an event has said it there."""
    db.session().flush()
    if not is_told:
        audit.record(action, resource_type="tenant", resource_id=tenant.id, before=before, after=after)
    db.session().flush()
    if tenant.id != tenancy.current():
        with tenancy.as_tenant(tenant.id):
            audit.record(action, resource_type="tenant", resource_id=tenant.id, before=before, after=after)
            db.session().flush()
    jobs.ring(service.BELL)
    service.forget()
