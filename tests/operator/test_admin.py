"""`/admin/tenants`: brands made, suspended, closed and opened again by the operator's OWNER."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import owners
from app.features.audit.models import AuditLog
from app.features.operator import specimen
from app.features.tenants import lifecycle
from app.features.tenants.models import Tenant
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Conflict
from tests.support.cast import OTHER_HOST, make_staff
from tests.support.clients import open_client

HOUSE = {
    "name": " Tern  Hosting ", "slug": "tern", "domain": "Portal.Tern.example.", "currency": "USD", "number_prefix": "TN",
    "has_plans": "y", "first_name": "Tess", "last_name": "Ernst", "email": "tess@tern.example",
}  # fmt: skip


def test_a_new_tenant_is_open_at_once_and_its_owner_gets_in_by_the_link(as_olive, panel_app, tenant, plans):
    answer = as_olive.post("/admin/tenants", data=HOUSE)

    assert answer.status_code == 201 and answer.headers["Cache-Control"] == "no-store"
    made = _find("tern")
    assert (made.name, made.domain, made.currency, made.state) == ("Tern Hosting", "portal.tern.example", "USD", "open")
    link = re.search(r"https?://portal\.tern\.example\S*/set-password\?token=[\w-]+", answer.text)[0]
    there = open_client(panel_app, host="portal.tern.example", tenant_id=made.id)
    token = link.partition("token=")[2]
    assert there.get(f"/set-password?token={token}").status_code == 200
    set_up = there.post("/set-password", data={"token": token, "password": "a long enough one 4 Tess"})
    assert set_up.status_code == 303
    assert len(there.get("/api/marketing/pricing").get_json()["plans"]) == 4
    assert "TENANT_CREATED" in _logged(made)
    with tenancy.as_tenant(made.id):
        assert "TENANT_CREATED" in _logged(made)
    assert "Nothing since it was made." not in as_olive.get(f"/admin/tenants/{made.id}").text


def test_without_the_plans_it_begins_empty(as_olive, panel_app, tenant):
    given = {name: value for name, value in HOUSE.items() if name != "has_plans"}
    as_olive.post("/admin/tenants", data=given)

    there = open_client(panel_app, host="portal.tern.example", tenant_id=_find("tern").id)
    assert there.get("/api/marketing/pricing").get_json() == {"plans": []}


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 81), ("slug", "Tern"), ("slug", "operator"), ("domain", ""), ("domain", "203.0.113.9"),
        ("domain", "localhost"), ("domain", "a b.example"), ("domain", "https://tern.example"), ("domain", OTHER_HOST),
        ("currency", "XXX"), ("number_prefix", "toolongprefix"), ("email", "nobody"), ("email", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_makes_nothing(as_olive, other_tenant, field, value):
    before = _count()

    answer = as_olive.post("/admin/tenants", data=HOUSE | {"slug": "new", field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text or f'aria-describedby="{field}' in answer.text
    assert _count() == before


def test_only_the_owner_of_the_operators_house_comes_here(client, as_alice, as_sam, sign_in, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        rival = make_staff("owner@tern.example", "Tess", Role.OWNER)
    as_rival = sign_in(rival, host=OTHER_HOST)
    here = f"/admin/tenants/{other_tenant.id}"
    acts = ("", "/suspension", "/resumption", "/closing", "/reopening", f"/owners/{rival.id}/links")

    for address in ("/admin/tenants", "/admin/tenants/new", here):
        assert client.get(address).status_code == 303
        assert as_alice.get(address).status_code == as_sam.get(address).status_code == 403
        assert as_rival.get(address).status_code == 404
    for act in acts:
        assert client.post(here + act).status_code in {303, 401, 403}
        assert as_alice.post(here + act).status_code == as_sam.post(here + act).status_code == 403
        assert as_rival.post(here + act, data=HOUSE | {"confirm_name": "tern"}).status_code == 404
    assert as_rival.post("/admin/tenants", data=HOUSE | {"slug": "rival"}).status_code == 404
    assert other_tenant.state == "open" and _count() == 2


@pytest.mark.both_stores
def test_a_suspended_house_says_so_kindly_and_loses_nothing(as_olive, as_charlie, panel_app, other_tenant):
    client = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)
    answer = as_olive.post(f"/admin/tenants/{other_tenant.id}/suspension", data={"note": "Back on <b>Monday</b>."})

    assert answer.status_code == 303
    page = as_charlie.get("/client")
    assert page.status_code == 503
    assert (
        "This portal is paused" in page.text
        and "Nothing is lost." in page.text
        and "Back on &lt;b&gt;Monday&lt;/b&gt;." in page.text
    )
    assert client.get("/sign-in").status_code == client.get("/admin/sign-in").status_code == 503
    said = client.get("/api/marketing/pricing")
    assert (said.status_code, said.get_json()["code"]) == (503, "tenant_suspended")
    sheet = re.search(r"/brand/\w+\.css", page.text)[0]
    assert client.get(sheet).status_code == 200

    as_olive.post(f"/admin/tenants/{other_tenant.id}/resumption")
    assert as_charlie.get("/client").status_code == 200


def test_payment_services_can_report_to_a_suspended_house(as_olive, panel_app, other_tenant):
    as_olive.post(f"/admin/tenants/{other_tenant.id}/suspension")

    told = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id).post(
        "/api/v1/billing/webhooks/generic", json={}, csrf=False
    )

    assert told.status_code == 422  # it was read, and is no report; the closed door would say 503


@pytest.mark.both_stores
def test_a_closed_house_lets_nobody_in_and_can_be_opened_again(as_olive, as_charlie, other_tenant):
    here = f"/admin/tenants/{other_tenant.id}"
    assert as_olive.post(f"{here}/closing", data={"confirm_name": "another"}).status_code == 422
    assert as_charlie.get("/client").status_code == 200
    assert "Open its portal" in as_olive.get(here).text

    assert as_olive.post(f"{here}/closing", data={"confirm_name": "tern"}).status_code == 303
    page = as_charlie.get("/client")
    assert page.status_code == 410 and "This portal has closed" in page.text
    closed = as_olive.get(here).text
    assert "can be opened again" in closed and "Open its portal" not in closed

    as_olive.post(f"{here}/reopening")
    assert as_charlie.get("/client").status_code == 200


def test_the_operators_own_house_stays_open(as_olive, tenant):
    here = f"/admin/tenants/{tenant.id}"

    assert as_olive.post(f"{here}/suspension").status_code == 409
    assert as_olive.post(f"{here}/closing", data={"confirm_name": "operator"}).status_code == 409
    assert tenant.state == "open"
    assert "Suspend" not in as_olive.get(here).text


@pytest.mark.both_stores
def test_acts_are_logged_on_both_sides(as_olive, other_tenant):
    here = f"/admin/tenants/{other_tenant.id}"
    as_olive.post(f"{here}/suspension", data={"note": "Unpaid."})
    as_olive.post(f"{here}/resumption")
    as_olive.post(f"{here}/closing", data={"confirm_name": "tern"})
    as_olive.post(here, data={"name": "Tern Two", "domain": OTHER_HOST})

    expected = {"TENANT_SUSPENDED", "TENANT_RESUMED", "TENANT_CLOSED", "TENANT_UPDATED"}
    assert expected <= _logged(other_tenant)
    with tenancy.as_tenant(other_tenant.id):
        assert expected <= _logged(other_tenant)
    assert "Suspended" in as_olive.get(here).text


@pytest.mark.both_stores
def test_another_host_name_works_at_once_and_a_taken_one_is_refused(as_olive, client, panel_app, other_tenant):
    here = f"/admin/tenants/{other_tenant.id}"
    with tenancy.across_tenants("operator"):
        other, _owner = specimen.make("gull")

    taken = as_olive.post(here, data={"name": "Tern", "domain": other.domain.upper()})
    assert taken.status_code == 422 and "Another one has it." in taken.text
    as_olive.post(here, data={"name": "Tern", "domain": "new.tern.example"})

    assert open_client(panel_app, host="new.tern.example", tenant_id=other_tenant.id).get("/sign-in").status_code == 200
    assert open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id).get("/sign-in").status_code == 404


def test_a_lost_owner_of_a_tenant_gets_a_fresh_link(as_olive, panel_app, tenant):
    with tenancy.across_tenants("operator"):
        house, owner = specimen.make("gull")

    answer = as_olive.post(f"/admin/tenants/{house.id}/owners/{owner.id}/links")

    token = re.search(r"token=([\w-]+)", answer.text)[1]
    there = open_client(panel_app, host=house.domain, tenant_id=house.id)
    assert there.get(f"/set-password?token={token}").status_code == 200
    foreign = owners.listed()[0].id
    assert as_olive.post(f"/admin/tenants/{house.id}/owners/{foreign}/links").status_code == 404


def test_the_list_is_searched_and_asks_the_store_little(as_olive, other_tenant, queries):
    lifecycle.suspend(other_tenant.id, note="")

    assert "2 of 2 tenants" in as_olive.get("/admin/tenants").text
    with queries(max=15):
        assert "Tern" in as_olive.get("/admin/tenants?q=TER&state=suspended").text
    with queries(max=15):
        as_olive.get(f"/admin/tenants/{other_tenant.id}")
    assert "Nothing matches" in as_olive.get("/admin/tenants?q=100%25").text
    assert f"/admin/tenants/{other_tenant.id}" not in as_olive.get("/admin/tenants?state=open").text


def test_a_house_closed_twice_or_resumed_while_open_is_a_conflict(as_olive, other_tenant):
    with pytest.raises(Conflict):
        lifecycle.resume(other_tenant.id)
    lifecycle.close(other_tenant.id, confirm_name="tern")
    with pytest.raises(Conflict):
        lifecycle.close(other_tenant.id, confirm_name="tern")
    assert lifecycle.erased_on(other_tenant) == clock.now() + timedelta(days=30)


def _find(slug: str) -> Tenant:
    return db.session().scalars(sa.select(Tenant).where(Tenant.slug == slug)).one()


def _count() -> int:
    return db.session().scalar(sa.select(sa.func.count(Tenant.id)))


def _logged(tenant: Tenant) -> set[str]:
    rows = sa.select(AuditLog.action).where(AuditLog.resource_id == tenant.id)
    return set(db.session().scalars(rows))
