"""Staff see the portal as a customer's person: what they may, what they never may, and how it ends (cases 21, 22)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.sessions import impersonation, service
from app.features.sessions.models import UserSession
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague
from tests.sessions.factories import is_in, make_login

COOKIE = "mpanel"
PORTAL = "/client/account"


def token_of(browser):
    return browser.get_cookie(COOKIE, "127.0.0.1").value


def logged(action):
    rows = sa.select(AuditLog).where(AuditLog.action == action).order_by(AuditLog.created_at, AuditLog.id)
    return db.session().scalars(rows).all()


@pytest.fixture
def looking(as_sam, alice):
    """Sam's browser, seeing the portal as Alice."""
    response = as_sam.post(f"/admin/impersonations/{alice.id}")
    assert (response.status_code, response.location) == (303, "/client")
    return as_sam


def test_an_admin_sees_the_portal_as_a_customers_person_under_a_bar(looking, alice, sam):
    text = looking.get(PORTAL).text

    assert "Sam Okafor</b>, you see this as <b>Alice Marchetti</b>" in text
    assert 'action="/client/impersonation/end"' in text
    assert "alice@acme.example" in text


@pytest.mark.parametrize("address", ["/client", "/client/security/sessions", "/no-such-page", "/admin"])
def test_the_bar_is_on_every_page_even_where_there_is_none(looking, address):
    assert 'action="/client/impersonation/end"' in looking.get(address).text


def test_it_is_a_login_of_its_own_that_names_the_staffs_and_is_no_sign_in_of_the_person(as_sam, sam, alice):
    own = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == sam.id)).one()
    as_sam.post(f"/admin/impersonations/{alice.id}")
    row = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == alice.id)).one()

    assert row.impersonator_session_id == own.id
    assert row.expires_at == clock.now() + timedelta(minutes=60)
    assert row.ip == ""
    assert alice.last_sign_in_at is None
    assert logged("USER_LOGIN") == [found for found in logged("USER_LOGIN") if found.resource_id == sam.id]


def test_beginning_and_end_make_new_tokens_and_the_old_ones_die(as_sam, alice):
    first = token_of(as_sam)
    as_sam.post(f"/admin/impersonations/{alice.id}")
    second = token_of(as_sam)
    assert service.resolve(first) is None
    response = as_sam.post("/client/impersonation/end")
    third = token_of(as_sam)

    assert response.location == f"/admin/customers/{alice.customer_id}"
    assert len({first, second, third}) == 3
    assert service.resolve(second) is None
    assert service.resolve(third).email == "sam@harbourline.example"
    assert "You are yourself again" in as_sam.get(response.location).text


def test_beginning_and_end_are_logged_with_both_people(looking, alice, sam):
    looking.post("/client/impersonation/end")
    [begun], [ended] = logged("IMPERSONATION_STARTED"), logged("IMPERSONATION_ENDED")

    assert (begun.actor_user_id, begun.resource_id) == (sam.id, alice.id)
    assert begun.state_after == {"staff_id": str(sam.id), "customer_id": str(alice.customer_id)}
    assert ended.resource_id == alice.id
    assert ended.state_after == {"staff_id": str(sam.id), "reason": "stopped"}


def test_whoever_acts_so_is_named_beside_the_person(looking, alice, sam):
    who = service.resolve(token_of(looking))

    assert (who.user_id, who.customer_id, who.staff_role) == (alice.id, alice.customer_id, None)
    assert (who.impersonator_id, who.impersonator_name, who.is_impersonated) == (sam.id, "Sam Okafor", True)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/client/account/name"),
        ("post", "/client/security/sessions/others/end"),
        ("post", "/client/security/sessions/0199d1f0-1111-7000-8000-000000000001/end"),
        ("delete", "/api/sessions/all/except-current"),
        ("delete", "/api/sessions/0199d1f0-1111-7000-8000-000000000001"),
        ("post", "/set-password"),
        ("post", "/reset-password"),
        ("post", "/sign-in"),
        ("post", "/client/services/0199d1f0-1111-7000-8000-000000000001/disclosure"),
    ],
)
def test_what_is_the_persons_own_is_refused_and_the_try_is_logged(looking, method, address):
    token = looking.form_token()
    response = getattr(looking, method)(address, headers={"X-CSRF-Token": token})

    assert response.status_code == 403
    [tried] = logged("ACCESS_REFUSED")
    assert tried.state_after["method"] == method.upper()


def test_contact_details_may_be_mended_for_the_customer(looking, alice):
    form = {"name": "Alice Marchetti", "city": "Bath"}

    assert looking.post(PORTAL, data=form).status_code == 303
    assert accounts.find_user(alice.id).customer_id is not None
    assert "Bath" in looking.get(PORTAL).text


