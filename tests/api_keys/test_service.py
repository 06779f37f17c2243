"""Keys: made once, recognised by their hash alone, revoked at once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import members
from app.features.api_keys import activity, service
from app.features.api_keys.activity import note_use
from app.features.api_keys.models import ApiActivity, ApiKey
from app.features.audit.models import AuditLog
from app.kernel import access, buffer, clock, db, tenancy
from app.kernel.access import Actor, Role
from app.kernel.errors import Invalid, NotFound
from app.kernel.paging import page
from tests.api_keys.factories import make_key
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


def test_a_key_opens_what_its_scopes_say_for_its_tenant(tenant):
    key, secret = make_key(scopes=("webhook", "marketing", "marketing"))

    who = service.resolve(secret)

    assert who is not None
    assert (who.key_id, who.tenant_id, who.scopes) == (key.id, tenant.id, frozenset({"marketing", "webhook"}))
    assert who.hourly_limit == 1000
    assert (who.user_id, who.staff_role, who.customer_id) == (None, None, None)


def test_only_a_fingerprint_of_it_is_kept(tenant):
    key, secret = make_key()

    assert secret.startswith("mk_")
    assert key.prefix == secret[:7]
    held = [
        str(value)
        for value in db.session().execute(sa.select(ApiKey.__table__).execution_options(panel_named="test")).one()
    ]
    assert not any(secret[3:] in value for value in held)


def test_the_other_kind_begins_otherwise(tenant):
    _key, secret = make_key(kind="api", scopes=("admin",))

    assert secret.startswith("mpanel_")
    assert service.resolve(secret) is not None


def test_what_is_nearly_a_key_is_none(tenant):
    _key, secret = make_key()
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for wrong in (
        "", secret[:-1], secret + "A", flipped, secret + " ", " " + secret, secret + "\n", secret.lower(), secret[3:],
        secret[:7], "mk_", "\0" * 46, "mk_" + "é" * 43, secret.replace("mk_", "mpanel_"),
    ):  # fmt: skip
        assert service.resolve(wrong) is None, wrong


def test_a_revoked_key_opens_nothing_from_the_next_look_on(tenant):
    key, secret = make_key()

    service.revoke(key)

    assert service.resolve(secret) is None
    assert key.revoked_at == clock.now()


def test_revoking_twice_keeps_the_first_moment_and_tells_once(tenant, now):
    key, _secret = make_key()
    service.revoke(key)
    first = key.revoked_at
    now.shift(60)

    service.revoke(key)
    db.session().refresh(key)

    assert key.revoked_at == first
    told = sa.select(sa.func.count(AuditLog.id)).where(AuditLog.action == "API_KEY_REVOKED")
    assert db.session().scalar(told) == 1


def test_a_key_ends_by_itself(tenant, now):
    _key, secret = make_key(expires_in_days=1)
    assert service.resolve(secret) is not None

    now.shift(timedelta(days=1))

    assert service.resolve(secret) is None


def test_a_look_is_one_query(tenant, queries):
    _key, secret = make_key()

    with queries(max=1):
        service.resolve(secret)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"name": " "}, "name"), ({"name": "x" * 101}, "name"), ({"name": "a\nb"}, "name"),
     ({"scopes": ("all",)}, "scopes"), ({"scopes": ()}, "scopes"),
     ({"expires_in_days": 0}, "expiresIn"), ({"expires_in_days": 3651}, "expiresIn")],
)  # fmt: skip
def test_a_key_without_sense_is_refused(tenant, more, field):
    with pytest.raises(Invalid) as refusal:
        service.create(**{"name": "Site", **more})
    assert list(refusal.value.fields) == [field]


def test_the_audit_log_hears_of_a_key_but_not_what_it_is(tenant, olive):
    _key, secret = make_key()

    rows = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "API_KEY_CREATED")).all()

    assert len(rows) == 1
    assert secret[7:] not in repr([rows[0].state_after, rows[0].description])


def test_a_key_of_another_tenant_is_not_there(tenant, other_tenant, sam):
    with tenancy.as_tenant(other_tenant.id):
        key, _secret = make_key()

    with pytest.raises(NotFound):
        service.find(principal_of(sam), key.id)
    assert service.list_keys().items == []


def test_a_customer_finds_no_key(tenant, alice):
    key, _secret = make_key()

    with pytest.raises(NotFound):
        service.find(principal_of(alice), key.id)


def use(key: ApiKey, status: int = 200) -> None:
    note_use(
        key_id=key.id, tenant_id=key.tenant_id, method="GET", route="/api/x/<id>", status=status, milliseconds=12.6,
        address="192.0.2.1", user_agent="curl\0/8",
    )  # fmt: skip


def test_each_use_is_kept_a_moment_later_for_every_tenant(tenant, other_tenant, now):
    mine, _ = make_key()
    with tenancy.as_tenant(other_tenant.id):
        theirs, _ = make_key()
        db.session().flush()
    use(mine)
    now.shift(1)
    use(mine, 429)
    use(theirs)

    buffer.flush()

    calls = page(sa.select(ApiActivity), ApiActivity).items
    assert [(call.api_key_id, call.status) for call in calls] == [(mine.id, 429), (mine.id, 200)]
    assert (calls[0].method, calls[0].route, calls[0].milliseconds) == ("GET", "/api/x/<id>", 13)
    assert b"192.0.2.1" not in (calls[0].personal or b"192.0.2.1")
    assert activity.origins(calls)[calls[0].id] == {"ip": "192.0.2.1", "user_agent": "curl/8"}
    db.session().refresh(mine)
    assert mine.last_used_at == clock.now()
    assert activity.last_day(mine) == activity.Day(2, 1)


def test_a_call_with_a_key_that_is_gone_holds_up_no_other(tenant):
    key, _ = make_key()
    use(key)
    gone = ApiKey(id=tenant.id, tenant_id=tenant.id)
    use(gone)

    buffer.flush()

    calls = page(sa.select(ApiActivity), ApiActivity).items
    assert {call.api_key_id for call in calls} == {key.id, None}


# A key is worth what the person who answers for it may now (PROMISES, case 49).


@pytest.fixture
def sams_key(sam):
    with access.acting(Actor(user_id=sam.id, name="Sam")):
        return make_key(scopes=("marketing", "admin", "webhook"))


@pytest.mark.parametrize("what", ["demoted", "deactivated", "removed"])
def test_without_an_admin_behind_it_a_key_only_serves_the_site(sams_key, sam, olive, what):
    key, secret = sams_key
    everything = frozenset({"marketing", "admin", "webhook"})
    assert service.resolve(secret).scopes == service.scopes_in_force(key) == everything
    who = principal_of(olive)
    {
        "demoted": lambda: members.change_role(who, sam, Role.BILLING),
        "deactivated": lambda: members.deactivate(who, sam),
        "removed": lambda: members.remove(who, sam),
    }[what]()
    db.session().flush()

    assert service.resolve(secret).scopes == service.scopes_in_force(key) == frozenset({"marketing"})

    with access.acting(Actor(user_id=olive.id, name="Olive")):
        service.adopt(key)
    db.session().flush()
    assert service.resolve(secret).scopes == everything
    (row,) = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "API_KEY_ADOPTED"))
    assert (row.state_before["created_by"], row.state_after["created_by"]) == (str(sam.id), str(olive.id))


def test_a_role_that_was_raised_again_is_worth_what_it_was(sams_key, sam, olive):
    _key, secret = sams_key
    for role, scopes in ((Role.VIEWER, {"marketing"}), (Role.OWNER, {"marketing", "admin", "webhook"})):
        members.change_role(principal_of(olive), sam, role)
        db.session().flush()
        assert service.resolve(secret).scopes == scopes


def test_a_key_of_the_command_line_is_the_houses_own(tenant):
    _key, secret = make_key(scopes=("admin",))
    assert service.resolve(secret).scopes == {"admin"}


def test_a_key_that_says_what_was_paid_is_void_without_an_admin_behind_it(sam, olive):
    with access.acting(Actor(user_id=sam.id, name="Sam")):
        key, secret = make_key(scopes=("marketing",), payments="collected")
    assert service.resolve(secret).scopes == {"marketing"}

    members.remove(principal_of(olive), sam)
    db.session().flush()

    assert service.resolve(secret).scopes == service.scopes_in_force(key) == frozenset()
