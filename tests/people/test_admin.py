"""`/admin/staff`: who works here."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.people.models import Invitation
from app.kernel import db, lists, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague, shut_out
from tests.people.factories import logged, make_invitation
from tests.sessions.factories import make_login

HERE = "/admin/staff"
VERBS = ("role", "deactivation", "reactivation", "removal", "password-links", "sign-outs")
PERSON = {"role": "VIEWER"}
ASKED = {"email": "ann@example.com", "role": "MEMBER"}


def names(response) -> list[str]:
    return [name.strip() for name in re.findall(r'<div class="t">(?:<a href="[^"]+">)?([^<]+)', response.text)]


def words_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def test_everybody_is_listed_with_role_state_and_devices(as_olive, olive, sam):
    shut_out(make_colleague(Role.VIEWER, "Vera"))
    make_login(sam), make_login(sam)
    make_invitation(olive, email="ann@example.com", role=Role.BILLING)

    response = as_olive.get(HERE)

    said = words_of(response)
    assert set(names(response)) == {"ann@example.com", "Vera Staff", "Sam Okafor", "Olive Okafor"}
    assert names(response)[0] == "ann@example.com"
    for word in ("Billing", "Invited", "Deactivated", "2 devices", "1 device", "You", "by Olive Okafor"):
        assert word in said


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "sam"}, {"Sam Okafor"}), ({"role": "OWNER"}, {"Olive Okafor"}), ({"status": "deactivated"}, {"Vera Staff"}),
     ({"status": "active"}, {"Sam Okafor", "Olive Okafor"}), ({"status": "invited"}, {"ann@example.com"}), ({"q": "ann"}, {"ann@example.com"}),
     ({"q": "nobody"}, set()), ({"role": "BILLING"}, {"ann@example.com"}), ({"status": "active", "role": "BILLING"}, set()),
     ({"q": "' OR 1=1 --"}, set()), ({"q": "%"}, set()), ({"role": "ROOT"}, {"ann@example.com", "Vera Staff", "Sam Okafor", "Olive Okafor"})],
)  # fmt: skip
def test_searching_and_filtering(as_olive, olive, sam, query, found):
    shut_out(make_colleague(Role.VIEWER, "Vera"))
    make_invitation(olive, email="ann@example.com", role=Role.BILLING)

    response = as_olive.get(HERE, query_string=query)

    assert set(names(response)) == found
    if not found:
        assert "Nothing matches" in response.text


def test_paging_shows_each_person_once_and_invitations_on_the_first_page(as_olive, olive, monkeypatch):
    monkeypatch.setattr(lists, "ON_A_PAGE", 3)
    for number in range(4):
        make_colleague(Role.VIEWER, f"V{number}x")
    make_invitation(olive, email="ann@example.com")
    first = as_olive.get(HERE)
    following = re.search(r'href="([^"]+)" rel="next"', first.text)
    second = as_olive.get(following[1].replace("&amp;", "&"))
    assert (len(names(first)), len(names(second))) == (4, 2)
    assert not set(names(first)) & set(names(second))
    assert as_olive.get(f"{HERE}?cursor=x").status_code == 400


def test_the_invited_page_by_key_as_well(as_olive, olive, monkeypatch):
    monkeypatch.setattr(lists, "ON_A_PAGE", 2)
    for number in range(3):
        make_invitation(olive, email=f"a{number}@example.com")
    first = as_olive.get(f"{HERE}?status=invited")
    following = re.search(r'href="([^"]+)" rel="next"', first.text)
    second = as_olive.get(following[1].replace("&amp;", "&"))
    assert len(names(first)) == 2
    assert len(names(second)) == 1
    assert "3 invitations" in words_of(first)


def test_the_list_asks_the_store_as_often_whatever_its_size(as_olive, olive, queries):
    for number in range(15):
        make_login(make_colleague(Role.VIEWER))
        make_invitation(olive, email=f"a{number}@example.com")
    as_olive.get(HERE)
    with queries(max=8):
        as_olive.get(HERE)


def test_a_person_is_shown_with_logins_and_history(as_sam, olive, sam, sign_in, queries):
    vera = make_colleague(Role.VIEWER, "Vera")
    make_login(vera)
    sign_in(sam).post(f"{HERE}/{vera.id}/role", data={"role": "MEMBER"})
    make_login(vera)

    as_sam.get(f"{HERE}/{vera.id}")
    with queries(max=10):
        response = as_sam.get(f"{HERE}/{vera.id}")

    said = words_of(response)
    for word in ("Vera Staff", "Member", "Safari on", "Role changed", "by Sam Okafor", vera.email):
        assert word in said
    assert 'value="OWNER"' not in response.text
    assert 'value="ADMIN"' in response.text


def test_owners_are_shown_to_admins_without_anything_to_do(as_sam, olive, as_olive):
    response = as_sam.get(f"{HERE}/{olive.id}")
    assert response.status_code == 200
    for verb in VERBS:
        assert f"{olive.id}/{verb}" not in response.text
    own = as_olive.get(f"{HERE}/{olive.id}")
    assert "Nobody changes their own role" in own.text
    assert "/removal" not in own.text


def test_the_last_owner_is_named_so(as_olive, olive, sign_in):
    second = make_colleague(Role.OWNER)
    shut_out(second)
    third = make_colleague(Role.OWNER)
    assert "last owner" not in as_olive.get(f"{HERE}/{third.id}").text
    browser = sign_in(third)
    shut_out(third)
    assert browser.get(HERE).status_code == 303


def test_an_invitation_is_made_sent_again_and_withdrawn(as_sam, sam):
    page = as_sam.get(f"{HERE}/invitations/new")
    assert page.status_code == 200 and 'value="OWNER"' not in page.text

    assert as_sam.post(f"{HERE}/invitations", data=ASKED).location == HERE
    (invitation,) = db.session().scalars(sa.select(Invitation))
    assert (invitation.email, invitation.granted, invitation.customer_id) == ("ann@example.com", Role.MEMBER, None)
    assert "An invitation is on its way to ann@example.com." in as_sam.get(HERE).text
    assert as_sam.post(f"{HERE}/invitations/{invitation.id}/mails").location == HERE
    assert invitation.times_sent == 2
    assert as_sam.post(f"{HERE}/invitations/{invitation.id}/withdrawal").location == HERE
    assert invitation.revoked_at is not None
    assert as_sam.post(f"{HERE}/invitations/{invitation.id}/withdrawal").status_code == 404


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [({"email": "nobody"}, "email", "not an e-mail"), ({"email": ""}, "email", "Enter an e-mail"), ({"role": ""}, "role", "Choose a role|Not a valid"),
     ({"role": "OWNER"}, "role", "Not a valid"), ({"role": "5"}, "role", "Not a valid"), ({"email": "sam@harbourline.example"}, "email", "already")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(as_sam, data, field, said):
    response = as_sam.post(f"{HERE}/invitations", data=ASKED | data)
    error = re.search(rf'id="{field}-error">([^<]+)<', response.text)
    assert response.status_code == 422
    assert error and re.search(said, error[1])
    assert db.session().scalars(sa.select(Invitation)).all() == []


def test_a_known_customers_address_is_answered_like_any_other(as_sam, bob):
    one = as_sam.post(f"{HERE}/invitations", data=ASKED | {"email": bob.email})
    other = as_sam.post(f"{HERE}/invitations", data=ASKED)
    assert (one.status_code, one.location) == (other.status_code, other.location)


def test_the_verbs_do_what_they_say(as_sam, sam):
    vera = make_colleague(Role.VIEWER, "Vera")
    at = f"{HERE}/{vera.id}"
    assert as_sam.post(f"{at}/role", data={"role": "BILLING"}).location == at
    assert vera.role is Role.BILLING
    make_login(vera)
    assert as_sam.post(f"{at}/sign-outs").location == at
    assert "1 device signed out." in as_sam.get(at).text
    assert as_sam.post(f"{at}/password-links").location == at
    assert as_sam.post(f"{at}/deactivation").location == at
    assert vera.disabled_at is not None
    assert as_sam.post(f"{at}/password-links").status_code == 409
    assert as_sam.post(f"{at}/reactivation").location == at
    assert vera.disabled_at is None
    assert as_sam.post(f"{at}/removal").location == HERE
    assert as_sam.get(at).status_code == 404
    assert [
        len(logged(action)) for action in ("USER_ROLE_CHANGED", "USER_DEACTIVATED", "USER_REACTIVATED", "USER_REMOVED")
    ] == [1] * 4


@pytest.mark.parametrize("verb", VERBS)
def test_an_admin_does_nothing_to_an_owner_or_to_themselves(as_sam, olive, sam, verb):
    """HestiaCP GHSA-c69h: nobody below reaches an owner by any of the verbs."""
    for user in (olive, sam):
        before = (user.role, user.disabled_at, user.removed_at, user.email_key)
        assert as_sam.post(f"{HERE}/{user.id}/{verb}", data=PERSON).status_code in {403, 409}
        assert (user.role, user.disabled_at, user.removed_at, user.email_key) == before
    assert as_sam.get("/admin").status_code == 200


@pytest.mark.parametrize("role", ["OWNER", "5", "", "admin", "ROOT"])
def test_an_admin_gives_no_role_above_their_own(as_sam, sam, role):
    vera = make_colleague(Role.VIEWER)
    for user, statuses in ((vera, {422}), (sam, {409, 422})):
        was = user.role
        assert as_sam.post(f"{HERE}/{user.id}/role", data={"role": role}).status_code in statuses
        assert user.role is was


def test_no_field_of_a_person_is_taken_from_the_form(as_sam, sam):
    """PROMISES, case 47: every column of the rows that these verbs write, sent along with each."""
    vera = make_colleague(Role.VIEWER)
    everything = {
        column.name: "5"
        for model in (User, Invitation)
        for column in model.metadata.tables[model.__tablename__].columns
    }
    for verb in ("role", "deactivation", "reactivation", "sign-outs"):
        before = {column.key: getattr(vera, column.key) for column in sa.inspect(User).columns}
        as_sam.post(f"{HERE}/{vera.id}/{verb}", data=everything | PERSON)
        after = {column.key: getattr(vera, column.key) for column in sa.inspect(User).columns}
        assert {name for name in before if before[name] != after[name]} <= {"disabled_at"}
    as_sam.post(f"{HERE}/invitations", data={"expires_at": "2099-01-01"} | everything | ASKED)
    (invitation,) = db.session().scalars(sa.select(Invitation))
    assert (invitation.role, invitation.customer_id, invitation.invited_by, invitation.times_sent) == (
        2,
        None,
        sam.id,
        1,
    )


def test_names_are_escaped_on_list_page_and_in_dialogs(as_sam, sam):
    vera = make_colleague(Role.VIEWER)
    vera.first_name = '<img src=x onerror="alert(1)">'
    for address in (HERE, f"{HERE}/{vera.id}"):
        assert "<img" not in as_sam.get(address).text


def test_the_list_leaves_as_a_file_and_is_logged(as_sam, olive):
    make_colleague(Role.VIEWER).first_name = "=SUM(1)"
    response = as_sam.post(f"{HERE}/export", data={"as": "csv"})
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert len(rows) == 4  # the head and three people
    assert "'=SUM(1) Staff" in [row[1] for row in rows]
    assert len(logged("DATA_EXPORTED")) == 1


def test_the_global_search_finds_staff_for_admins(as_sam, olive, sign_in):
    assert f"{HERE}/{olive.id}" in as_sam.get("/admin/search?q=olive").text
    assert f"{HERE}/{olive.id}" not in sign_in(make_colleague(Role.BILLING)).get("/admin/search?q=olive").text


def test_staff_have_no_way_to_customers_people_here_nor_to_another_tenants(as_sam, alice, charlie, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_colleague(Role.VIEWER)
        invitation, _token = make_invitation(make_colleague(Role.ADMIN))
    mine, _token = make_invitation(alice, customer_id=alice.customer_id)
    for user in (alice, charlie, foreign):
        assert as_sam.get(f"{HERE}/{user.id}").status_code == 404
        for verb in VERBS:
            assert as_sam.post(f"{HERE}/{user.id}/{verb}", data=PERSON).status_code == 404
    for found in (invitation, mine):
        for verb in ("mails", "withdrawal"):
            assert as_sam.post(f"{HERE}/invitations/{found.id}/{verb}").status_code == 404


def test_strangers(client, as_alice, sign_in, sam, olive):
    invitation, _token = make_invitation(sam)
    reads = [HERE, f"{HERE}/invitations/new", f"{HERE}/{olive.id}"]
    writes = [
        f"{HERE}/export",
        f"{HERE}/invitations",
        *(f"{HERE}/invitations/{invitation.id}/{verb}" for verb in ("mails", "withdrawal")),
        *(f"{HERE}/{sam.id}/{verb}" for verb in VERBS),
    ]
    browsers = [sign_in(make_colleague(role)) for role in (Role.VIEWER, Role.MEMBER, Role.BILLING)]
    for browser, status in ((client, 303), (as_alice, 403), *((browser, 403) for browser in browsers)):
        assert {browser.get(address).status_code for address in reads} == {status}
        assert {browser.post(address, data=PERSON | ASKED).status_code for address in writes} == {status}
    assert sam.role is Role.ADMIN and invitation.revoked_at is None
