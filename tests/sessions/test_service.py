"""Logins: how long they stand, what ends them, what they say of a device."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import yaml

from app.features.accounts import members
from app.features.accounts import service as accounts
from app.features.sessions import devices, service, tasks
from app.features.sessions.models import UserSession
from app.kernel import buffer, clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import NotFound
from tests.sessions.factories import FIREFOX, SAFARI, is_in, make_login
from tests.support.cast import principal_of
from tests.support.stores import ROOT

DATA = ROOT.parent / "shared" / "data"


def test_a_login_says_who_it_is_in_one_read(alice, queries):
    _login, token = make_login(alice)
    db.session().expire_all()
    with queries(max=1):
        who = service.resolve(token)
    assert (who.user_id, who.customer_id, who.customer_role, who.staff_role) == (
        alice.id,
        alice.customer_id,
        Role.OWNER,
        None,
    )
    assert (who.name, who.initials) == ("Alice Marchetti", "AM")


def test_only_a_hash_of_the_token_is_stored(alice):
    login, token = make_login(alice)
    assert token.encode() not in login.token_hash + login.csrf_secret
    assert token not in str(vars(login))


@pytest.mark.parametrize(("who", "idle"), [("alice", service.CUSTOMER_IDLE), ("sam", service.STAFF_IDLE)])
def test_a_login_that_is_not_used_ends(request, now, who, idle):
    _login, token = make_login(request.getfixturevalue(who))
    now.shift(idle - timedelta(seconds=1))
    assert service.resolve(token, is_use=False) is not None
    now.shift(timedelta(seconds=2))
    assert service.resolve(token, is_use=False) is None


def test_a_login_ends_after_seven_days_however_much_it_is_used(alice, now):
    _login, token = make_login(alice)
    for _ in range(27):
        now.shift(timedelta(hours=6))
        assert service.resolve(token) is not None
        buffer.flush()
        db.session().expire_all()
    now.shift(timedelta(hours=6, seconds=1))
    assert service.resolve(token) is None


def test_a_page_that_polls_keeps_nobody_signed_in(as_alice, now):
    polling = {"HX-Request": "true", "HX-Trigger": "status"}
    for _ in range(7):
        now.shift(timedelta(hours=10))
        assert as_alice.get("/client/security/sessions", headers=polling).status_code == 200
        buffer.flush()
    now.shift(timedelta(hours=3))
    assert not is_in(as_alice)


def test_use_is_noted_once_a_minute_and_never_by_the_request_itself(as_alice, alice, now):
    before = clock.now()
    as_alice.get("/client/security/sessions")
    now.shift(59)
    as_alice.get("/client/security/sessions")
    assert db.session().scalars(sa.select(UserSession.last_active_at)).one() == before
    now.shift(2)
    as_alice.get("/client/security/sessions")
    assert db.session().scalars(sa.select(UserSession.last_active_at)).one() == before
    buffer.flush()
    assert db.session().scalars(sa.select(UserSession.last_active_at)).one() == clock.now()


def test_a_person_who_is_disabled_is_out_with_the_next_request(as_sam, sam, olive):
    assert is_in(as_sam, "/admin/security/sessions")
    members.deactivate(principal_of(olive), sam)
    assert not is_in(as_sam, "/admin/security/sessions")


def test_a_role_that_is_lowered_holds_from_the_next_request_on(as_sam, sam):
    assert as_sam.get("/api/sessions/admin/stats").status_code == 200
    sam.staff_role = int(Role.VIEWER)
    assert as_sam.get("/api/sessions/admin/stats").status_code == 403


def test_a_closed_customers_people_are_out(as_alice, alice):
    accounts.find_customer(principal_of(alice), alice.customer_id).status = "closed"
    assert not is_in(as_alice)


def test_a_suspended_tenants_people_are_out_within_a_minute(as_charlie, other_tenant, now):
    assert is_in(as_charlie)
    other_tenant.suspended_at = clock.now()
    now.shift(60)
    assert as_charlie.get("/client/security/sessions").status_code == 503


def test_the_list_holds_what_stands_and_the_present_one_first(alice, now):
    old, _ = make_login(alice)
    now.shift(60)
    present, token = make_login(alice, user_agent=FIREFOX)
    now.shift(60)
    newest, _ = make_login(alice)
    ended, _ = make_login(alice)
    service.end(ended)
    db.session().flush()
    assert [login.id for login in service.list_for(service.resolve(token))] == [present.id, newest.id, old.id]


@pytest.mark.both_stores
def test_logging_out_everywhere_else_leaves_this_one_and_other_people(alice, bob):
    _login, token = make_login(alice)
    for _ in range(3):
        make_login(alice)
    _bobs, bobs = make_login(bob)
    who = service.resolve(token)
    assert service.end_others(who) == 3
    assert service.end_others(who) == 0
    assert service.resolve(token) is not None
    assert service.resolve(bobs) is not None


def test_somebody_elses_login_is_not_there(alice, bob, charlie, other_tenant):
    bobs, _ = make_login(bob)
    with tenancy.as_tenant(other_tenant.id):
        charlies, _ = make_login(charlie)
    for login in (bobs, charlies):
        with pytest.raises(NotFound):
            service.find(principal_of(alice), login.id)


# Removal at night.


@pytest.mark.parametrize(
    ("zone", "at", "night"),
    [("UTC", (20, 13, 22), (20, 2, 0)), ("UTC", (20, 1, 59), (19, 2, 0)), ("UTC", (20, 2, 0), (20, 2, 0)),
     ("Europe/Berlin", (20, 1, 0), (20, 1, 0)), ("Asia/Kathmandu", (20, 20, 15), (20, 20, 15)), ("America/New_York", (20, 6, 59), (19, 7, 0))],
)  # fmt: skip
def test_night_is_two_o_clock_where_the_tenant_lives(zone, at, night):
    assert tasks.last_night(datetime(2026, 11, *at, tzinfo=UTC), zone) == datetime(2026, 11, *night, tzinfo=UTC)


def test_logins_that_are_over_are_removed_at_night_in_every_tenant(alice, charlie, other_tenant, now):
    make_login(alice)
    with tenancy.as_tenant(other_tenant.id):
        make_login(charlie)
    now.shift(service.LASTS)
    present, _ = make_login(alice)
    db.session().expire_all()
    left = sa.select(sa.func.count()).select_from(UserSession)
    tasks.remove_expired(clock.now())  # 13:22: was not over at the last 02:00
    with tenancy.across_tenants("operator"):
        assert db.session().scalar(left) == 3
    with tenancy.across_tenants("schedule"):
        tasks.remove_expired(clock.now() + timedelta(days=1))
        assert [row.id for row in db.session().scalars(sa.select(UserSession))] == [present.id]
        tasks.remove_expired(clock.now() + timedelta(days=1))


# Devices.


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (SAFARI, ("mobile", "Safari", "iPhone")), (FIREFOX, ("desktop", "Firefox", "Windows")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
         ("desktop", "Safari", "macOS")),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36",
         ("mobile", "Chrome", "Android")),
        ("Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
         ("tablet", "Chrome", "Android")),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
         ("tablet", "Safari", "iPad")),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
         ("desktop", "Chrome", "ChromeOS")),
        ("", ("unknown", "", "")),
    ],
)  # fmt: skip
def test_a_device_is_called_what_people_call_it(user_agent, expected):
    device = devices.describe(user_agent)
    assert (device.type, device.browser, device.os) == expected


NAUGHTY = [
    "x" * 65536, "Mozilla/5.0 " * 5000, "\0", "\x1b[31m", "<script>alert(1)</script>", "'; DROP TABLE users; --", "Ω≈ç√∫", "\u202eevil",
    "(" * 60000, "a b" * 20000, "Mozilla/5.0 (" + ";" * 60000, "🦊" * 16000, "%s%n{0}${7*7}{{7*7}}", "../" * 9999, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("user_agent", NAUGHTY)
@pytest.mark.both_stores
def test_a_naughty_user_agent_makes_a_plain_row(alice, user_agent):
    login, _ = make_login(alice, user_agent=user_agent)
    db.session().expire_all()
    assert login.device
    assert len(login.device) <= 2 * devices.LONGEST_NAME + 4
    assert login.device.isprintable()


def test_what_a_device_says_of_itself_is_escaped(as_alice, alice):
    login, _ = make_login(alice)
    login.browser, login.os, login.ip = "<script>alert(1)</script>", '"><img src=x>', "<b>"
    text = as_alice.get("/client/security/sessions").text
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.needs_shared_data
@pytest.mark.parametrize("name", ["uap_test_ua.yaml", "uap_test_os.yaml", "uap_test_device.yaml.gz"])
def test_every_known_user_agent_is_described(name):
    raw = (DATA / name).read_bytes()
    cases = yaml.load(gzip.decompress(raw) if name.endswith(".gz") else raw, Loader=yaml.CSafeLoader)["test_cases"]
    assert len(cases) > 400
    for case in cases:
        device = devices.describe(case["user_agent_string"])
        assert device.type in {"desktop", "mobile", "tablet", "unknown"}
        assert len(device.browser) <= devices.LONGEST_NAME
        assert (device.browser + device.os).isprintable()
        if (
            name == "uap_test_ua.yaml"
            and len(case["user_agent_string"]) <= devices.LONGEST
            and case["family"] in {"Firefox", "Opera", "Edge"}
        ):
            assert device.browser == case["family"]
