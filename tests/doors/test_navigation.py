"""Nobody is led to a door that does not open for them."""

from app.doors.navigation import navigation
from app.kernel import ids
from app.kernel.access import Principal, Role


def hrefs(who: Principal, *, is_operator: bool = True) -> set[str]:
    return {item.href for group in navigation(who, "/admin", is_operator=is_operator) for item in group.items}


def test_every_entry_opens_for_whoever_sees_it(request, sign_in, tenant):
    from tests.support.cast import make_staff

    for role in Role:
        browser = sign_in(make_staff(f"{role.name}@harbourline.example", role.name, role))
        who = Principal(tenant_id=tenant.id, user_id=ids.new_id(), staff_role=role)
        for href in hrefs(who):
            assert browser.get(href).status_code == 200, f"{role.name} is led to {href}"


def test_operations_are_for_the_operators_staff_alone():
    who = Principal(tenant_id=ids.new_id(), user_id=ids.new_id(), staff_role=Role.OWNER)

    assert "/admin/ops" in hrefs(who)
    assert "/admin/ops" not in hrefs(who, is_operator=False)


def test_the_entry_that_one_came_by_is_marked_also_where_the_address_is_another():
    who = Principal(tenant_id=ids.new_id(), user_id=ids.new_id(), customer_id=ids.new_id(), customer_role=Role.VIEWER)

    for path in ("/client/account", "/client/account/email", "/client/privacy"):
        groups = navigation(who, path, is_operator=False)
        assert [item.href for group in groups for item in group.items if item.current] == ["/client/account"], path


def test_what_is_drawn_once_is_nobody_elses(sign_in):
    from tests.support.cast import make_staff

    owner, viewer = (sign_in(make_staff(f"{role.name}@harbourline.example", role.name, role)) for role in
                     (Role.OWNER, Role.VIEWER))  # fmt: skip
    for _ in range(2):
        for browser, sees_audit in ((owner, True), (viewer, False)):
            for path in ("/admin/customers", "/admin/blog"):
                side = browser.get(path).text.partition("</aside>")[0]
                assert ('href="/admin/audit"' in side) is sees_audit
                assert [part[:40].partition('"')[0] for part in side.split('class="item" href="')[1:]
                        if part.partition(">")[0].endswith('aria-current="page"')] == [path]  # fmt: skip
