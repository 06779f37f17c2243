"""`/client/account`: the account's details and the person's own name."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts import service
from app.features.accounts.models import Customer, User
from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import PASSWORD_HASH

HERE = "/client/account"
GOOD = {
    "name": "Alice Marchetti", "company": "Alder & Finch Bakery", "phone": "+44 7700 900123", "address_line": "7 Mill Lane",
    "postal_code": "BA1 4QD", "city": "Bath", "region": "", "country": "GB", "tax_number": "gb 123456789",
}  # fmt: skip


@pytest.fixture
def as_colleague(sign_in, alice):
    """`as_colleague(Role.VIEWER)`: somebody else of Alice's customer."""

    def make(role: Role):
        user = User(
            email=f"{role.name.lower()}@alder.example", email_key=f"{role.name.lower()}@alder.example", first_name="Tom",
            last_name="Finch", customer_id=alice.customer_id, customer_role=int(role), password_hash=PASSWORD_HASH,
        )  # fmt: skip
        db.session().add(user)
        db.session().flush()
        return sign_in(user)

    return make


def customer_of(user: User) -> Customer:
    return db.session().scalars(sa.select(Customer).where(Customer.id == user.customer_id)).one()


def logged(action: str) -> list[AuditLog]:
    return list(db.session().scalars(sa.select(AuditLog).where(AuditLog.action == action)))


def test_an_admin_changes_the_account(as_alice, alice):
    response = as_alice.post(HERE, data=GOOD)

    customer = customer_of(alice)
    assert (response.status_code, response.location) == (303, HERE)
    assert (customer.company, customer.city, customer.country) == ("Alder & Finch Bakery", "Bath", "GB")
    assert customer.tax_number == "GB 123456789"
    assert 'value="Alder &amp; Finch Bakery"' in as_alice.get(HERE).text


def test_a_change_is_told_once_and_logged_with_before_and_after(as_alice, alice):
    as_alice.post(HERE, data=GOOD)
    as_alice.post(HERE, data=GOOD)

    (told,) = logged("CUSTOMER_UPDATED")
    (row,) = logged("CUSTOMER_DETAILS_CHANGED")
    kept = audit.personal_part(row)
    assert "company" in told.state_after["changed"] and "Alder" not in str(told.state_after)
    assert (kept["before"]["company"], kept["after"]["company"]) == ("", "Alder & Finch Bakery")
    assert "Alder" not in f"{row.state_before}{row.state_after}"
    assert row.actor_user_id == alice.id


def test_a_renamed_company_is_found_by_its_new_name_and_no_longer_by_the_old(as_alice, as_sam):
    as_alice.post(HERE, data=GOOD | {"company": "Oldname Ltd"})
    as_alice.post(HERE, data=GOOD | {"company": "Newname Ltd"})

    assert "Newname" in as_sam.get("/admin/customers?q=newn").text
    assert "Nothing matches" in as_sam.get("/admin/customers?q=oldn").text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Say whom we may ask for"),
        ("name", "x" * 201, "At most 200 characters"),
        ("name", "see www.evil.example", "web address"),
        ("company", "Bad\u202etxt", "one line of plain text"),
        ("phone", "call me", "Write the number with digits"),
        ("country", "XX", "Choose a country"),
        ("country", "United Kingdom", "Choose a country|At most"),
        ("tax_number", "=1+1", "letters and digits"),
        ("city", "a\0b", "cannot be stored|one line"),
        ("postal_code", "9" * 21, "At most 20"),
        ("address_line", "7 Mill Lane\nBath", "one line"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(as_alice, alice, field, value, said):
    response = as_alice.post(HERE, data=GOOD | {field: value})

    error = re.search(rf'id="{field}-error">([^<]+)<', response.text)
    assert response.status_code == 422
    assert error and re.search(said, error[1])
    assert customer_of(alice).company == ""
    assert 'value="Alder &amp; Finch Bakery"' in response.text or field == "company"


def test_fields_that_are_not_theirs_are_left_alone(as_alice, alice):
    as_alice.post(
        HERE, data=GOOD | {"credit_minor": "99999", "currency": "JPY", "email": "x@evil.example", "status": "closed"}
    )

    customer = customer_of(alice)
    assert (customer.credit_minor, customer.currency, customer.status) == (0, "USD", "active")
    assert customer.email == alice.email


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_others_read(as_colleague, alice, role):
    browser = as_colleague(role)

    page = browser.get(HERE)
    assert page.status_code == 200
    assert 'action="/client/account"' not in page.text
    assert customer_of(alice).email in page.text
    assert browser.post(HERE, data=GOOD).status_code == 403
    assert customer_of(alice).company == ""


def test_everybody_changes_their_own_name(as_colleague, alice):
    browser = as_colleague(Role.VIEWER)

    assert browser.post(f"{HERE}/name", data={"first_name": "Thomas", "last_name": "Finch"}).status_code == 303

    tom = db.session().scalars(sa.select(User).where(User.email == "viewer@alder.example")).one()
    (row,) = [row for row in logged("USER_UPDATED") if row.resource_id == tom.id]
    assert tom.name == "Thomas Finch"
    assert audit.personal_part(row)["before"] == {"first_name": "Tom"}
    assert alice.first_name == "Alice"


@pytest.mark.parametrize("value", ["", "http://evil.example", "a" * 101, "a\u202eb"])
def test_a_name_is_a_name(as_alice, alice, value):
    response = as_alice.post(f"{HERE}/name", data={"first_name": value, "last_name": "M"})

    assert response.status_code == 422
    assert 'id="first_name-error"' in response.text
    assert alice.first_name == "Alice"


def test_names_with_signs_of_their_own_are_kept_as_they_are(as_alice, alice):
    as_alice.post(f"{HERE}/name", data={"first_name": "Zoë-Λ", "last_name": "O’Brien 李"})

    assert service.find_user(alice.id).name == "Zoë-Λ O’Brien 李"


def test_strangers(client, as_sam, as_bob, alice):
    assert client.get(HERE).status_code == 303
    assert client.post(HERE, data=GOOD).status_code == 303
    assert client.post(f"{HERE}/name", data={"first_name": "X"}).status_code == 303
    assert as_sam.get(HERE).status_code == 403
    assert as_sam.post(HERE, data=GOOD).status_code == 403
    as_bob.post(HERE, data=GOOD)
    assert customer_of(alice).company == ""
    assert alice.email not in as_bob.get(HERE).text
