"""The log's pages for staff: who may see it, what its rows say, and what opens beside them."""

import re
from datetime import timedelta
from typing import Any

import pytest

from app.features.accounts.models import User
from app.features.audit import service, specimen
from app.features.audit.models import AuditLog, PersonKey
from app.features.tenants.models import Tenant
from app.kernel import db, tenancy
from app.kernel.access import Actor, Role, acting
from app.kernel.ids import new_id
from tests.accounts.factories import give_password
from tests.audit import rows
from tests.audit.rows import FIRST
from tests.sessions.factories import sign_in
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient
from tests.support.counting import Queries

MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture
def as_sam(sign_in: SignIn, sam: User) -> PanelClient:
    return sign_in(sam)


def actor_of(user: User, **more: Any) -> Actor:
    return Actor(user_id=user.id, name=user.name, ip="192.0.2.7", user_agent="Firefox/150", request_id="req-1", **more)


def record(user: User, action: str = "CUSTOMER_UPDATED", **given: Any) -> AuditLog:
    """A row by `user`, and the row itself."""
    with acting(actor_of(user, **given.pop("through", {}))):
        service.record(action, **{"resource_type": "customer", "resource_id": user.customer_id, **given})
    db.session().flush()
    newest = db.session().query(AuditLog).order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
    return newest.filter(AuditLog.action == action).first()  # type: ignore[return-value]


def test_only_staff_from_admin_up_see_the_log_and_nobody_and_no_stranger_does(
    client: PanelClient, as_alice: PanelClient, as_charlie: PanelClient, sign_in: SignIn, olive: User, alice: User
) -> None:
    row = record(alice)
    billing = sign_in(make_staff("billing@harbourline.example", "Bea", Role.BILLING))
    paths = ("", "/people", "/figures", f"/{row.id}", "/exports")

    for path in paths:
        assert client.get(f"/admin/audit{path}").status_code in {302, 303, 401}
        assert as_alice.get(f"/admin/audit{path}").status_code == 403
        assert as_charlie.get(f"/admin/audit{path}").status_code == 403
        assert billing.get(f"/admin/audit{path}").status_code == 403
        assert sign_in(olive).get(f"/admin/audit{path}").status_code == 200


def test_a_row_of_another_tenant_is_as_if_it_were_not(as_sam: PanelClient, charlie: User, other_tenant: Tenant) -> None:
    with tenancy.as_tenant(other_tenant.id):
        foreign = specimen.make(charlie.id)

    assert as_sam.get(f"/admin/audit/{foreign.id}").status_code == 404
    assert as_sam.get(f"/admin/audit/{new_id()}").status_code == 404
    assert "Signed out" not in as_sam.get(f"/admin/audit?user={charlie.id}").text


def test_the_list_says_who_did_what_to_which_record(as_sam: PanelClient, sam: User, alice: User) -> None:
    record(sam, resource_id=alice.customer_id)

    text = as_sam.get("/admin/audit?action=CUSTOMER_UPDATED").text

    assert "Sam Okafor" in text
    assert f'href="/admin/customers/{alice.customer_id}">Customer Alice Marchetti</a>' in text
    assert 'title="CUSTOMER_UPDATED"' in text
    assert "20 Nov 2026, 13:22" in text


def test_acts_through_somebodys_eyes_show_both_names(as_sam: PanelClient, sam: User, alice: User) -> None:
    row = record(alice, through={"impersonator_id": sam.id, "impersonator_name": sam.name})

    assert re.search(r'Sam Okafor<div class="sub">as Alice Marchetti</div>', as_sam.get("/admin/audit").text)
    assert "Sam Okafor, as" in as_sam.get(f"/admin/audit/{row.id}").text
    assert "as Alice Marchetti" in as_sam.get(f"/admin/audit?user={sam.id}").text


def test_a_row_shows_the_change_with_secrets_masked_and_markup_inert(as_sam: PanelClient, sam: User) -> None:
    row = record(
        sam,
        before={"status": "active", "name": "Acme", "password": "hunter2", "kept": 1},
        after={"status": MARKUP, "name": MARKUP, "password": "hunter3", "kept": 1},
        personal={"reason": MARKUP},
    )

    text = as_sam.get(f"/admin/audit/{row.id}").text

    assert "<del>active</del>" in text
    assert "<del>Acme</del>" in text
    assert MARKUP not in text
    assert text.count("&lt;img src=x onerror=") == 3
    assert "hunter" not in text
    assert "[masked]" in text
    assert "192.0.2.7" in text
    assert "Firefox/150" in text
    assert f"/admin/audit?request={row.request_id}" in text


def test_an_erased_person_is_said_to_be_erased(as_sam: PanelClient, sam: User, alice: User) -> None:
    row = record(alice, person_id=alice.id, after={"email": "secret@acme.example"})
    key = db.session().get_one(PersonKey, row.personal_key_id)
    key.sealed_key = None

    text = as_sam.get(f"/admin/audit/{row.id}").text
    assert "The personal part was erased." in text
    assert "secret@acme" not in text
    assert "Somebody who was erased" in as_sam.get(f"/admin/audit?user={alice.id}").text


def test_the_drawer_is_the_page_without_its_frame(as_sam: PanelClient, sam: User) -> None:
    row = record(sam)

    whole = as_sam.get(f"/admin/audit/{row.id}").text
    part = as_sam.get(f"/admin/audit/{row.id}", headers={"HX-Request": "true", "HX-Target": "entry"}).text

    assert part.startswith('<aside class="card mp-sticky" id="entry"')
    assert part.strip() in whole


