"""`/admin/customers/{id}/people`: a customer's people, for staff."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.people.models import Invitation
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import make_colleague, make_mate, shut_out
from tests.people.factories import make_invitation
from tests.people.test_admin import names, words_of
from tests.sessions.factories import make_login
from tests.support.cast import principal_of

VERBS = ("role", "deactivation", "reactivation", "removal", "password-links", "sign-outs")
DATA = {"role": "VIEWER", "email": "ann@example.com"}


@pytest.fixture
def here(alice):
    return f"/admin/customers/{alice.customer_id}/people"


def test_the_customers_people_and_invitations_are_listed(as_sam, alice, bob, here):
    shut_out(make_mate(alice, Role.BILLING))
    make_invitation(alice, email="ann@example.com", customer_id=alice.customer_id)
    make_invitation(bob, email="ben@example.com", customer_id=bob.customer_id)

    response = as_sam.get(here)

    assert names(response) == ["ann@example.com", "Alice Marchetti", "Tom Finch"]
    assert "Deactivated" in words_of(response)
    assert "/admin/customers/" in response.text and "mp-filter" not in response.text
    assert f'href="{here}"' in as_sam.get(here.removesuffix("/people")).text


def test_a_long_list_can_be_narrowed(as_sam, alice, here, queries):
    for _ in range(12):
        make_mate(alice, Role.VIEWER)
    shut_out(make_mate(alice, Role.ADMIN, "Zoe"))
    assert "mp-filter" in as_sam.get(here).text
    with queries(max=8):
        assert len(names(as_sam.get(here))) == 14
    for query in ("q=zoe", "role=ADMIN", "status=deactivated"):
        assert names(as_sam.get(f"{here}?{query}")) == ["Zoe Finch"]


def test_admins_do_everything_even_to_owners(as_sam, alice, here):
    owner = make_mate(alice, Role.OWNER, "Olga")
    at = f"{here}/{owner.id}"
    assert 'value="OWNER"' in as_sam.get(at).text
    make_login(owner)
    assert as_sam.post(f"{at}/sign-outs").location == at
    assert as_sam.post(f"{at}/password-links").location == at
    assert as_sam.post(f"{at}/role", data={"role": "ADMIN"}).location == at
    assert owner.role is Role.ADMIN
    assert as_sam.post(f"{at}/deactivation").location == at
    assert as_sam.post(f"{at}/reactivation").location == at
    assert as_sam.post(f"{at}/removal").location == here
    assert as_sam.get(at).status_code == 404


def test_the_last_owner_stays_and_the_page_says_so(as_sam, alice, here):
    page = as_sam.get(f"{here}/{alice.id}")
    assert "last owner" in page.text and f"{alice.id}/removal" not in page.text.split("<dialog")[0]
    for verb in ("role", "deactivation", "removal"):
        assert as_sam.post(f"{here}/{alice.id}/{verb}", data=DATA).status_code == 409
    assert alice.role is Role.OWNER and alice.disabled_at is None


def test_staff_invite_to_the_account(as_sam, alice, here):
    assert 'value="OWNER"' in as_sam.get(f"{here}/invitations/new").text
    assert as_sam.post(f"{here}/invitations", data={"email": "ann@example.com", "role": "OWNER"}).location == here
    (invitation,) = db.session().scalars(sa.select(Invitation))
    assert (invitation.customer_id, invitation.granted) == (alice.customer_id, Role.OWNER)
    assert as_sam.post(f"{here}/invitations/{invitation.id}/mails").location == here
    assert as_sam.post(f"{here}/invitations/{invitation.id}/withdrawal").location == here
    refused = as_sam.post(f"{here}/invitations", data={"email": alice.email, "role": "VIEWER"})
    assert refused.status_code == 422 and "already" in re.search(r'id="email-error">([^<]+)<', refused.text)[1]


def test_nobody_is_invited_to_a_closed_account(as_sam, alice, here):
    invitation, _token = make_invitation(alice, email="ann@example.com", customer_id=alice.customer_id)
    accounts.find_customer(principal_of(alice), alice.customer_id).status = "closed"
    page = as_sam.get(here).text
    assert "Invite somebody" not in page and "Send again" not in page and "Withdraw" in page
    assert as_sam.post(f"{here}/invitations", data=DATA).status_code == 409
    assert as_sam.post(f"{here}/invitations/{invitation.id}/mails").status_code == 409
    assert as_sam.post(f"{here}/{alice.id}/password-links").status_code == 409
    assert as_sam.post(f"{here}/invitations/{invitation.id}/withdrawal").status_code == 303


def test_people_of_another_customer_are_not_there(as_sam, alice, bob, sam, charlie, here):
    foreign, _token = make_invitation(bob, customer_id=bob.customer_id)
    staffs, _token = make_invitation(sam)
    for user in (bob, sam, charlie):
        assert as_sam.get(f"{here}/{user.id}").status_code == 404
        for verb in VERBS:
            assert as_sam.post(f"{here}/{user.id}/{verb}", data=DATA).status_code == 404
    for invitation in (foreign, staffs):
        for verb in ("mails", "withdrawal"):
            assert as_sam.post(f"{here}/invitations/{invitation.id}/{verb}").status_code == 404
    assert as_sam.get(f"/admin/customers/{charlie.customer_id}/people").status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_below_admin_the_list_is_only_read(sign_in, alice, here, role):
    invitation, _token = make_invitation(alice, email="ann@example.com", customer_id=alice.customer_id)
    browser = sign_in(make_colleague(role))
    page = browser.get(here)
    assert names(page) == ["Alice Marchetti"]
    assert "Invite" not in words_of(page) and f"{here}/{alice.id}" not in page.text
    assert browser.get(f"{here}/{alice.id}").status_code == 403
    for address in (
        f"{here}/invitations",
        f"{here}/invitations/{invitation.id}/mails",
        f"{here}/invitations/{invitation.id}/withdrawal",
        *(f"{here}/{alice.id}/{verb}" for verb in VERBS),
    ):
        assert browser.post(address, data=DATA).status_code == 403


def test_strangers(client, as_alice, as_charlie, alice, here):
    for browser, status in ((client, 303), (as_alice, 403), (as_charlie, 403)):
        for address in (here, f"{here}/invitations/new", f"{here}/{alice.id}"):
            assert browser.get(address).status_code == status
        for address in (f"{here}/invitations", *(f"{here}/{alice.id}/{verb}" for verb in VERBS)):
            assert browser.post(address, data=DATA).status_code == status
