"""Another role, shut out, let in again, gone: who may do it to whom, and what follows."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
import sqlalchemy as sa

from app.features.accounts import members, service
from app.features.accounts.members import AccessEnded
from app.features.accounts.models import PasswordToken, User
from app.features.accounts.rights import AboveYou, LastOwner, NotYourself, reach, reach_of
from app.features.audit.models import AuditLog
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.features.sessions.models import UserSession
from app.kernel import clock, db, searching, tenancy
from app.kernel.access import Role
from app.kernel.errors import NotFound, Refusal
from tests.accounts.factories import make_colleague, make_link, make_mate
from tests.support.cast import principal_of

VERBS = {
    "change_role": lambda who, user: members.change_role(who, user, Role.VIEWER),
    "deactivate": members.deactivate,
    "reactivate": members.reactivate,
    "remove": members.remove,
    "send_link": members.send_link,
}
each_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


def state_of(user: User) -> tuple[object, ...]:
    return user.role, user.disabled_at, user.removed_at, user.email_key


def logged(action: str) -> list[AuditLog]:
    return list(db.session().scalars(sa.select(AuditLog).where(AuditLog.action == action)))


# Who may do it to whom.


@each_verb
def test_staff_touch_colleagues_up_to_their_own_role_from_admin_up(olive, verb):
    everybody_on_everybody(verb, lambda role: make_colleague(role))


@each_verb
def test_a_customers_people_touch_each_other_by_the_same_ladder(alice, verb):
    everybody_on_everybody(verb, lambda role: make_mate(alice, role))


def everybody_on_everybody(verb, make) -> None:
    """Somebody of each role does it to somebody of each role."""
    for by, of in product(Role, Role):
        who, user = make(by), make(of)
        before = state_of(user)
        if by >= Role.ADMIN and of <= by:
            verb(principal_of(who), user)
        else:
            with pytest.raises(AboveYou):
                verb(principal_of(who), user)
            assert state_of(user) == before, (by, of)


@each_verb
def test_staff_from_admin_up_have_all_say_over_a_customers_people(alice, verb):
    for role in Role:
        who, user = make_colleague(role), make_mate(alice, Role.OWNER)
        if role >= Role.ADMIN:
            verb(principal_of(who), user)
        else:
            with pytest.raises(AboveYou):
                verb(principal_of(who), user)


@each_verb
def test_nobody_does_it_to_people_of_another_account_or_to_staff_from_outside(alice, bob, sam, verb):
    for user in (bob, sam):
        with pytest.raises(AboveYou):
            verb(principal_of(alice), user)


@each_verb
def test_nobody_does_it_to_themselves(alice, olive, verb):
    for user in (alice, olive):
        make_mate(alice, Role.OWNER), make_colleague(Role.OWNER)
        with pytest.raises(NotYourself):
            verb(principal_of(user), user)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name)
def test_nobody_grants_a_role_above_their_own(alice, olive, role):
    for admin, user in (
        (make_colleague(Role.ADMIN), make_colleague(Role.VIEWER)),
        (make_mate(alice, Role.ADMIN), make_mate(alice, Role.VIEWER)),
    ):
        if role <= Role.ADMIN:
            members.change_role(principal_of(admin), user, role)
            assert user.role == role
        else:
            with pytest.raises(AboveYou):
                members.change_role(principal_of(admin), user, role)
            assert user.role == Role.VIEWER


def test_a_role_that_was_just_lost_moves_nothing(sam, olive):
    """What the request was let in with is old by the time it acts."""
    before = principal_of(sam)
    sam.staff_role = int(Role.VIEWER)

    with pytest.raises(AboveYou):
        members.deactivate(before, make_colleague(Role.VIEWER))


def test_what_a_page_offers_is_what_may_be_done(alice, olive):
    for role in Role:
        for who in (make_colleague(role), make_mate(alice, role)):
            for side in (None, alice.customer_id, who.id):
                assert reach_of(principal_of(who), side) == reach(who, side)


def test_finding_keeps_to_the_side_and_the_account(alice, bob, sam, olive):
    mate = make_mate(alice, Role.MEMBER)
    assert members.find(principal_of(alice), mate.id) is mate
    assert members.find(principal_of(sam), bob.id, customer_id=bob.customer_id) is bob
    assert members.find(principal_of(sam), olive.id, is_staff=True) is olive
    for who, user, asked in (
        (alice, bob, {}), (alice, sam, {}), (alice, sam, {"is_staff": True}), (sam, olive, {}), (sam, alice, {"is_staff": True}),
        (sam, bob, {"customer_id": alice.customer_id}),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            members.find(principal_of(who), user.id, **asked)


# The last owner.


@pytest.mark.parametrize("verb", ["change_role", "deactivate", "remove"])
def test_the_last_owner_of_an_account_stays(alice, sam, verb):
    with pytest.raises(LastOwner):
        VERBS[verb](principal_of(sam), alice)
    second = make_mate(alice, Role.OWNER)
    VERBS[verb](principal_of(sam), alice)
    with pytest.raises(LastOwner):
        VERBS[verb](principal_of(sam), second)


@pytest.mark.parametrize("verb", ["change_role", "deactivate", "remove"])
def test_an_owner_who_is_shut_out_is_none(alice, sam, verb):
    members.deactivate(principal_of(sam), make_mate(alice, Role.OWNER))
    with pytest.raises(LastOwner):
        VERBS[verb](principal_of(sam), alice)


@pytest.mark.both_stores
@pytest.mark.parametrize("verb", ["change_role", "deactivate", "remove"])
def test_two_owners_cannot_take_each_other_away_at_once(own_house, verb):
    """PROMISES, case 48: of two who act at the same moment one comes too late, among staff and in an account."""

    def act(pair):
        who, user_id = pair
        with tenancy.as_tenant(own_house):
            try:
                with db.transaction() as session:
                    VERBS[verb](who, session.get_one(User, user_id))
            except (LastOwner, AboveYou, NotFound):
                return False
            return True

    for round_number in range(3):
        for make in (_two_staff, _two_mates):
            with tenancy.as_tenant(own_house), db.transaction():
                one, other = make(round_number)
                pairs = [(principal_of(one), other.id), (principal_of(other), one.id)]
            with ThreadPoolExecutor(2) as pool:
                done = list(pool.map(act, pairs))
            assert sorted(done) == [False, True]
            with tenancy.as_tenant(own_house), db.transaction():
                for user_id in (one.id, other.id):  # for the next round
                    db.session().get_one(User, user_id).staff_role = one.staff_role and int(Role.VIEWER)


def _two_staff(round_number):
    return [
        service.create_staff(
            email=f"{round_number}-{number}@staff.example", first_name="O", last_name="O", role=Role.OWNER
        )
        for number in range(2)
    ]


def _two_mates(round_number):
    _customer, one = service.register(email=f"{round_number}@mates.example", first_name="O", last_name="O")
    return one, make_mate(one, Role.OWNER)


# What follows.


def test_a_changed_role_ends_the_logins_and_is_logged(as_sam, olive, sam):
    members.change_role(principal_of(olive), sam, Role.MEMBER)

    assert as_sam.get("/admin").status_code == 303
    (row,) = logged("USER_ROLE_CHANGED")
    assert (row.state_after["before"], row.state_after["role"], row.resource_id) == ("admin", "member", sam.id)


def test_who_has_another_role_is_told_what_it_allows_each_time(alice, olive, sam):
    mate = make_mate(alice, Role.MEMBER)
    for who, user, role in (
        (olive, sam, Role.MEMBER), (olive, sam, Role.ADMIN), (alice, mate, Role.BILLING), (alice, mate, Role.BILLING),
    ):  # fmt: skip
        members.change_role(principal_of(who), user, role)

    mails = db.session().scalars(sa.select(EmailMessage).where(EmailMessage.template == "role_changed")).all()
    assert sorted(mail.to_address for mail in mails) == sorted([sam.email, sam.email, mate.email])
    to_sam, to_mate = (next(mail for mail in mails if mail.to_user_id == user.id) for user in (sam, mate))
    text = rendering.draw(to_sam).text
    assert "among the staff of Harbourline" in text and "is admin from now on: changes money" in " ".join(text.split())
    assert text.count("/admin\n") == 1
    draft = rendering.draw(to_mate)
    assert draft.subject == f"Your role in {alice.name} is billing now"
    for part in (draft.text, draft.html):
        assert "sees and pays invoices" in " ".join(part.split()) and "/client" in part


def test_who_cannot_sign_in_is_not_told(alice, olive):
    mate = make_mate(alice, Role.MEMBER)
    members.deactivate(principal_of(alice), mate)
    members.change_role(principal_of(alice), mate, Role.VIEWER)

    assert db.session().scalars(sa.select(EmailMessage.id).where(EmailMessage.template == "role_changed")).all() == []


def test_the_same_role_again_changes_nothing(as_sam, olive, sam):
    members.change_role(principal_of(olive), sam, Role.ADMIN)

    assert as_sam.get("/admin").status_code == 200
    assert logged("USER_ROLE_CHANGED") == []


def test_a_login_does_not_come_back_with_the_access(as_sam, olive, sam):
    members.deactivate(principal_of(olive), sam)
    members.deactivate(principal_of(olive), sam)
    assert as_sam.get("/admin").status_code == 303
    members.reactivate(principal_of(olive), sam)
    members.reactivate(principal_of(olive), sam)

    assert sam.disabled_at is None
    assert as_sam.get("/admin").status_code == 303
    assert {row.end_reason for row in db.session().scalars(sa.select(UserSession))} == {"access ended"}
    assert len(logged("USER_DEACTIVATED")) == len(logged("USER_REACTIVATED")) == 1


def test_a_password_link_does_not_come_back_either(olive, sam):
    _link, token = make_link(sam)
    members.deactivate(principal_of(olive), sam)
    members.reactivate(principal_of(olive), sam)

    assert service.find_password_link(token) is None


def test_who_is_removed_is_gone_but_named_in_histories(as_sam, olive, sam):
    members.remove(principal_of(olive), sam)

    assert as_sam.get("/admin").status_code == 303
    assert searching.record_ids("user", "sam") == []
    with pytest.raises(NotFound):
        members.find(principal_of(olive), sam.id, is_staff=True)
    with pytest.raises(NotFound):
        members.reactivate(principal_of(olive), sam)
    assert service.find_user(sam.id).name == "Sam Okafor"
    again = service.create_staff(email="sam@harbourline.example", first_name="S", last_name="O", role=Role.VIEWER)
    assert again.id != sam.id


def test_an_owner_who_was_removed_is_not_let_in_again_by_a_reset(olive):
    members.remove(principal_of(make_colleague(Role.OWNER)), olive)

    user, _url = service.reset_owner()
    assert user.id != olive.id
    named, _url = service.reset_owner(olive.email)
    assert named.id != olive.id


def test_everybody_may_leave_but_the_last_owner(alice, bob, sam):
    mate = make_mate(alice, Role.VIEWER)
    members.leave(principal_of(mate))
    assert mate.removed_at == clock.now()
    assert service.people_of(alice.customer_id) == [alice]
    for user, refusal in ((alice, LastOwner), (sam, NotFound)):
        with pytest.raises(refusal):
            members.leave(principal_of(user))


def test_a_fresh_link_goes_to_who_may_sign_in(olive, sam):
    members.send_link(principal_of(olive), sam)
    (link,) = db.session().scalars(sa.select(PasswordToken).where(PasswordToken.revoked_at.is_(None)))
    assert (link.user_id, link.purpose) == (sam.id, "first")
    members.deactivate(principal_of(olive), sam)
    with pytest.raises(AccessEnded):
        members.send_link(principal_of(olive), sam)


def test_another_tenants_people_are_not_there(sam, charlie, other_tenant):
    with pytest.raises(Refusal):
        members.find(principal_of(sam), charlie.id, customer_id=charlie.customer_id)
    for verb in VERBS.values():
        with pytest.raises(Refusal):
            verb(principal_of(sam), charlie)
    assert charlie.removed_at is None
