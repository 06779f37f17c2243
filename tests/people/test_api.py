"""`/api/v1/people` and `/api/v1/staff`."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.api_keys import specimen as api_keys
from app.features.people.models import Invitation
from app.kernel import db, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague, make_mate
from tests.people.factories import make_invitation
from tests.support.cast import keyed

PEOPLE, STAFF = "/api/v1/people", "/api/v1/staff"
ANN = {"email": "ann@example.com", "role": "member"}


def state_of(user: User) -> tuple[object, ...]:
    return user.role, user.disabled_at, user.removed_at, user.email_key


def act(browser, here, user, verb):
    at = f"{here}/{user.id}"
    if verb == "change_role":
        return browser.patch(at, json={"role": "viewer"})
    if verb == "remove":
        return browser.delete(at)
    return browser.post(f"{at}/{verb}")


VERBS = ("change_role", "deactivate", "reactivate", "remove")


def test_a_customers_people_for_themselves_and_for_staff(as_alice, as_sam, alice):
    tom = make_mate(alice, Role.BILLING)
    own = as_alice.get(PEOPLE).json
    assert [one["id"] for one in own["items"]] == [str(tom.id), str(alice.id)]
    assert set(own["items"][0]) == {
        "id", "email", "email_verified", "first_name", "last_name", "role", "status", "customer_id", "has_password",
        "last_sign_in_at", "created_at",
    }  # fmt: skip
    assert as_sam.get(f"{PEOPLE}?customer_id={alice.customer_id}").json == own
    assert as_sam.get(PEOPLE).status_code == 422
    assert as_sam.get(f"{PEOPLE}/{tom.id}").json["role"] == "billing"


@pytest.mark.parametrize("here", [PEOPLE, STAFF])
def test_the_verbs(as_olive, as_alice, alice, here):
    browser, user = (
        (as_alice, make_mate(alice, Role.MEMBER)) if here == PEOPLE else (as_olive, make_colleague(Role.MEMBER))
    )
    changed = act(browser, here, user, "change_role")
    assert (changed.status_code, changed.json["role"]) == (200, "viewer")
    assert act(browser, here, user, "deactivate").json["status"] == "deactivated"
    assert act(browser, here, user, "reactivate").json["status"] == "active"
    assert act(browser, here, user, "remove").status_code == 204
    assert browser.get(f"{here}/{user.id}").status_code == 404


def test_a_colleague_gets_a_link(as_olive, sam):
    assert as_olive.post(f"{STAFF}/{sam.id}/password-links").status_code == 204
    as_olive.post(f"{STAFF}/{sam.id}/deactivate")
    refused = as_olive.post(f"{STAFF}/{sam.id}/password-links")
    assert (refused.status_code, refused.json["code"]) == (409, "access_ended")


@pytest.mark.parametrize("here", [PEOPLE, STAFF])
def test_invitations(as_sam, as_alice, alice, bob, sam, here):
    browser = as_alice if here == PEOPLE else as_sam
    made = browser.post(f"{here}/invitations", json=ANN)
    assert made.status_code == 201
    assert (made.json["email"], made.json["role"], made.json["status"]) == ("ann@example.com", "member", "waiting")
    assert "token" not in made.text
    known = browser.post(f"{here}/invitations", json=ANN | {"email": bob.email})
    assert known.status_code == 201 and set(known.json) == set(made.json)
    again = browser.post(f"{here}/invitations", json=ANN)
    assert (again.status_code, again.json["code"], again.json["errors"][0]["field"]) == (
        409,
        "already_invited",
        "email",
    )
    at = f"{here}/invitations/{made.json['id']}"
    assert browser.post(f"{at}/resend").json["times_sent"] == 2
    assert [one["email"] for one in browser.get(f"{here}/invitations").json["items"]] == [bob.email, "ann@example.com"]
    assert browser.delete(at).status_code == 204
    assert browser.delete(at).status_code == 404


def test_staff_invite_to_an_account_they_name(as_sam, alice):
    made = as_sam.post(f"{PEOPLE}/invitations", json=ANN | {"role": "owner", "customer_id": str(alice.customer_id)})
    assert (made.status_code, made.json["customer_id"]) == (201, str(alice.customer_id))
    assert as_sam.post(f"{PEOPLE}/invitations", json=ANN).json["errors"][0]["field"] == "customer_id"
    listed = as_sam.get(f"{PEOPLE}/invitations?customer_id={alice.customer_id}").json["items"]
    assert [one["id"] for one in listed] == [made.json["id"]]


def test_everybody_may_leave_but_the_last_owner(as_alice, alice, sign_in):
    tom = make_mate(alice, Role.VIEWER)
    assert as_alice.delete(f"{PEOPLE}/me").json["code"] == "last_owner"
    assert sign_in(tom).delete(f"{PEOPLE}/me").status_code == 204
    assert tom.removed_at is not None


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_reaches_above_themselves(as_sam, olive, alice, sign_in, verb):
    """An ADMIN against an OWNER and themselves, among staff and in an account (case 48)."""
    admin = make_mate(alice, Role.ADMIN)
    for browser, here, users in ((as_sam, STAFF, [olive]), (sign_in(admin), PEOPLE, [alice, admin])):
        for user in users:
            before = state_of(user)
            answer = act(browser, here, user, verb)
            assert (answer.status_code, answer.json["code"]) in {(403, "above_you"), (409, "not_yourself")}
            assert state_of(user) == before


@pytest.mark.parametrize("here", [PEOPLE, STAFF])
def test_nobody_grants_above_themselves(as_sam, alice, sign_in, here):
    browser, user = (as_sam, make_colleague(Role.VIEWER))
    if here == PEOPLE:
        browser, user = sign_in(make_mate(alice, Role.ADMIN)), make_mate(alice, Role.VIEWER)
    assert browser.patch(f"{here}/{user.id}", json={"role": "owner"}).json["code"] == "above_you"
    assert browser.post(f"{here}/invitations", json=ANN | {"role": "owner"}).json["code"] == "above_you"
    assert user.role is Role.VIEWER


def test_unknown_fields_are_refused(as_olive, as_alice, alice):
    """PROMISES, case 47: each column of a person or an invitation that is no field of the call."""
    user, mate = make_colleague(Role.VIEWER), make_mate(alice, Role.VIEWER)
    names = {column.key for model in (User, Invitation) for column in sa.inspect(model).columns} | {
        "is_staff",
        "tenantId",
    }
    for name in names - {"role"}:
        for browser, here, one in ((as_olive, STAFF, user), (as_alice, PEOPLE, mate)):
            changed = browser.patch(f"{here}/{one.id}", json={"role": "member", name: 5})
            assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, name)
            if name not in {"email", "customer_id"} or (name == "customer_id" and here == STAFF):
                invited = browser.post(f"{here}/invitations", json=ANN | {name: 5})
                assert (invited.status_code, invited.json["errors"][0]["field"]) == (422, name)
    assert db.session().scalars(sa.select(Invitation)).all() == []
    assert user.role is mate.role is Role.VIEWER


@pytest.mark.parametrize(
    "body", [{}, {"role": 5}, {"role": "root"}, {"role": None}, {"role": ["member"]}, {"role": "OWNER"}]
)
def test_a_role_is_one_of_five_words(as_olive, sam, body):
    assert as_olive.patch(f"{STAFF}/{sam.id}", json=body).status_code == 422
    assert sam.role is Role.ADMIN


def test_the_lists_page_and_ask_the_store_as_often_whatever_their_size(as_olive, as_alice, alice, olive, queries):
    for number in range(8):
        make_colleague(Role.VIEWER), make_mate(alice, Role.VIEWER)
        make_invitation(olive, email=f"a{number}@example.com")
    as_olive.get(STAFF)
    for browser, address in ((as_olive, STAFF), (as_alice, PEOPLE), (as_olive, f"{STAFF}/invitations")):
        with queries(max=6):
            first = browser.get(f"{address}?limit=5").json
        rest = browser.get(f"{address}?limit=5&cursor={first['next_cursor']}").json
        assert len({one["id"] for one in first["items"] + rest["items"]}) >= 8


def test_strangers(
    client, as_alice, as_bob, as_charlie, as_sam, alice, bob, sam, olive, charlie, other_tenant, sign_in
):
    tom = make_mate(alice, Role.VIEWER)
    mine, _token = make_invitation(alice, customer_id=alice.customer_id)
    staffs, _token = make_invitation(olive)
    reads = [PEOPLE, f"{PEOPLE}/{tom.id}", f"{PEOPLE}/invitations", STAFF, f"{STAFF}/{sam.id}", f"{STAFF}/invitations"]
    for address in reads:
        assert client.get(address).status_code == 401
    for browser in (as_bob, as_charlie):
        assert browser.get(f"{PEOPLE}/{tom.id}").status_code == 404
        for address in (PEOPLE, f"{PEOPLE}/invitations"):
            assert browser.get(f"{address}?customer_id={alice.customer_id}").status_code == 404
        assert (
            browser.post(f"{PEOPLE}/invitations", json=ANN | {"customer_id": str(alice.customer_id)}).status_code == 404
        )
        for verb in VERBS:
            assert act(browser, PEOPLE, tom, verb).status_code == 404
            assert act(browser, PEOPLE, sam, verb).status_code == 404
            assert act(browser, STAFF, sam, verb).status_code == 403
        assert browser.post(f"{PEOPLE}/invitations/{mine.id}/resend").status_code == 404
        assert browser.delete(f"{PEOPLE}/invitations/{mine.id}").status_code == 404
    assert as_sam.delete(f"{STAFF}/invitations/{mine.id}").status_code == 404
    assert as_sam.delete(f"{PEOPLE}/invitations/{staffs.id}").status_code == 404
    assert as_sam.get(f"{PEOPLE}?customer_id={charlie.customer_id}").status_code == 404
    for verb in VERBS:
        assert act(as_sam, PEOPLE, olive, verb).status_code == 404
        assert act(as_sam, STAFF, alice, verb).status_code == 404
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_colleague(Role.VIEWER)
    assert act(as_sam, STAFF, foreign, "deactivate").status_code == 404
    _key, secret = api_keys.make()
    assert client.get(STAFF, **keyed(secret)).status_code in {401, 403}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_below_admin_nothing_is_changed(sign_in, alice, sam, role):
    tom = make_mate(alice, Role.VIEWER)
    mate, colleague = sign_in(make_mate(alice, role)), sign_in(make_colleague(role))
    assert mate.get(PEOPLE).status_code == 200
    assert colleague.get(f"{PEOPLE}?customer_id={alice.customer_id}").status_code == 200
    assert colleague.get(STAFF).status_code == 403
    for browser in (mate, colleague):
        assert browser.post(f"{PEOPLE}/invitations", json=ANN).status_code == 403
        for verb in VERBS:
            assert act(browser, PEOPLE, tom, verb).status_code == 403
            assert act(browser, STAFF, sam, verb).status_code == 403
