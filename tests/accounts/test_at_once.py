"""Two at the same moment, each with a connection of its own: one address, one account, and the old address wins."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from app.features.accounts import email_changes, members, sign_up
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, EmailChange, EmailUndo, User
from app.kernel import crypto, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Refusal
from tests.accounts.factories import PASSWORD_HASH, make_mate
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores

ROUNDS = 4


def at_once(house, *pairs):
    """Run each (look, act) at the same moment, in a transaction of its own; what was refused or not found is False.

    Everybody has looked before anybody acts, where the store lets several write at a time.
    """
    gate = threading.Barrier(len(pairs))

    def one(pair):
        look, act = pair
        if not db.is_postgresql():
            gate.wait()
        try:
            with tenancy.as_tenant(house), db.transaction():
                found = look()
                if db.is_postgresql():
                    gate.wait()
                if found is None:
                    return False
                act(found)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(len(pairs)) as pool:
        return list(pool.map(one, pairs))


def token_of(row):
    return crypto.link_token(row.link_purpose, row.id)


def make_person(number):
    _customer, user = accounts.register(
        email=f"old{number}@example.com", first_name="Old", last_name="", password_hash=PASSWORD_HASH
    )
    return user


def ask(user, email):
    """The tokens of a fresh wish for `email`: to confirm it, and to undo it."""
    email_changes.request(user, email)
    change = email_changes.pending(user.id)
    undo = db.session().scalars(sa.select(EmailUndo).where(EmailUndo.change_id == change.id)).one()
    return token_of(change), token_of(undo)


def person(user_id):
    return lambda: db.session().get_one(User, user_id)


def by_token(find, act, token):
    return (lambda: find(token)), act


def confirming(token):
    return by_token(email_changes.find, email_changes.confirm, token)


def undoing(token):
    return by_token(email_changes.find_undo, lambda found: email_changes.undo(found[0]), token)


def read(house, query):
    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        return session.scalars(query).all()


def test_two_who_sign_up_with_one_address_at_once_make_one_account(own_house):
    """Each asked at the same moment: one of their links works, and makes one account."""
    for number in range(ROUNDS):
        wish = {"email": f"new{number}@example.com", "last_name": "", "company": "", "terms_version": ""}
        asking = [
            ((lambda: True), lambda _, name=name, wish=wish: sign_up.request(**wish, first_name=name, wants_news=False))
            for name in ("Ann", "Eve")
        ]
        assert at_once(own_house, *asking) == [True, True]
        wishes = read(own_house, sa.select(sign_up.SignUp).where(sign_up.SignUp.email == wish["email"]))
        assert [row.revoked_at is None for row in wishes].count(True) == 1
        tokens = [token_of(row) for row in wishes]
        confirm = [
            by_token(sign_up.find, lambda row: sign_up.confirm(row, PASSWORD_HASH), token) for token in tokens * 2
        ]

        assert sum(at_once(own_house, *confirm)) == 1
        assert len(read(own_house, sa.select(User.id).where(User.email_key == wish["email"]))) == 1
    assert len(read(own_house, sa.select(Customer.id))) == ROUNDS


def test_one_change_of_address_confirmed_by_four_at_once_is_made_once(own_house):
    for number in range(ROUNDS):
        with tenancy.as_tenant(own_house), db.transaction():
            token, _undo = ask(make_person(number), f"new{number}@example.com")

        assert sum(at_once(own_house, *[confirming(token)] * 4)) == 1
    assert sorted(read(own_house, sa.select(User.email))) == [f"new{number}@example.com" for number in range(ROUNDS)]
    assert len(read(own_house, sa.select(EmailUndo.id))) == 2 * ROUNDS


def test_of_two_people_who_confirm_one_address_at_once_one_gets_it(own_house):
    for number in range(ROUNDS):
        with tenancy.as_tenant(own_house), db.transaction():
            people = [make_person(f"{number}-{each}") for each in range(2)]
            tokens = [ask(user, f"new{number}@example.com")[0] for user in people]

        assert sum(at_once(own_house, *map(confirming, tokens))) == 1
    assert len(read(own_house, sa.select(User.id).where(User.email.startswith("new")))) == ROUNDS


def test_of_two_changes_asked_for_at_once_one_can_be_confirmed(own_house):
    for number in range(ROUNDS):
        with tenancy.as_tenant(own_house), db.transaction():
            user_id = make_person(number).id
        asking = [
            (
                person(user_id),
                lambda user, name=name, number=number: email_changes.request(user, f"{name}{number}@example.com"),
            )
            for name in ("a", "b")
        ]

        assert at_once(own_house, *asking) == [True, True]
        still_open = sa.select(EmailChange.id).where(EmailChange.user_id == user_id, EmailChange.revoked_at.is_(None))
        assert len(read(own_house, still_open)) == 1


def test_the_old_address_has_its_account_back_whatever_is_confirmed_at_the_same_moment(own_house):
    """Who undoes must not find the change unmade, and stop there, while it is being made."""
    for number in range(ROUNDS):
        with tenancy.as_tenant(own_house), db.transaction():
            user = make_person(number)
            confirm, undo = ask(user, f"new{number}@example.com")

        _confirmed, undone = at_once(own_house, confirming(confirm), undoing(undo))

        assert undone
        [after] = read(own_house, sa.select(User).where(User.id == user.id))
        assert (after.email, after.email_key, after.password_hash) == (f"old{number}@example.com",) * 2 + (None,)
        assert (
            read(own_house, sa.select(EmailUndo.id).where(EmailUndo.used_at.is_(None), EmailUndo.revoked_at.is_(None)))
            == []
        )


def test_who_is_removed_while_confirming_keeps_no_address(own_house):
    for number in range(ROUNDS):
        with tenancy.as_tenant(own_house), db.transaction():
            user = make_person(number)
            owner, user_id = principal_of(make_mate(user, Role.OWNER)), user.id
            token, _undo = ask(user, f"new{number}@example.com")

        removing = person(user_id), lambda user, owner=owner: members.remove(owner, user)
        at_once(own_house, confirming(token), removing)

        assert read(own_house, sa.select(User.email_key).where(User.id == user_id)) == [f"removed:{user_id}"]
