"""The second wall: PostgreSQL's row-level security, asked by raw SQL as the panel's own role."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.kernel import db, tenancy
from app.kernel.tenancy import as_tenant, named
from tests.kernel.houses import House, a_house

pytestmark = pytest.mark.only_store("postgresql")


@pytest.fixture
def mine(connection) -> House:
    return a_house("mine")


@pytest.fixture
def theirs(mine) -> House:
    return a_house("theirs")


def _raw(connection: sa.Connection, text: str):
    return connection.exec_driver_sql(text)


def test_the_panels_role_is_neither_superuser_nor_above_row_security(connection):
    who = _raw(connection, "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").one()

    assert tuple(who) == ("panel", False, False)


def test_every_tenants_table_has_forced_row_security(connection):
    text = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    guarded = set(_raw(connection, text).scalars())

    assert {table.name for table in tenancy.tenant_tables()} <= guarded


def test_raw_sql_sees_and_changes_own_rows_only(mine, theirs, connection):
    set_tenant = "SELECT set_config('mpanel.across', '', true), set_config('mpanel.tenant', '{}', true)"
    _raw(connection, set_tenant.format(mine.tenant))
    assert _raw(connection, "SELECT name FROM customers").scalars().all() == ["mine"]
    assert _raw(connection, "UPDATE customers SET city = 'Taken'").rowcount == 1
    assert _raw(connection, f"DELETE FROM users WHERE id = '{theirs.user}'").rowcount == 0
    savepoint = connection.begin_nested()
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        _raw(connection, f"UPDATE customers SET tenant_id = '{theirs.tenant}'")
    savepoint.rollback()
    _raw(connection, set_tenant.format(""))
    assert _raw(connection, "SELECT count(*) FROM customers").scalar() == 0


def test_a_named_statement_of_ours_meets_the_second_wall(mine, theirs):
    with as_tenant(mine.tenant), db.transaction() as session:
        found = session.execute(named(sa.text("SELECT name FROM customers"), "a test of the wall")).scalars().all()

    assert found == ["mine"]


def test_a_pooled_connection_carries_no_tenant_on(fresh_engine):
    house = a_house("only")
    with as_tenant(house.tenant), db.transaction(write=False) as session:
        session.scalars(sa.select(Customer)).all()
    for _ in range(3):
        with fresh_engine.connect() as connection:
            assert _raw(connection, "SELECT count(*) FROM customers").scalar() == 0
            assert _raw(connection, "SELECT coalesce(current_setting('mpanel.tenant', true), '')").scalar() == ""
