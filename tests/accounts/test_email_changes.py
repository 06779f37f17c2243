"""Another address to sign in by: the new one confirms, the old one is told and can undo it (case 13)."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import email_changes, members
from app.features.accounts import service as accounts
from app.features.accounts.models import EmailChange
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.kernel import clock, db
from app.kernel.access import Role
from tests.accounts.factories import PASSWORD, give_password, make_colleague
from tests.sessions.factories import is_in, sign_in
from tests.support.cast import principal_of
from tests.support.clients import open_client

NEW = "alice@new.example"
ASK = "/client/account/email"


def mails(template):
    rows = sa.select(EmailMessage).where(EmailMessage.template == template)
    return db.session().scalars(rows.order_by(EmailMessage.created_at, EmailMessage.id)).all()


def token_in(mail):
    return re.search(r"token=([\w-]+)", rendering.draw(mail).text)[1]


@pytest.fixture
def person(alice):
    """Alice, who has a password."""
    return give_password(alice)


@pytest.fixture
def asked(as_alice, person):
    """Alice has asked for another address: the tokens that the new and the old one got."""
    response = as_alice.post(ASK, data={"email": NEW, "password": PASSWORD})
    assert (response.status_code, response.location) == (303, ASK)
    return token_in(mails("email_confirm")[0]), token_in(mails("email_change_asked")[0])


def test_nothing_changes_until_the_new_address_confirms(asked, client, alice):
    [confirm], [told] = mails("email_confirm"), mails("email_change_asked")
    assert (confirm.to_address, confirm.to_user_id) == (NEW, None)
    assert (told.to_address, alice.email) == ("alice@acme.example", "alice@acme.example")
    assert NEW not in rendering.draw(told).text
    assert sign_in(client, NEW).status_code == 422
    assert sign_in(client, "alice@acme.example").status_code == 303
    client.post("/sign-out")
    accounts.send_password_link(alice)
    assert mails("password_reset")[0].to_address == "alice@acme.example"


def test_the_link_confirms_once_and_looking_uses_nothing_up(asked, client, alice):
    token, _ = asked
    for _ in range(2):
        page = client.get(f"/confirm-email?token={token}")
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert client.post("/confirm-email", data={"token": token}).location == "/sign-in"
    assert client.post("/confirm-email", data={"token": token}).status_code == 410
    assert (alice.email, alice.email_key, alice.email_verified_at) == (NEW, NEW, clock.now())
    assert db.session().get(type(alice), alice.id).email == NEW
    assert sign_in(client, NEW).status_code == 303


def test_the_accounts_own_contact_follows_where_it_was_the_same(asked, client, alice, as_sam):
    client.post("/confirm-email", data={"token": asked[0]})

    assert NEW in as_sam.get(f"/admin/customers/{alice.customer_id}").text
    assert "Alice Marchetti" in as_sam.get("/admin/customers", query_string={"q": NEW}).text


def test_password_links_of_the_old_address_end_with_the_change(asked, client, alice):
    link = accounts.start_password_link(alice, "reset")
    client.post("/confirm-email", data={"token": asked[0]})

    assert accounts.find_password_link(accounts.link_token(link)) is None


def test_the_old_address_stops_a_change_that_waits(asked, as_alice, client, alice):
    confirm, undo = asked
    assert "Stop the change?" in client.get(f"/undo-email?token={undo}").text
    assert client.post("/undo-email", data={"token": undo}).status_code == 200
    assert client.post("/confirm-email", data={"token": confirm}).status_code == 410
    assert alice.email == "alice@acme.example"
    assert not is_in(as_alice)
    assert sign_in(client, "alice@acme.example").status_code == 422
    assert len(mails("password_reset")) == 1


def test_the_old_address_undoes_a_change_for_seven_days(asked, as_alice, client, alice, now):
    client.post("/confirm-email", data={"token": asked[0]})
    [told] = mails("email_changed")
    assert told.to_address == "alice@acme.example"
    undo = token_in(told)
    now.shift(timedelta(days=7) - timedelta(seconds=1))
    assert "Undo the change?" in client.get(f"/undo-email?token={undo}").text
    assert client.post("/undo-email", data={"token": undo}).status_code == 200
    assert (alice.email, alice.email_key) == ("alice@acme.example", "alice@acme.example")
    assert not is_in(as_alice)
    assert alice.password_hash is None
    assert mails("password_reset")[-1].to_address == "alice@acme.example"
    assert client.post("/undo-email", data={"token": undo}).status_code == 410


def test_after_seven_days_it_cannot_be_undone(asked, client, now):
    client.post("/confirm-email", data={"token": asked[0]})
    undo = token_in(mails("email_changed")[0])
    now.shift(timedelta(days=7))

    assert client.get(f"/undo-email?token={undo}").status_code == 410
    assert client.post("/undo-email", data={"token": undo}).status_code == 410


def test_a_thief_who_changes_it_twice_loses_both(asked, client, alice, sign_in):
    client.post("/confirm-email", data={"token": asked[0]})
    thief = sign_in(alice)
    thief.post(ASK, data={"email": "thief@far.example", "password": PASSWORD})
    client.post("/confirm-email", data={"token": token_in(mails("email_confirm")[1])})
    assert alice.email == "thief@far.example"
    thief_undo = token_in(mails("email_changed")[1])

    client.post("/undo-email", data={"token": token_in(mails("email_changed")[0])})

    assert alice.email == "alice@acme.example"
    assert client.post("/undo-email", data={"token": thief_undo}).status_code == 410


def test_nobody_takes_an_address_that_can_still_be_had_back(asked, client, alice, now):
    client.post("/confirm-email", data={"token": asked[0]})
    with pytest.raises(accounts.EmailTaken):
        accounts.register(email="Alice@acme.example", first_name="Eve", last_name="")
    now.shift(timedelta(days=8, hours=1))
    accounts.register(email="Alice@acme.example", first_name="Eve", last_name="")


def test_one_may_go_back_to_ones_own_address_by_asking(asked, client, alice, now):
    client.post("/confirm-email", data={"token": asked[0]})
    email_changes.request(alice, "alice@acme.example")
    [_first, back] = mails("email_confirm")

    assert client.post("/confirm-email", data={"token": token_in(back)}).status_code == 303
    assert alice.email == "alice@acme.example"


def test_a_taken_address_gets_the_same_answer_and_no_link(as_alice, person, bob):
    taken = as_alice.post(ASK, data={"email": bob.email, "password": PASSWORD})
    new = as_alice.post(ASK, data={"email": NEW, "password": PASSWORD})

    assert (taken.status_code, taken.location) == (new.status_code, new.location)
    draft = rendering.draw(mails("email_confirm")[0])
    assert "has an account" in draft.subject
    assert "token=" not in draft.text


def test_an_address_that_was_taken_meanwhile_is_not_taken_twice(asked, client, alice):
    accounts.register(email=NEW, first_name="Somebody", last_name="Faster")
    db.session().flush()

    assert client.post("/confirm-email", data={"token": asked[0]}).status_code == 410
    assert alice.email == "alice@acme.example"


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        (NEW, "wrong", "That is not your password."),
        (NEW, "x" * 1025, "1024"),
        ("ALICE@acme.example", PASSWORD, "That is your address already."),
        ("nobody", PASSWORD, "That is not an e-mail address"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(as_alice, person, email, password, said):
    response = as_alice.post(ASK, data={"email": email, "password": password})

    assert response.status_code == 422
    assert said in response.text
    assert db.session().scalars(sa.select(EmailChange)).all() == []


def test_guesses_at_the_password_are_counted(as_alice, person):
    codes = [as_alice.post(ASK, data={"email": NEW, "password": f"wrong{n}"}).status_code for n in range(11)]

    assert codes == [422] * 10 + [429]


def test_the_newest_request_alone_can_be_confirmed(asked, as_alice, client):
    as_alice.post(ASK, data={"email": "other@new.example", "password": PASSWORD})

    assert client.get(f"/confirm-email?token={asked[0]}").status_code == 410
    assert "other@new.example" in as_alice.get(ASK).text


def test_links_end_open_nothing_else_and_not_in_another_house(asked, client, panel_app, other_tenant, now):
    confirm, undo = asked
    foreign = open_client(panel_app, host="portal.tern.example", tenant_id=other_tenant.id)
    assert foreign.post("/confirm-email", data={"token": confirm}).status_code == 410
    assert foreign.post("/undo-email", data={"token": undo}).status_code == 410
    assert client.post("/confirm-email", data={"token": undo}).status_code == 410
    assert client.post("/undo-email", data={"token": confirm}).status_code == 410
    now.shift(timedelta(hours=24, seconds=1))
    assert client.post("/confirm-email", data={"token": confirm}).status_code == 410


def test_staff_change_theirs_at_their_own_profile(as_sam, client, sam):
    give_password(sam)
    assert as_sam.post("/admin/profile", data={"first_name": "Samuel", "last_name": "O"}).location == "/admin/profile"
    assert as_sam.post("/admin/profile", data={"first_name": ""}).status_code == 422
    assert "Samuel" in as_sam.get("/admin/profile").text
    response = as_sam.post("/admin/profile/email", data={"email": "sam@new.example", "password": PASSWORD})
    assert response.location == "/admin/profile/email"
    token = token_in(mails("email_confirm")[0])
    assert client.post("/confirm-email", data={"token": token}).location == "/admin/sign-in"
    assert sam.email == "sam@new.example"


def test_strangers(client, as_alice, as_sam, alice):
    for address in ("/admin/profile", "/admin/profile/email"):
        assert client.get(address).status_code == 303
        assert as_alice.get(address).status_code == 403
        assert as_alice.post(address).status_code == 403
    assert as_sam.post(ASK).status_code == 403
    assert client.post("/client/account/news").status_code == 303
    as_sam.post(f"/admin/impersonations/{alice.id}")
    assert as_sam.post(ASK, data={"email": NEW, "password": PASSWORD}).status_code == 403
    assert as_sam.post("/client/account/news", data={"wants_news": "y"}).status_code == 403


def test_news_are_chosen_on_the_account_page(as_alice, alice):
    assert "You have not agreed to any." in as_alice.get("/client/account").text
    as_alice.post("/client/account/news", data={"wants_news": "y"})
    assert "You agreed on" in as_alice.get("/client/account").text
    as_alice.post("/client/account/news")
    assert "You have not agreed to any." in as_alice.get("/client/account").text


@pytest.mark.both_stores
def test_two_who_confirm_at_once_change_it_once(unit, tenant, alice):
    email_changes.request(alice, NEW)
    change = email_changes.pending(alice.id)
    email_changes.confirm(change)

    with pytest.raises(accounts.LinkSpent):
        email_changes.confirm(change)


def test_who_is_shut_out_confirms_nothing(asked, client, alice):
    alice.disabled_at = clock.now()

    assert client.post("/confirm-email", data={"token": asked[0]}).status_code == 410


def test_colleagues_addresses_are_apart(sam, tenant):
    colleague = make_colleague(sam.role)
    email_changes.request(colleague, NEW)
    assert email_changes.pending(sam.id) is None


@pytest.mark.parametrize("is_made", [True, False])
def test_somebody_who_is_gone_has_no_address_back(asked, client, alice, is_made):
    if is_made:
        client.post("/confirm-email", data={"token": asked[0]})
    other = accounts.join(alice.customer_id, email="o@acme.example", first_name="O", last_name="", role=Role.OWNER)
    members.remove(principal_of(other), alice)

    assert client.post("/undo-email", data={"token": asked[1]}).status_code == 410
    assert client.post("/confirm-email", data={"token": asked[0]}).status_code == 410
    assert alice.email_key == f"removed:{alice.id}"
    accounts.register(email="alice@acme.example", first_name="Eve", last_name="")
