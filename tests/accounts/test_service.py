"""Customers, people and password links."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import passwords, service
from app.features.accounts.models import Customer, PasswordToken, User
from app.features.audit.models import AuditLog
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Invalid, NotFound
from tests.accounts.factories import PASSWORD_HASH, make_link, shut_out
from tests.support.cast import principal_of

# One address, one person.


@pytest.mark.parametrize(
    "text",
    [
        "User@Example.com",
        " user@example.com ",
        "USER@EXAMPLE.COM",
        "ｕｓｅｒ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "user@ＥＸＡＭＰＬＥ.com",
    ],
)
def test_one_address_has_one_key_for_identity_and_limits_alike(text):
    assert service.normalise_email(text) == "user@example.com"
    assert service.limiter_key(text) == "user@example.com"


@pytest.mark.parametrize("text", ["usеr@example.com", "ùser@example.com", "us\u200ber@example.com"])
def test_a_look_alike_of_an_address_is_refused(text):
    with pytest.raises(Invalid):
        service.normalise_email(text)


def test_a_tagged_address_is_somebody_else():
    assert service.normalise_email("user+tag@example.com") != service.normalise_email("user@example.com")


@pytest.mark.parametrize(
    "text",
    ["", "x", "a@b", "@example.com", "a@example.com\nBcc: b@example.com", "A <a@example.com>", "a@example.com,b@example.com",
     "a@" + "x" * 300 + ".com", "a\0@example.com", "a@[127.0.0.1]", "x" * 100_000],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(text):
    with pytest.raises(Invalid) as refused:
        service.normalise_email(text)
    assert set(refused.value.fields) == {"email"}
    assert service.limiter_key(text) is not None


@pytest.mark.both_stores
def test_an_address_is_taken_once_in_a_tenant(tenant, other_tenant, alice):
    with pytest.raises(service.EmailTaken) as refused:
        service.register(email="ALICE@acme.example ", first_name="A", last_name="B")
    assert refused.value.fields
    with pytest.raises(service.EmailTaken):
        service.create_staff(email=alice.email, first_name="A", last_name="B", role=Role.ADMIN)
    assert db.session().scalar(sa.select(sa.func.count()).select_from(Customer)) == 1
    with tenancy.as_tenant(other_tenant.id):
        service.register(email=alice.email, first_name="A", last_name="B")


def test_registering_is_told_once_and_keeps_the_attribution(tenant):
    customer, user = service.register(
        email="New@Example.com",
        first_name="New",
        last_name="One",
        attribution=service.Attribution("google-ads", "summer"),
    )
    assert (customer.marketing_source, customer.utm_campaign, customer.currency) == ("google-ads", "summer", "USD")
    assert (user.email, user.email_key, user.role, user.is_staff) == (
        "New@example.com",
        "new@example.com",
        Role.OWNER,
        False,
    )
    told = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "USER_CREATED")).one()
    assert told.resource_id == user.id
    assert "example.com" not in str(told.state_after)


@pytest.mark.both_stores
def test_a_person_is_on_one_side_only(alice):
    with pytest.raises(sa.exc.IntegrityError), db.session().begin_nested():
        alice.staff_role = int(Role.ADMIN)
        db.session().flush()
    db.session().expire_all()


def test_a_customer_is_found_by_staff_and_its_own_people_alone(alice, bob, sam):
    assert service.find_customer(principal_of(sam), alice.customer_id).email == alice.email
    assert service.find_customer(principal_of(alice), alice.customer_id).email == alice.email
    with pytest.raises(NotFound):
        service.find_customer(principal_of(bob), alice.customer_id)


def test_another_tenants_customer_does_not_exist_for_staff(sam, charlie):
    with pytest.raises(NotFound):
        service.find_customer(principal_of(sam), charlie.customer_id)


def test_changing_a_customer_is_told_without_values(alice):
    customer = service.find_customer(principal_of(alice), alice.customer_id)
    service.update_customer(customer, city="Bath", company="Acme Ltd")
    service.update_customer(customer, city="Bath")
    told = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "CUSTOMER_UPDATED")).all()
    assert len(told) == 1
    assert told[0].state_after["changed"] == ["city", "company"]
    assert "acme ltd" in customer.search_key


# Password links.


@pytest.mark.both_stores
def test_a_link_works_once(alice):
    link, token = make_link(alice)
    found = service.find_password_link(token)
    assert found.id == link.id
    service.set_password(found, PASSWORD_HASH)
    assert service.find_password_link(token) is None
    with pytest.raises(service.LinkSpent):
        service.set_password(found, PASSWORD_HASH)


def test_only_a_hash_of_the_token_is_stored(alice):
    link, token = make_link(alice)
    assert token.encode() not in b"".join(value for value in vars(link).values() if isinstance(value, bytes))
    assert service.link_token(link) == token


@pytest.mark.parametrize(("purpose", "lasts"), [("reset", timedelta(hours=1)), ("first", timedelta(hours=72))])
def test_a_links_time_counts_from_its_delivery(alice, now, purpose, lasts):
    link, token = make_link(alice, purpose, delivered=False)
    now.shift(lasts / 2)
    service.mark_delivered(link)
    db.session().flush()
    now.shift(lasts - timedelta(seconds=1))
    assert service.find_password_link(token) is not None
    now.shift(timedelta(seconds=2))
    assert service.find_password_link(token) is None
    with pytest.raises(service.LinkSpent):
        service.set_password(link, PASSWORD_HASH)


def test_a_newer_link_ends_the_older(alice):
    _older, old = make_link(alice, "first")
    _newer, new = make_link(alice)
    assert service.find_password_link(old) is None
    assert service.find_password_link(new) is not None


def test_the_case_of_a_token_matters(alice):
    _link, token = make_link(alice)
    assert service.find_password_link(token.swapcase()) is None
    assert service.find_password_link("") is None


def test_a_link_is_nothing_at_another_tenant(alice, other_tenant):
    _link, token = make_link(alice)
    with tenancy.as_tenant(other_tenant.id):
        assert service.find_password_link(token) is None


def test_a_link_of_somebody_disabled_or_closed_is_dead(alice, bob):
    _link, token = make_link(alice)
    shut_out(alice)
    assert service.find_password_link(token) is None
    _link, token = make_link(bob)
    service.find_customer(principal_of(bob), bob.customer_id).status = "closed"
    db.session().flush()
    assert service.find_password_link(token) is None


def test_using_one_link_ends_all_others_of_that_person_alone(alice, bob):
    link, _token = make_link(alice)
    late = PasswordToken(
        user_id=alice.id,
        purpose="reset",
        token_hash=b"x" * 32,
        lasts_seconds=3600,
        expires_at=clock.now() + timedelta(hours=1),
    )
    db.session().add(late)
    _bobs, bobs = make_link(bob)
    service.set_password(link, PASSWORD_HASH)
    db.session().expire_all()
    assert late.revoked_at is not None
    assert service.find_password_link(bobs) is not None


def test_a_lost_owner_gets_a_fresh_link(tenant, olive, alice):
    olive.disabled_at = clock.now()
    user, url = service.reset_owner()
    assert user.id == olive.id
    assert olive.disabled_at is None
    assert service.find_password_link(url.partition("token=")[2]) is not None
    made, _url = service.reset_owner("fresh@example.com")
    assert made.staff_role == Role.OWNER
    with pytest.raises(service.EmailTaken):
        service.reset_owner(alice.email)


def test_no_owner_and_no_address_is_said(tenant):
    with pytest.raises(NotFound):
        service.reset_owner()


# Passwords.


@pytest.mark.parametrize(
    "password",
    ["short", "123456789", "password123", "PASSWORD123", "1q2w3e4r5t", "alice@acme.example", "ALICE@acme.example", "Alice-Marchetti-99",
     "harbourline2026", "Harbourline!!", "mpanel-mpanel"[:6] + "123456", "nul\0in the middle", "é" * 513, "\ud800" * 12],
)  # fmt: skip
def test_a_password_that_others_would_guess_is_refused_with_a_reason(alice, password):
    with pytest.raises(Invalid) as refused:
        service.check_password_rules(password, user=alice)
    assert refused.value.fields["password"]


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "x7!" * 30,
        "🦊🐙🐝🐢" * 4,
        "пароль не простой",
        "é" * 512,
        "a" * 1024,
        "  spaces stay  ",
    ],
)
def test_a_long_password_of_any_signs_is_fine(alice, password):
    service.check_password_rules(password, user=alice)
    assert service.can_be_password(password)


def test_the_list_of_common_passwords_ships_with_the_panel():
    assert len(passwords.common_passwords()) > 19_000
    assert {"password", "qwertyuiop", "1234567890"} <= passwords.common_passwords()


def test_a_row_of_users_says_nothing_readable_of_the_password(alice):
    service.give_password(alice, PASSWORD_HASH)
    assert db.session().scalars(sa.select(User.password_hash).where(User.id == alice.id)).one().startswith("$argon2id$")