def test_every_act_carries_the_person_and_who_acted_in_their_place(looking, alice, sam):
    looking.post(PORTAL, data={"name": "Alice Marchetti", "city": "Bath"})
    looking.post("/client/account/name", data={"first_name": "Eve"})
    acts = [*logged("CUSTOMER_DETAILS_CHANGED"), *logged("CUSTOMER_UPDATED"), *logged("ACCESS_REFUSED")]

    assert len(acts) == 3
    assert {(row.actor_user_id, row.impersonator_user_id) for row in acts} == {(alice.id, sam.id)}
    named = [audit.personal_part(row) for row in acts]
    assert all("Alice Marchetti" in str(part) and "Sam Okafor" in str(part) for part in named)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_below_admin_nobody_looks(sign_in, alice, role):
    colleague = sign_in(make_colleague(role))

    assert colleague.post(f"/admin/impersonations/{alice.id}").status_code == 403
    assert "/admin/impersonations/" not in colleague.get(f"/admin/customers/{alice.customer_id}").text


def test_staff_and_foreign_people_are_never_looked_through(as_sam, as_olive, olive, sam, charlie):
    assert as_sam.post(f"/admin/impersonations/{olive.id}").status_code == 404
    assert as_olive.post(f"/admin/impersonations/{sam.id}").status_code == 404
    assert as_sam.post(f"/admin/impersonations/{charlie.id}").status_code == 404
    assert is_in(as_sam, "/admin/security/sessions")


def test_who_may_not_sign_in_is_not_looked_through_either(as_sam, alice):
    alice.disabled_at = clock.now()

    assert as_sam.post(f"/admin/impersonations/{alice.id}").status_code == 409


def test_strangers_do_not_begin_or_end_it(client, as_alice, bob):
    assert client.post(f"/admin/impersonations/{bob.id}").location == "/admin/sign-in"
    assert as_alice.post(f"/admin/impersonations/{bob.id}").status_code == 403
    assert as_alice.post("/client/impersonation/end").status_code == 404


def test_it_ends_after_an_hour(looking, now):
    now.shift(timedelta(minutes=59))
    assert is_in(looking)
    now.shift(timedelta(minutes=1))
    assert not is_in(looking)
    assert impersonation.end_what_is_over(clock.now()) == 1
    assert impersonation.end_what_is_over(clock.now()) == 0
    assert [row.state_after["reason"] for row in logged("IMPERSONATION_ENDED")] == ["ran out"]


def test_it_never_outlives_the_staffs_login(sign_in, sam, alice, now):
    browser = sign_in(sam)
    own = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == sam.id)).one()
    own.expires_at = clock.now() + timedelta(minutes=10)
    browser.post(f"/admin/impersonations/{alice.id}")
    now.shift(timedelta(minutes=11))

    assert not is_in(browser)


def test_it_ends_when_the_staff_sign_out_elsewhere(looking, sam, sign_in):
    elsewhere = sign_in(sam)
    elsewhere.post("/admin/security/sessions/others/end")

    assert not is_in(looking)
    assert [row.state_after["reason"] for row in logged("IMPERSONATION_ENDED")] == ["the staff's own login ended"]


def test_it_ends_with_the_role_and_with_the_staffs_access(looking, sam):
    sam.staff_role = int(Role.BILLING)
    assert not is_in(looking)
    sam.staff_role, sam.disabled_at = int(Role.ADMIN), clock.now()
    assert not is_in(looking)
    assert impersonation.end_what_is_over(clock.now()) == 1


def test_it_ends_with_the_persons_access(looking, alice):
    alice.disabled_at = clock.now()

    assert not is_in(looking)


def test_signing_out_ends_both_logins(looking, sam):
    own = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == sam.id)).one()
    response = looking.post("/sign-out")

    assert response.location == "/admin/sign-in"
    assert own.ended_at is not None
    assert not is_in(looking)
    assert len(logged("IMPERSONATION_ENDED")) == 1


def test_the_person_sees_it_among_their_devices_and_may_end_it(looking, as_alice):
    row = db.session().scalars(sa.select(UserSession).where(UserSession.impersonator_session_id.is_not(None))).one()
    text = as_alice.get("/client/security/sessions").text

    assert "Our staff, seeing the portal as you" in text
    assert as_alice.post(f"/client/security/sessions/{row.id}/end").status_code == 303
    assert not is_in(looking)


def test_it_makes_no_network_known_for_the_account_and_counts_as_nobody_signed_in(as_olive, looking, alice):
    stats = as_olive.get("/api/sessions/admin/stats").get_json()

    assert (stats["staff"], stats["customers"]) == (2, 0)


def test_the_customers_page_offers_it_at_each_person(as_sam, alice):
    text = as_sam.get(f"/admin/customers/{alice.customer_id}").text

    assert text.count(f'action="/admin/impersonations/{alice.id}"') == 2
    assert "View as customer" in text


def test_a_page_seen_so_asks_the_store_once_more(looking, queries):
    with queries(max=9):
        looking.get("/client/security/sessions")


def test_foreign_logins_behind_it_are_nothing(unit, tenant, other_tenant, alice, charlie):
    with tenancy.as_tenant(other_tenant.id):
        foreign, _ = make_login(charlie)

    assert service.staff_behind(foreign.id) is None
