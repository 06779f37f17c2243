"""Statements that go straight to the driver: the same rows, the same errors, the same tenant."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.kernel import clock, db, prepared, tenancy
from tests.accounts.factories import make_customer

pytestmark = pytest.mark.both_stores

OURS = tenancy.named(
    sa.select(Customer.id, Customer.created_at, Customer.status, Customer.phone, sa.func.count().over())
    .where(Customer.tenant_id == sa.bindparam("tenant", type_=db.Id()), Customer.created_at <= sa.bindparam("now"))
    .where(Customer.status == "active")
    .order_by(Customer.id),
    "bound to the tenant that is given",
)


def bound() -> dict[str, object]:
    return {"tenant": tenancy.current(), "now": clock.now()}


def test_rows_are_those_of_the_ordinary_way(tenant):
    """Identifiers, moments, texts and what is empty come back alike, by name and by place."""
    with tenancy.as_tenant(tenant.id), db.transaction():
        made = [make_customer(name).id for name in ("Ann One", "Ben Two")]
    with tenancy.as_tenant(tenant.id), db.transaction(write=False) as session:
        straight = session.read(OURS, bound())
        usual = session.connection().execute(OURS, bound()).all()

        assert [tuple(row) for row in straight] == [tuple(row) for row in usual]
        assert [type(value) for value in straight[0]] == [type(value) for value in usual[0]]
        assert {row.id for row in straight} >= set(made)


def test_reading_goes_on_in_the_transaction_after_a_roll_back(tenant):
    """The connection is known for one transaction; the next is begun, and told its tenant, as the first was."""
    with tenancy.as_tenant(tenant.id), db.transaction():
        make_customer("Ann One")
    with tenancy.as_tenant(tenant.id), db.transaction(write=False) as session:
        before = session.read(OURS, bound())
        session.rollback()

        assert before
        assert session.read(OURS, bound()) == before
        assert session.in_transaction()


def test_an_error_is_told_as_sqlalchemy_tells_it(tenant):
    """So that the doors know a database that is away from one that was asked nonsense; values are not in it."""
    broken = tenancy.named(sa.select(sa.column("nothing")).where(sa.bindparam("secret") == "x"), "no table")
    with (
        tenancy.as_tenant(tenant.id),
        db.transaction(write=False) as session,
        pytest.raises(sa.exc.DBAPIError) as told,
    ):
        session.read(broken, {"secret": "hidden-value"})
    assert "hidden-value" not in str(told.value)


def test_what_was_not_named_is_refused(tenant):
    """Who goes past the session's hooks has said how it minds the tenant."""
    with db.transaction(write=False) as session, pytest.raises(AssertionError, match="named"):
        session.read(sa.select(Customer.id), {})


def test_what_is_kept_stays_bounded(tenant, monkeypatch):
    """Statements are made once; should one be made anew each time, memory does not grow."""
    monkeypatch.setattr(prepared, "MOST_KEPT", 3)
    with tenancy.as_tenant(tenant.id), db.transaction(write=False) as session:
        for number in range(10):
            one = tenancy.named(sa.select(sa.literal(number).label("number")), "no table")
            assert [row.number for row in session.read(one, {})] == [number]
    assert len(prepared._kept) <= 3
