"""Who may come in: one ladder for each side, and the sides never mixed."""

import pytest

from app.kernel import access
from app.kernel.access import Access, Principal, Role, access_of, anyone, keyed, requires, signed_in
from app.kernel.errors import Forbidden, NotSignedIn
from app.kernel.ids import new_id

TENANT = new_id()


def staff(role: Role) -> Principal:
    return Principal(tenant_id=TENANT, user_id=new_id(), staff_role=role)


def customer(role: Role) -> Principal:
    return Principal(tenant_id=TENANT, user_id=new_id(), customer_id=new_id(), customer_role=role)


def key(*scopes: str) -> Principal:
    return Principal(tenant_id=TENANT, key_id=new_id(), scopes=frozenset(scopes))


def mark(decorator) -> Access:
    found = access_of(decorator(lambda: None))
    assert found is not None
    return found


@pytest.mark.parametrize("needed", list(Role))
@pytest.mark.parametrize("held", list(Role))
def test_a_role_and_those_above_it_pass(needed, held):
    route = mark(requires(staff=needed))

    if held >= needed:
        route.admit(staff(held))
    else:
        with pytest.raises(Forbidden):
            route.admit(staff(held))


@pytest.mark.parametrize("role", list(Role))
def test_a_customers_owner_never_passes_for_staff_nor_staff_for_a_customer(role):
    with pytest.raises(Forbidden):
        mark(requires(staff=Role.VIEWER)).admit(customer(role))
    with pytest.raises(Forbidden):
        mark(requires(customer=Role.VIEWER)).admit(staff(role))


def test_a_route_for_both_asks_each_side_for_its_own_role():
    route = mark(requires(staff=Role.ADMIN, customer=Role.BILLING))

    route.admit(customer(Role.BILLING))
    route.admit(staff(Role.ADMIN))
    with pytest.raises(Forbidden):
        route.admit(staff(Role.BILLING))
    with pytest.raises(Forbidden):
        route.admit(customer(Role.MEMBER))


def test_nobody_and_programs_are_sent_away_from_peoples_routes():
    for route in (mark(requires(staff=Role.VIEWER, customer=Role.VIEWER)), mark(signed_in())):
        with pytest.raises(NotSignedIn):
            route.admit(None)
        with pytest.raises(Forbidden):
            route.admit(key("marketing", "admin"))


def test_a_person_without_any_role_may_only_see_to_their_own_things():
    somebody = Principal(tenant_id=TENANT, user_id=new_id())

    mark(signed_in()).admit(somebody)
    with pytest.raises(Forbidden):
        mark(requires(staff=Role.VIEWER, customer=Role.VIEWER)).admit(somebody)


def test_a_key_needs_the_very_scope_and_people_are_no_keys():
    route = mark(keyed("marketing"))

    route.admit(key("marketing", "webhook"))
    with pytest.raises(Forbidden) as refusal:
        route.admit(key("admin"))
    assert refusal.value.code == "wrong_scope"
    for stranger in (None, staff(Role.OWNER), customer(Role.OWNER)):
        with pytest.raises(NotSignedIn):
            route.admit(stranger)


def test_everybody_may_come_where_it_says_so():
    for visitor in (None, staff(Role.VIEWER), customer(Role.VIEWER), key()):
        mark(anyone()).admit(visitor)


def test_a_view_without_a_mark_says_nothing():
    assert access_of(lambda: None) is None


def test_who_acts_is_the_system_until_somebody_says_so():
    somebody = access.Actor(user_id=new_id(), name="Sam")

    assert access.actor().name == "system"
    with access.acting(somebody):
        assert access.actor() is somebody
    assert access.actor().name == "system"
