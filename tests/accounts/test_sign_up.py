"""Opening an account by oneself: the same answer for any address, nothing made before the link, terms kept."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import agreements, sign_up
from app.features.accounts import service as accounts
from app.features.accounts.models import Consent, Customer, SignUp, User
from app.features.audit import keys
from app.features.audit.models import AuditLog
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from tests.accounts.factories import PASSWORD
from tests.support.clients import open_client

FORM = {"first_name": "Nadia", "last_name": "Petrov", "company": "Petrov Ceramics", "email": "nadia@petrov.example"}
CONFIRM = "/sign-up/confirmation"


def rows(model):
    return db.session().scalars(sa.select(model).order_by(model.created_at, model.id)).all()


def mails(template="sign_up"):
    return [mail for mail in rows(EmailMessage) if mail.template == template]


def link_in(mail):
    draft = rendering.draw(mail)
    return re.search(r"token=([\w-]+)", draft.text)[1]


@pytest.fixture
def asked(client):
    """Nadia has asked for an account; the token in her mail."""
    assert client.post("/sign-up", data=FORM).location == "/sign-up/sent"
    return link_in(mails()[-1])


@pytest.fixture
def with_terms(tenant):
    """The tenant has terms."""
    return agreements.publish("2026-11", text="Be kind.\n\nPay in time.", url="", user_id=None)


def test_an_account_is_made_when_the_address_has_proved_itself(client, asked):
    assert rows(Customer) == []
    page = client.get(f"{CONFIRM}?token={asked}")
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert rows(Customer) == []

    response = client.post(CONFIRM, data={"token": asked, "password": PASSWORD})

    assert (response.status_code, response.location) == (303, "/client")
    [customer], [user] = rows(Customer), rows(User)
    assert (customer.title, customer.currency, customer.marketing_source) == ("Petrov Ceramics", "USD", "sign-up")
    assert (user.email, user.role.name, user.customer_id) == ("nadia@petrov.example", "OWNER", customer.id)
    assert user.email_verified_at == clock.now()
    assert "Your account is open" in client.get("/client").text


def test_it_is_told_as_a_new_customer_with_a_welcome(client, asked):
    client.post(CONFIRM, data={"token": asked, "password": PASSWORD})

    actions = {row.action for row in rows(AuditLog)}
    assert {"SIGN_UP_REQUESTED", "CUSTOMER_SIGNED_UP", "CUSTOMER_CREATED", "USER_CREATED", "USER_LOGIN"} <= actions
    [welcome] = mails("welcome")
    assert "token=" not in rendering.draw(welcome).text


def test_the_link_works_once_and_only_the_post_uses_it(client, panel_app, tenant, asked):
    for _ in range(3):
        assert client.get(f"{CONFIRM}?token={asked}").status_code == 200
    assert client.post(CONFIRM, data={"token": asked, "password": PASSWORD}).status_code == 303
    other = open_client(panel_app, host=client.host, tenant_id=tenant.id)
    assert other.get(f"{CONFIRM}?token={asked}").status_code == 410
    assert other.post(CONFIRM, data={"token": asked, "password": PASSWORD}).status_code == 410
    assert len(rows(Customer)) == 1


def test_two_who_confirm_at_once_make_one_account(asked):
    row = sign_up.find(asked)
    sign_up.confirm(row, "hash")

    with pytest.raises(accounts.LinkSpent):
        sign_up.confirm(row, "hash")


def test_a_link_that_somebody_used_meanwhile_makes_nothing(asked):
    row = sign_up.find(asked)
    db.session().execute(sa.update(SignUp).values(used_at=clock.now()).execution_options(synchronize_session=False))

    with pytest.raises(accounts.LinkSpent):
        sign_up.confirm(row, "hash")
    assert rows(Customer) == []


def test_the_link_ends_after_a_day_and_with_a_newer_one(client, asked, now):
    client.post("/sign-up", data=FORM)
    assert client.get(f"{CONFIRM}?token={asked}").status_code == 410
    newer = link_in(mails()[-1])
    now.shift(timedelta(hours=24, seconds=1))
    assert client.get(f"{CONFIRM}?token={newer}").status_code == 410


def test_a_link_opens_nothing_else_and_not_in_another_house(client, panel_app, other_tenant, asked):
    foreign = open_client(panel_app, host="portal.tern.example", tenant_id=other_tenant.id)

    assert foreign.get(f"{CONFIRM}?token={asked}").status_code == 410
    assert client.get(f"/set-password?token={asked}").status_code == 410
    assert client.get(f"{CONFIRM}?token={asked.swapcase()}").status_code == 410


def _answer(browser, email):
    response = browser.post("/sign-up", data={**FORM, "email": email})
    return response.status_code, response.location, sorted(response.headers.keys()), response.text


@pytest.mark.parametrize("taken", ["alice@acme.example", "ALICE@acme.example", "sam@harbourline.example"])
def test_a_taken_address_gets_the_same_answer_and_its_owner_a_note(client, queries, alice, sam, taken):
    client.get("/sign-up")
    keys.key_for(alice.tenant_id)  # else the first of the two would make it, whoever that is
    with queries() as for_taken:
        refused = _answer(client, taken)
    with queries() as for_new:
        new = _answer(client, "new@nobody.example")

    assert refused == new
    assert len(for_taken) == len(for_new)
    [note, _other] = mails()
    draft = rendering.draw(note)
    assert "You have an account" in draft.subject
    assert "token=" not in draft.text
    assert ("/admin/sign-in" in draft.text) == taken.startswith("sam")


def test_who_got_an_account_meanwhile_finds_the_link_spent(client, asked):
    accounts.register(email=FORM["email"], first_name="Nadia", last_name="")
    db.session().flush()

    assert client.get(f"{CONFIRM}?token={asked}").status_code == 410
    assert client.post(CONFIRM, data={"token": asked, "password": PASSWORD}).status_code == 410


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "10 characters"),
        ("nadia@petrov.example", "too close"),
        ("Harbourline-2026!", "too close"),
        ("password123", "tried first"),
    ],
)
def test_a_password_that_others_would_guess_is_refused_with_the_reason(client, asked, password, reason):
    response = client.post(CONFIRM, data={"token": asked, "password": password})

    assert response.status_code == 422
    assert reason in response.text
    assert rows(Customer) == []


def test_what_is_missing_or_wrong_is_said_at_its_field(client, with_terms):
    response = client.post(
        "/sign-up", data={"first_name": "http://x.example", "email": "nobody", "terms_version": "2026-11"}
    )

    assert response.status_code == 422
    assert rows(SignUp) == []


def test_without_the_terms_there_is_no_account_and_news_are_never_ticked(client, with_terms):
    page = client.get("/sign-up").text
    assert 'name="accepts"' in page
    assert "checked" not in page
    response = client.post("/sign-up", data={**FORM, "terms_version": "2026-11"})
    assert response.status_code == 422
    assert "Without this we cannot open an account." in response.text
    assert rows(SignUp) == []


def test_terms_and_news_are_kept_with_version_and_time(client, with_terms, now):
    client.post("/sign-up", data={**FORM, "terms_version": "2026-11", "accepts": "y", "wants_news": "y"})
    asked_at, token = clock.now(), link_in(mails()[-1])
    now.shift(3600)
    client.post(CONFIRM, data={"token": token, "password": PASSWORD})

    kept = {(row.kind, row.version, row.given_at, row.given_where) for row in rows(Consent)}
    assert kept == {("terms", "2026-11", asked_at, "sign-up"), ("marketing", "", asked_at, "sign-up")}
    assert client.get("/client").status_code == 200


def test_terms_that_changed_while_the_page_was_open_are_shown_again(client, with_terms):
    agreements.publish("2026-12", text="Be very kind.", url="", user_id=None)
    response = client.post("/sign-up", data={**FORM, "terms_version": "2026-11", "accepts": "y"})

    assert response.status_code == 409
    assert 'value="2026-12"' in response.text
    assert rows(SignUp) == []


def test_a_machine_that_fills_in_everything_is_thanked_and_dropped(client):
    response = client.post("/sign-up", data={**FORM, "website": "https://spam.example"})

    assert response.location == "/sign-up/sent"
    assert rows(SignUp) == rows(EmailMessage) == []


def test_an_address_gets_three_mails_an_hour_and_the_answer_stays_the_same(client):
    answers = [client.post("/sign-up", data={**FORM, "email": f"{name}@petrov.example"}) for name in ["Nadia"] * 5]

    assert {answer.location for answer in answers} == {"/sign-up/sent"}
    assert len(mails()) == 3


def test_one_network_opens_twenty_accounts_an_hour_counted_by_its_64(client):
    def post(number, address):
        return client.post(
            "/sign-up", data={**FORM, "email": f"n{number}@petrov.example"}, environ_base={"REMOTE_ADDR": address}
        )

    codes = [post(number, f"2001:db8:0:1::{number}").status_code for number in range(21)]

    assert codes == [303] * 20 + [429]
    assert post(99, "2001:db8:0:2::1").status_code == 303


def test_a_closed_house_says_so_and_takes_nothing(client, tenant):
    tenants.change(sign_up_open=False)

    assert client.get("/sign-up").status_code == 403
    assert client.post("/sign-up", data=FORM).status_code == 403
    assert "Open an account" not in client.get("/sign-in").text
    assert rows(SignUp) == []


def test_who_is_signed_in_has_an_account(as_alice):
    assert as_alice.get("/sign-up").location == "/"


def test_what_nobody_confirms_is_forgotten_after_a_week(client, asked, now):
    now.shift(timedelta(days=7) - timedelta(seconds=1))
    assert sign_up.remove_old(clock.now()) == 0
    now.shift(1)
    assert sign_up.remove_old(clock.now()) == 1
    assert rows(SignUp) == []


def test_a_strangers_house_removes_only_its_own(client, asked, other_tenant, now):
    now.shift(timedelta(days=8))
    with tenancy.as_tenant(other_tenant.id):
        assert sign_up.remove_old(clock.now()) == 0
    assert len(rows(SignUp)) == 1


@pytest.mark.both_stores
def test_one_statement_uses_the_link_up_on_both_stores(client, asked):
    assert client.post(CONFIRM, data={"token": asked, "password": PASSWORD}).status_code == 303
    assert client.post(CONFIRM, data={"token": asked, "password": PASSWORD}).status_code == 410