def test_a_page_asks_the_store_as_often_for_fifty_rows_as_for_two(
    as_sam: PanelClient, sam: User, queries: Queries
) -> None:
    for _ in range(60):
        record(make_staff(f"{new_id()}@harbourline.example", "Some", Role.VIEWER), resource_type="user")
        record(sam, resource_type="user", resource_id=sam.id)

    with queries(max=15):
        answer = as_sam.get("/admin/audit?severity=info&gdpr=1")
    assert answer.text.count("<tr>") == 51


def test_the_state_is_in_the_address_and_several_actions_are_all_of_them(as_sam: PanelClient, tenant: Tenant) -> None:
    rows.insert(rows.mixed(200))

    text = as_sam.get("/admin/audit?action=INVOICE_PAID&action=INVOICE_ISSUED&from=2026-11-01&pci=").text

    assert "Invoice paid" in text
    assert "Invoice issued" in text
    assert 'value="INVOICE_PAID" checked' in text
    assert 'rel="next"' in text
    assert "action=INVOICE_PAID%2CINVOICE_ISSUED" in text
    assert "Sign-in failed</a>" not in text


def test_what_nothing_fits_says_so_and_offers_a_way_out(as_sam: PanelClient, sam: User) -> None:
    text = as_sam.get("/admin/audit?q=nothingofthekind").text

    assert "Nothing matches" in text
    assert 'href="/admin/audit">Clear</a>' in text


def test_an_altered_cursor_is_refused(as_sam: PanelClient, sam: User) -> None:
    assert as_sam.get("/admin/audit?cursor=AAAA").status_code == 400


def test_a_long_search_says_how_far_it_looked(
    as_sam: PanelClient, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.audit.ways.SMALL", 5)
    monkeypatch.setattr("app.features.audit.ways.STRETCHES", (5, 20))
    rows.insert([rows.one(FIRST + timedelta(minutes=number), is_pci=False) for number in range(100)])

    text = as_sam.get("/admin/audit?pci=1&gdpr=1&to=2026-11-02").text

    assert "Looked back to 1 Nov 2026" in text
    assert 'rel="next"' in text


def test_people_are_found_by_the_beginnings_of_their_names(as_sam: PanelClient, sam: User, bob: User) -> None:
    text = as_sam.get("/admin/audit/people?find=cald&severity=warning").text

    assert "Bob Calder" in text
    assert f"user={bob.id}&amp;severity=warning" in text
    assert "Nobody matches" in as_sam.get("/admin/audit/people?find=zzz").text


def test_the_figures_count_by_day_action_person_and_severity(as_sam: PanelClient, sam: User, alice: User) -> None:
    for _ in range(3):
        record(sam, "INVOICE_PAID", resource_type="invoice")
    record(alice, "USER_LOGIN_FAILED", resource_type="user", resource_id=alice.id)

    text = as_sam.get(f"/admin/audit/figures?user={sam.id}").text  # Sam's sign-in among them
    assert re.search(r'Invoice paid</a></td><td><progress[^>]* value="75.0"', text)
    assert re.search(r'Signed in</a></td><td><progress[^>]* value="25.0"', text)
    assert "Rows by day, 22 Oct 2026 to 20 Nov 2026: 4 in all, 0 of them warnings or graver, at most 4 a day" in text
    assert "<td>20 Nov 2026</td>" in text

    grave = as_sam.get("/admin/audit/figures?severity=warning&from=2026-11-19&to=2026-11-20").text
    assert "19 Nov 2026 to 20 Nov 2026: 1 in all, 1 of them warnings" in grave
    assert "Alice Marchetti" in grave


@pytest.mark.both_stores
def test_the_figures_look_at_no_more_rows_than_agreed_and_say_from_when(
    as_sam: PanelClient, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.audit.figures.MOST_COUNTED", 50)
    rows.insert([rows.one(FIRST + timedelta(hours=number)) for number in range(200)])

    text = as_sam.get("/admin/audit/figures?from=2026-11-01&to=2026-11-10").text

    assert "these figures begin at 7 Nov 2026, 06:00 UTC" in text
    assert "50 in all" in text


def test_the_page_of_a_record_leads_to_what_the_log_has_of_it(
    as_sam: PanelClient, sign_in: SignIn, sam: User, alice: User
) -> None:
    here = f"/admin/audit?type=customer&amp;id={alice.customer_id}"
    assert here in as_sam.get(f"/admin/customers/{alice.customer_id}").text
    viewer = sign_in(make_staff("viewer@harbourline.example", "Vera", Role.VIEWER))
    assert here not in viewer.get(f"/admin/customers/{alice.customer_id}").text
    of_person = as_sam.get(f"/admin/audit?type=user&id={alice.id}").text
    assert f'href="/admin/audit?user={alice.id}">What this person did' in of_person


def test_what_is_masked_and_personal_is_never_in_the_list(as_sam: PanelClient, sam: User) -> None:
    record(sam, after={"email": "hidden@acme.example", "token": "abc-secret"})

    text = as_sam.get("/admin/audit").text

    assert "hidden@acme.example" not in text
    assert "abc-secret" not in text


def test_who_signs_in_is_named_and_found_by_name(client, as_sam, alice):
    give_password(alice)
    sign_in(client, alice.email)

    page = as_sam.get(f"/admin/audit?action=USER_LOGIN&user={alice.id}").text

    assert "Signed in" in page and alice.name in page.partition("<tbody")[2].partition("</tbody>")[0]
    assert "Somebody not signed in" not in page
