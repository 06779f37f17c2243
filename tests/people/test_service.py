"""Asking somebody to come in: who may, what it is worth, and that nobody learns who is known here."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from app.features.accounts import by_hand, members
from app.features.accounts import service as accounts
from app.features.accounts.models import User
from app.features.accounts.rights import AboveYou
from app.features.messages import rendering
from app.features.messages import service as messages
from app.features.messages.kinds import KINDS
from app.features.people import service
from app.features.people.models import Invitation
from app.features.people.service import AccountClosed, AlreadyHere, AlreadyInvited, InvitationOver
from app.kernel import clock, crypto, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Invalid, NotFound, TooMany
from tests.accounts.factories import PASSWORD_HASH, make_colleague, make_mate
from tests.people.factories import logged, mails, make_invitation
from tests.support.cast import principal_of

ANN = "ann@example.com"


def accept(token: str, name: str = "Ann") -> User:
    user, _login, _token = service.accept(
        token, first_name=name, last_name="New", password_hash=PASSWORD_HASH, ip="127.0.0.1", user_agent="Firefox"
    )
    return user


# Who may ask whom to what.


def test_nobody_invites_above_their_own_role_and_only_from_admin_up(alice):
    for by, role in product(Role, Role):
        for who, customer_id in ((make_colleague(by), None), (make_mate(alice, by), alice.customer_id)):
            if by >= Role.ADMIN and role <= by:
                assert make_invitation(who, role=role, customer_id=customer_id)[0].granted is role
            else:
                with pytest.raises(AboveYou):
                    make_invitation(who, role=role, customer_id=customer_id)
    assert len(mails()) == 2 * (4 + 5)


@pytest.mark.parametrize("by", list(Role), ids=lambda role: f"by_{role.name}")
def test_staff_from_admin_up_invite_to_a_customers_account_with_any_role(alice, by):
    who = make_colleague(by)
    if by >= Role.ADMIN:
        assert make_invitation(who, role=Role.OWNER, customer_id=alice.customer_id)[0].granted is Role.OWNER
    else:
        with pytest.raises(AboveYou):
            make_invitation(who, role=Role.VIEWER, customer_id=alice.customer_id)


def test_customers_invite_nobody_elsewhere(alice, bob):
    for customer_id in (None, bob.customer_id):
        with pytest.raises(AboveYou):
            make_invitation(alice, customer_id=customer_id)


def test_what_is_open_to_an_account_is_withdrawn_when_it_closes(as_sam, alice, bob):
    mine, token = make_invitation(alice, customer_id=alice.customer_id)
    theirs, _token = make_invitation(bob, customer_id=bob.customer_id)
    staffs, _token = make_invitation(make_colleague(Role.ADMIN))

    by_hand.close(accounts.find_customer(principal_of(alice), alice.customer_id))

    db.session().expire_all()
    assert (mine.revoked_at, theirs.revoked_at, staffs.revoked_at) == (clock.now(), None, None)
    assert [row.resource_id for row in logged("INVITATION_WITHDRAWN")] == [mine.id]
    assert mine.email not in as_sam.get(f"/admin/customers/{alice.customer_id}/people").text
    by_hand.reopen(accounts.find_customer(principal_of(alice), alice.customer_id))
    assert service.open_by(token) is None


def test_a_closed_account_is_joined_by_nobody(alice, sam):
    _invitation, token = make_invitation(sam, customer_id=alice.customer_id)
    accounts.find_customer(principal_of(alice), alice.customer_id).status = "closed"
    with pytest.raises(AccountClosed):
        make_invitation(sam, customer_id=alice.customer_id)
    assert service.open_by(token) is None
    with pytest.raises(NotFound):
        make_invitation(sam, customer_id=sam.id)


# What is sent.


@pytest.mark.both_stores
def test_an_invitation_is_logged_and_mailed_with_its_link(alice, sam):
    invitation, token = make_invitation(alice, email="Ann@Example.COM", customer_id=alice.customer_id, delivered=False)

    (mail,) = mails()
    draft = rendering.draw(mail)
    (row,) = logged("USER_INVITED")
    assert (mail.to_address, mail.to_user_id) == ("Ann@example.com", None)
    assert draft.subject == "Alice Marchetti invites you to Alice Marchetti"
    for part in (draft.html, draft.text):
        assert f"http://127.0.0.1:2271/invitation?token={token}" in part
        assert "7 days" in part and "member" in part.lower()
    assert token not in draft.masked(draft.html) + draft.masked(draft.text)
    assert invitation.token_hash == crypto.digest(token)
    assert row.state_after["role"] == "member"
    assert "ann" not in str(row.state_after).lower()


def test_the_time_counts_from_the_delivery(sam, now):
    invitation, token = make_invitation(sam, delivered=False)
    now.shift(timedelta(days=6))
    assert rendering.find_link(mails()[0], KINDS["invitation"]) is invitation
    accounts.mark_delivered(invitation)
    db.session().flush()
    now.shift(timedelta(days=7) - timedelta(seconds=1))
    assert service.open_by(token) is not None
    now.shift(1)
    assert service.open_by(token) is None
    with pytest.raises(InvitationOver):
        accept(token)
    with pytest.raises(rendering.LinkIsSpent):
        rendering.draw(mails()[0])


def test_sent_again_it_has_its_whole_time_and_one_more_mail(sam, olive, now):
    invitation, token = make_invitation(sam)
    now.shift(timedelta(days=30))
    service.resend(principal_of(olive), invitation)
    db.session().flush()

    assert [mail.subject_id for mail in mails()] == [invitation.id] * 2
    assert (invitation.times_sent, invitation.invited_by, invitation.delivered_at) == (2, olive.id, None)
    assert rendering.draw(mails()[1]).secret == token
    assert service.open_by(token) is not None
    assert logged("INVITATION_RESENT")[0].state_after["times"] == 2


def test_withdrawn_it_is_worth_nothing(sam):
    invitation, token = make_invitation(sam)
    service.withdraw(principal_of(sam), invitation)

    assert service.open_by(token) is None
    for act in (service.withdraw, service.resend):
        with pytest.raises(NotFound):
            act(principal_of(sam), invitation)
    with pytest.raises(NotFound):
        service.find(principal_of(sam), invitation.id, is_staff=True)
    assert len(logged("INVITATION_WITHDRAWN")) == 1
    make_invitation(sam, email=invitation.email)


def test_several_accounts_may_want_the_same_person(alice, bob, sam):
    for by, customer_id in ((sam, None), (alice, alice.customer_id), (bob, bob.customer_id)):
        assert make_invitation(by, email=ANN, customer_id=customer_id)[0].email == ANN


@pytest.mark.both_stores
def test_the_same_address_again_is_named_at_its_field(alice, sam):
    for by, customer_id in ((sam, None), (alice, alice.customer_id)):
        make_invitation(by, email="ann@example.com" if customer_id else "ben@example.com", customer_id=customer_id)
        with pytest.raises(AlreadyInvited) as refusal:
            make_invitation(by, email="ANN@example.com" if customer_id else "Ben@example.com", customer_id=customer_id)
        assert set(refusal.value.fields) == {"email"}


def test_who_is_here_already_is_said_to_who_can_see_it(alice, sam, olive):
    mate = make_mate(alice, Role.VIEWER)
    for by, email, customer_id in (
        (alice, mate.email.upper(), alice.customer_id), (sam, mate.email, alice.customer_id), (sam, olive.email, None)
    ):  # fmt: skip
        with pytest.raises(AlreadyHere):
            make_invitation(by, email=email, customer_id=customer_id)


def test_there_is_a_limit_for_an_account_and_for_an_address(alice, bob, sam):
    for number in range(20):
        make_invitation(alice, email=f"a{number}@example.com", customer_id=alice.customer_id)
    with pytest.raises(TooMany):
        make_invitation(alice, email="one@example.com", customer_id=alice.customer_id)
    make_invitation(bob, email="one@example.com", customer_id=bob.customer_id)
    invitation, _token = make_invitation(sam, email="two@example.com")
    service.resend(principal_of(sam), invitation)
    service.resend(principal_of(sam), invitation)
    with pytest.raises(TooMany):
        service.resend(principal_of(sam), invitation)


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a@example.com, b@example.com", "a@example.com\nBcc: x@y.example"]
)
def test_what_is_no_address_is_refused(sam, email):
    with pytest.raises(Invalid):
        service.invite(principal_of(sam), email=email, role=Role.VIEWER)


# An address that is somebody's already (PROMISES, cases 4 and 20).


def test_a_known_address_is_invited_like_an_unknown_one(alice, bob, sam, charlie, queries):
    """The same rows, the same statements, and only the mail itself knows."""
    seen = []
    for email in ("nobody@example.com", bob.email, sam.email, charlie.email):
        with queries(max=40) as statements:
            invitation, _token = make_invitation(alice, email=email, customer_id=alice.customer_id)
        seen.append([text.split("WHERE")[0] for text in statements])
        assert (invitation.granted, invitation.times_sent) == (Role.MEMBER, 1)
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert [mail.template for mail in mails()] == ["invitation"] * 4


@pytest.mark.parametrize("whose", ["bob", "sam"])
def test_the_owner_of_a_known_address_gets_a_note_without_a_link(request, alice, whose):
    user = request.getfixturevalue(whose)
    _invitation, token = make_invitation(alice, email=user.email, customer_id=alice.customer_id)
    (mail,) = mails()

    draft = rendering.draw(mail)

    for part in (draft.html, draft.text):
        assert token not in part and "/invitation" not in part
        assert "already" in part and "Alice Marchetti" in part
    assert draft.subject == "You were invited at Harbourline"
    assert messages.open_link(mail) is None


def test_an_address_that_was_taken_meanwhile_comes_in_nowhere_twice(alice, bob):
    _invitation, token = make_invitation(alice, email=ANN, customer_id=alice.customer_id)
    _invitation, other = make_invitation(bob, email=ANN, customer_id=bob.customer_id)
    assert accept(token).customer_id == alice.customer_id
    with pytest.raises(service.AddressTaken):
        accept(other)


def test_who_was_removed_can_be_invited_again(alice):
    mate = make_mate(alice, Role.MEMBER)
    email = mate.email
    members.remove(principal_of(alice), mate)
    _invitation, token = make_invitation(alice, email=email, customer_id=alice.customer_id)
    assert accept(token).id != mate.id


# Coming in.


@pytest.mark.both_stores
def test_whoever_accepts_becomes_what_was_offered_once(alice, olive):
    for by, customer_id in ((olive, None), (alice, alice.customer_id)):
        invitation, token = make_invitation(by, role=Role.ADMIN, customer_id=customer_id)
        user = accept(token)
        assert (user.role, user.customer_id, user.is_staff) == (Role.ADMIN, customer_id, customer_id is None)
        assert (user.name, user.email, user.email_verified_at) == ("Ann New", invitation.email, clock.now())
        assert invitation.accepted_by == user.id
        with pytest.raises(InvitationOver):
            accept(token)
    assert {row.state_after["role"] for row in logged("INVITATION_ACCEPTED")} == {"admin"}


def test_an_address_that_no_mail_reached_is_not_confirmed(sam):
    _invitation, token = make_invitation(sam, delivered=False)
    assert accept(token).email_verified_at is None


@pytest.mark.parametrize("what", ["demoted", "deactivated", "removed"])
def test_an_invitation_is_worth_what_its_maker_may_grant_now(sam, olive, what):
    """PROMISES, case 49, of invitations: whoever lost the right cannot have handed it on."""
    owner = make_colleague(Role.OWNER)
    invitation, token = make_invitation(owner, role=Role.OWNER)
    if what == "demoted":
        members.change_role(principal_of(olive), owner, Role.ADMIN)
    else:
        {"deactivated": members.deactivate, "removed": members.remove}[what](principal_of(olive), owner)

    assert service.open_by(token) is None
    with pytest.raises(InvitationOver):
        accept(token)
    with pytest.raises(AboveYou):
        service.resend(principal_of(sam), invitation)
    service.resend(principal_of(olive), invitation)
    assert accept(token).role is Role.OWNER


def test_a_token_is_nothing_at_another_tenant_or_for_another_purpose(alice, other_tenant):
    invitation, token = make_invitation(alice, customer_id=alice.customer_id)
    assert accounts.find_password_link(token) is None
    assert service.open_by(crypto.link_token("password", invitation.id)) is None
    assert service.open_by(token.swapcase()) is None
    with tenancy.as_tenant(other_tenant.id):
        assert service.open_by(token) is None


def test_finding_keeps_to_the_side_and_the_account(alice, bob, sam):
    mine, _token = make_invitation(alice, customer_id=alice.customer_id)
    staffs, _token = make_invitation(sam)
    assert service.find(principal_of(alice), mine.id) is mine
    assert service.find(principal_of(sam), mine.id, customer_id=alice.customer_id) is mine
    assert service.find(principal_of(sam), staffs.id, is_staff=True) is staffs
    for who, invitation, asked in (
        (bob, mine, {}), (alice, staffs, {}), (alice, staffs, {"is_staff": True}), (sam, mine, {"is_staff": True}),
        (sam, staffs, {}), (sam, mine, {"customer_id": bob.customer_id}),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            service.find(principal_of(who), invitation.id, **asked)


@pytest.mark.both_stores
def test_accepted_by_eight_at_once_it_makes_one_person(own_house):
    with tenancy.as_tenant(own_house), db.transaction():
        owner = make_colleague(Role.OWNER)
        _invitation, token = make_invitation(owner, email=ANN)

    def come_in(number):
        with tenancy.as_tenant(own_house):
            try:
                with db.transaction():
                    accept(token, f"Ann{number}")
            except (InvitationOver, service.AddressTaken):
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come_in, range(8))) == 1
    with tenancy.as_tenant(own_house), db.transaction(write=False) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(User).where(User.email == ANN)) == 1
        assert session.scalars(sa.select(Invitation)).one().used_at is not None
