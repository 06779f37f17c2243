"""The same request twice has one effect."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import clock, db, idempotency, tenancy
from app.kernel.errors import Conflict, Invalid
from app.kernel.idempotency import IdempotencyKey, Reply, once, sweep

pytestmark = pytest.mark.both_stores


class Work:
    """Something that must happen once: it counts, and writes a row."""

    def __init__(self) -> None:
        self.runs = 0
        self._lock = threading.Lock()

    def __call__(self) -> Reply:
        with self._lock:
            self.runs += 1
        db.session().add(IdempotencyKey(
            owner="effect", key=str(self.runs), route="", body_hash=b"", expires_at=clock.now() + timedelta(days=9)
        ))  # fmt: skip
        db.session().flush()
        return Reply(201, "application/json", f'{{"run":{self.runs},"word":"é"}}'.encode())


def effects() -> int:
    return db.session().scalar(sa.select(sa.func.count(IdempotencyKey.id)).where(IdempotencyKey.owner == "effect")) or 0


def ask(work: Work, key: str = "k", *, owner: str = "key:1", route: str = "POST /a", body: bytes = b"{}") -> Reply:
    return once(key, owner=owner, route=route, body=body, work=work)


def test_the_second_gets_the_answer_of_the_first_and_does_nothing(tenant):
    work = Work()

    first, second = ask(work), ask(work)

    assert (first.status, first.body, first.is_replayed) == (201, '{"run":1,"word":"é"}'.encode(), False)
    assert (second.status, second.body, second.is_replayed) == (201, first.body, True)
    assert work.runs == effects() == 1


def test_another_body_or_route_under_the_same_key_is_refused_and_named(tenant):
    work = Work()
    ask(work)

    for more in ({"body": b'{"a": 1}'}, {"route": "POST /b"}):
        with pytest.raises(Invalid) as refusal:
            ask(work, **more)
        assert list(refusal.value.fields) == ["Idempotency-Key"]
    assert work.runs == 1


def test_another_owner_or_tenant_has_keys_of_their_own(tenant, other_tenant):
    work = Work()
    ask(work)

    ask(work, owner="key:2")
    with tenancy.as_tenant(other_tenant.id):
        ask(work)
        db.session().flush()

    assert work.runs == 3


def test_after_a_day_the_key_is_new(tenant, now):
    work = Work()
    ask(work)
    now.shift(timedelta(hours=23, minutes=59))
    assert ask(work).is_replayed

    now.shift(timedelta(minutes=2))
    again = ask(work, body=b'{"other": 1}')

    assert not again.is_replayed
    assert ask(work, body=b'{"other": 1}').body == again.body
    assert work.runs == 2


def test_the_answer_is_stored_sealed(tenant):
    ask(Work())

    row = db.session().scalars(sa.select(IdempotencyKey).where(IdempotencyKey.owner == "key:1")).one()

    assert row.answer is not None
    assert b"run" not in row.answer


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a\n", "x" * 256, "\x7f"])
def test_a_key_is_visible_ascii(key):
    with pytest.raises(Invalid) as refusal:
        idempotency.check_key(key)
    assert list(refusal.value.fields) == ["Idempotency-Key"]


@pytest.fixture
def real_tenant(fresh_engine: sa.Engine) -> Iterator[UUID]:
    """A tenant that is really committed."""
    with tenancy.across_tenants("operator"), db.transaction() as session:
        row = Tenant(name="Harbourline", slug="operator", is_operator=True)
        session.add(row)
    yield row.id
    tenants.forget()


def test_a_refusal_stores_nothing(real_tenant):
    work = Work()

    def refuse() -> Reply:
        work()
        raise Conflict("No.")

    with tenancy.as_tenant(real_tenant):
        with pytest.raises(Conflict), db.transaction():
            once("k", owner="key:1", route="POST /a", body=b"{}", work=refuse)
        with db.transaction():
            assert effects() == 0
            assert not ask(work).is_replayed


def test_killed_before_the_commit_leaves_nothing_and_after_it_everything(real_tenant):
    """What SIGKILL does: the transaction ends with or without its commit; there is no third way."""
    work = Work()
    with tenancy.as_tenant(real_tenant):
        token = db.begin(write=True)
        ask(work)
        db.end(token, commit=False)
        with db.transaction():
            assert (effects(), ask(work).is_replayed) == (0, False)
        with db.transaction():
            assert (effects(), ask(work).is_replayed) == (1, True)


def test_fifty_at_once_have_one_effect(real_tenant):
    work, gate = Work(), threading.Barrier(50)

    def one(_number: int) -> tuple[bytes, bool] | str:
        gate.wait()
        try:
            with tenancy.as_tenant(real_tenant), db.transaction():
                reply = ask(work)
                return reply.body, reply.is_replayed
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))

    assert work.runs == 1
    assert set(answers) <= {
        ('{"run":1,"word":"é"}'.encode(), False),
        ('{"run":1,"word":"é"}'.encode(), True),
        "still_running",
    }
    assert answers.count(('{"run":1,"word":"é"}'.encode(), False)) == 1
    with tenancy.as_tenant(real_tenant), db.transaction():
        assert effects() == 1


def test_when_the_first_of_many_is_refused_exactly_one_other_does_the_work(real_tenant):
    work, gate, refused = Work(), threading.Barrier(8), threading.Event()

    def work_or_refuse() -> Reply:
        if not refused.is_set():
            refused.set()
            raise Conflict("The first is refused.", code="refused")
        return work()

    def one(_number: int) -> str:
        gate.wait()
        try:
            with tenancy.as_tenant(real_tenant), db.transaction():
                return (
                    "replay"
                    if once("k", owner="key:1", route="POST /a", body=b"{}", work=work_or_refuse).is_replayed
                    else "done"
                )
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(one, range(8)))

    assert work.runs == 1
    assert answers == ["done", "refused", *["replay"] * 6]


def test_the_sweep_removes_what_is_over_in_every_tenant(real_tenant, now):
    work = Work()
    with tenancy.as_tenant(real_tenant), db.transaction():
        ask(work, "old")
    now.shift(timedelta(hours=25))
    with tenancy.as_tenant(real_tenant), db.transaction():
        ask(work, "young")

    assert sweep() == 1

    with tenancy.as_tenant(real_tenant), db.transaction() as session:
        assert list(session.scalars(sa.select(IdempotencyKey.key).where(IdempotencyKey.owner == "key:1"))) == ["young"]
