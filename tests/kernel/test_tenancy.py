"""Tenants never see each other, whichever way a statement is put."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import aliased

from app.features.accounts.models import Customer, PasswordToken, User
from app.features.audit import service as audit
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id
from app.kernel.tenancy import ForeignTenant, NoTenant, TenantRecord, UnnamedStatement, across_tenants, as_tenant
from tests.kernel.houses import House, a_house, customer_of

pytestmark = pytest.mark.both_stores


@pytest.fixture
def mine(connection) -> House:
    return a_house("mine")


@pytest.fixture
def theirs(mine) -> House:
    return a_house("theirs")


def _tree():
    first = sa.select(Customer.id, Customer.tenant_id).cte("tree", recursive=True)
    return sa.select(
        first.union_all(
            sa.select(Customer.id, Customer.tenant_id).join(first, first.c.id == Customer.id).where(sa.false())
        )
    )


OTHER = aliased(Customer)
SUB = sa.select(Customer.id, Customer.name).subquery()
READS = {
    "entity": sa.select(Customer.name),
    "whole rows": sa.select(Customer),
    "columns": sa.select(Customer.id, Customer.email),
    "alias": sa.select(OTHER.name),
    "alias beside the entity": sa.select(OTHER.name).join(Customer, Customer.id == OTHER.id),
    "join": sa.select(User.email).join(Customer, Customer.id == User.customer_id),
    "subquery": sa.select(SUB.c.name),
    "aliased subquery": sa.select(aliased(Customer, sa.select(Customer).subquery()).name),
    "exists": sa.select(User.email).where(sa.exists().where(Customer.id == User.customer_id)),
    "in": sa.select(User.email).where(User.customer_id.in_(sa.select(Customer.id))),
    "scalar subquery": sa.select(sa.select(Customer.name).order_by(Customer.name.desc()).limit(1).scalar_subquery()),
    "union": sa.union(sa.select(Customer.name), sa.select(OTHER.name)),
    "recursive": _tree(),
    "grouped": sa.select(Customer.currency, sa.func.count()).group_by(Customer.currency),
}


@pytest.mark.parametrize("way", READS)
def test_a_read_shows_own_rows_only(mine, theirs, way):
    with as_tenant(mine.tenant), db.transaction(write=False) as session:
        own = session.execute(READS[way]).all()
    with across_tenants("operator"), db.transaction(write=False) as session:
        all_of_them = session.execute(READS[way]).all()

    assert len(own) == 1
    assert "theirs" not in repr([tuple(getattr(value, "name", value) for value in row) for row in own])
    assert repr(own) != repr(all_of_them), "the statement must be one that could have shown the others"


@pytest.mark.parametrize("way", READS)
def test_a_read_without_a_tenant_raises(mine, way):
    with pytest.raises(NoTenant), db.transaction(write=False) as session:
        session.execute(READS[way])


def test_counting_counts_own_rows(mine, theirs):
    with as_tenant(mine.tenant), db.transaction(write=False) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 1
        assert session.scalar(sa.select(sa.func.count(Customer.id))) == 1


def test_get_finds_own_rows_and_never_others(mine, theirs):
    with as_tenant(mine.tenant), db.transaction(write=False) as session:
        assert session.get(Customer, mine.customer) is not None
        assert session.get(Customer, theirs.customer) is None
        with pytest.raises(sa.exc.NoResultFound):
            session.get_one(Customer, theirs.customer)


def test_get_does_not_hand_over_what_another_tenant_left_in_the_identity_map(mine, theirs):
    """`get()` asks the identity map before the store."""
    with db.transaction() as session:
        with as_tenant(theirs.tenant):
            kept = session.get(Customer, theirs.customer)
            assert kept is not None
        with as_tenant(mine.tenant):
            assert session.get(Customer, theirs.customer) is None
            with pytest.raises(sa.exc.NoResultFound):
                session.get_one(Customer, theirs.customer)
        with as_tenant(theirs.tenant):
            assert session.get(Customer, theirs.customer) is kept


def test_refreshing_a_foreign_row_is_refused(mine, theirs):
    with db.transaction() as session:
        with as_tenant(theirs.tenant):
            row = session.get(Customer, theirs.customer)
            assert row is not None
        with as_tenant(mine.tenant), pytest.raises((ForeignTenant, sa.exc.InvalidRequestError)):
            session.refresh(row)


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(Customer.__table__),
        sa.select(Customer.__table__.c.name),
        sa.text("SELECT name FROM customers"),
        sa.insert(Customer.__table__),
        sa.update(Customer.__table__).values(name="x"),
        sa.delete(Customer.__table__),
    ],
    ids=["table", "column of the table", "text", "insert", "update", "delete"],
)
def test_core_and_textual_statements_are_refused_unless_they_say_why(mine, statement):
    with as_tenant(mine.tenant), db.transaction() as session, pytest.raises(UnnamedStatement):
        session.execute(statement)


def test_text_in_orm_clothes_shows_no_foreign_row(mine, theirs):
    as_rows = sa.select(Customer).from_statement(sa.text("SELECT * FROM customers ORDER BY name"))
    with as_tenant(mine.tenant), db.transaction(write=False) as session:
        try:
            found = [row.name for row in session.scalars(as_rows)]
        except (ForeignTenant, UnnamedStatement):
            found = []
    assert "theirs" not in found


def _say_so() -> None:
    """A verb speaks beside each bulk statement, or the log refuses it."""
    for kind in ("customer", "user"):
        audit.record("RECORD_UPDATED", resource_type=kind, resource_id=None)


def test_a_bulk_change_touches_own_rows_only(mine, theirs):
    with as_tenant(mine.tenant), db.transaction() as session:
        changed = session.execute(sa.update(Customer).values(city="Bergen"))
        assert changed.rowcount == 1
        session.execute(sa.delete(User))
        _say_so()
    with across_tenants("operator"), db.transaction(write=False) as session:
        cities = dict(session.execute(sa.select(Customer.name, Customer.city)).all())
        assert cities == {"mine": "Bergen", "theirs": ""}
        assert session.scalars(sa.select(User.id)).all() == [theirs.user]


def test_a_bulk_change_by_primary_key_does_not_reach_others(mine, theirs):
    """SQLAlchemy's bulk update by primary key takes no criteria: it must be refused or hit nothing."""
    with as_tenant(mine.tenant), db.transaction() as session:
        try:
            session.execute(sa.update(Customer), [{"id": theirs.customer, "city": "Taken"}])
        except (ForeignTenant, UnnamedStatement, sa.orm.exc.StaleDataError):
            session.rollback()
    with across_tenants("operator"), db.transaction(write=False) as session:
        assert set(session.scalars(sa.select(Customer.city))) == {""}


@pytest.mark.parametrize("way", ["bulk_insert_mappings", "bulk_update_mappings", "bulk_save_objects"])
def test_the_old_bulk_ways_past_every_hook_are_shut(mine, theirs, way):
    with as_tenant(mine.tenant), db.transaction() as session, pytest.raises(NotImplementedError):
        getattr(session, way)(Customer, [{"id": theirs.customer, "city": "Taken"}])


def test_an_upsert_cannot_hit_another_tenants_row(mine, theirs, store):
    insert = sa.dialects.postgresql.insert if store == "postgresql" else sa.dialects.sqlite.insert
    row = {name: make() for name, make in BULK.items()} | {"tenant_id": mine.tenant, "id": theirs.customer}
    upsert = insert(Customer).values(**row).on_conflict_do_update(index_elements=["id"], set_={"city": "Taken"})
    with as_tenant(mine.tenant), db.transaction() as session, pytest.raises(UnnamedStatement):
        session.execute(upsert)


def test_a_bulk_change_cannot_move_a_row_to_another_tenant(mine, theirs):
    with as_tenant(mine.tenant), pytest.raises((ForeignTenant, sa.exc.DBAPIError)), db.transaction() as session:
        session.execute(sa.update(User).values(tenant_id=theirs.tenant, customer_id=theirs.customer))
    with across_tenants("operator"), db.transaction(write=False) as session:
        assert set(session.scalars(sa.select(User.tenant_id))) == {mine.tenant, theirs.tenant}


BULK = {"id": new_id, "created_at": clock.now, "name": lambda: "planted", "email": lambda: "p@example.com",
        "currency": lambda: "USD", "search_key": lambda: "planted"}  # fmt: skip


@pytest.mark.parametrize("way", ["rows", "values", "list of values", "no tenant named", "from a select"])
def test_a_bulk_insert_into_another_tenant_is_refused(mine, theirs, way):
    row = {name: make() for name, make in BULK.items()} | {"tenant_id": theirs.tenant}
    own = {name: make() for name, make in BULK.items()} | {"tenant_id": mine.tenant}

    def plant(session: db.PanelSession) -> None:
        if way == "rows":
            session.execute(sa.insert(Customer), [own, row])
        elif way == "values":
            session.execute(sa.insert(Customer).values(**row))
        elif way == "list of values":
            session.execute(sa.insert(Customer).values([own, row]))
        elif way == "no tenant named":
            del row["tenant_id"]
            session.execute(sa.insert(Customer), [row])
        else:
            source = sa.select(sa.bindparam("i", row["id"], Customer.id.type), sa.literal(row["tenant_id"], Customer.id.type),
                               sa.literal(row["created_at"], Customer.created_at.type), sa.literal("planted"), sa.literal("p@example.com"),
                               sa.literal("USD"), sa.literal("planted"))  # fmt: skip
            session.execute(sa.insert(Customer).from_select(
                ["id", "tenant_id", "created_at", "name", "email", "currency", "search_key"], source))  # fmt: skip

    refused = pytest.raises((ForeignTenant, UnnamedStatement, sa.exc.DBAPIError))
    with refused, as_tenant(mine.tenant), db.transaction() as session:
        plant(session)
    with across_tenants("operator"), db.transaction(write=False) as session:
        assert "planted" not in session.scalars(sa.select(Customer.name)).all()


def test_a_bulk_insert_for_oneself_is_fine(mine):
    row = {name: make() for name, make in BULK.items()} | {"tenant_id": mine.tenant}
    with as_tenant(mine.tenant), db.transaction() as session:
        session.execute(sa.insert(Customer), [row])
        _say_so()
        assert session.scalar(sa.select(sa.func.count(Customer.id))) == 2


def test_a_new_row_is_stamped_and_another_tenants_refused(mine, theirs):
    with as_tenant(mine.tenant), db.transaction() as session:
        row = customer_of("new")
        session.add(row)
        session.flush()
        assert row.tenant_id == mine.tenant
    planted = customer_of("planted")
    planted.tenant_id = theirs.tenant
    with as_tenant(mine.tenant), pytest.raises(ForeignTenant), db.transaction() as session:
        session.add(planted)
    with pytest.raises(NoTenant), db.transaction() as session:
        session.add(customer_of("nobody's"))


def test_a_row_cannot_be_carried_to_another_tenant_nor_deleted_from_there(mine, theirs):
    with as_tenant(mine.tenant), pytest.raises(ForeignTenant), db.transaction() as session:
        row = session.scalars(sa.select(Customer)).one()
        row.tenant_id = theirs.tenant
    with pytest.raises(ForeignTenant), db.transaction() as session:
        with as_tenant(theirs.tenant):
            row = session.scalars(sa.select(Customer)).one()
        with as_tenant(mine.tenant):
            session.delete(row)
            session.flush()


def test_a_row_cannot_point_to_another_tenants(mine, theirs):
    """The foreign key is composite, so the store itself refuses it."""
    pointing = User(email="a@x.example", email_key="a@x.example", customer_id=theirs.customer, customer_role=1)
    with as_tenant(mine.tenant), pytest.raises((ForeignTenant, sa.exc.IntegrityError)), db.transaction() as session:
        session.add(pointing)
        session.flush()
    with as_tenant(mine.tenant), pytest.raises((ForeignTenant, sa.exc.IntegrityError)), db.transaction() as session:
        session.execute(sa.update(User).values(customer_id=theirs.customer))
    token = PasswordToken(
        user_id=theirs.user, purpose="reset", token_hash=b"x", lasts_seconds=1, expires_at=clock.now()
    )
    with as_tenant(mine.tenant), pytest.raises((ForeignTenant, sa.exc.IntegrityError)), db.transaction() as session:
        session.add(token)


def test_looking_across_tenants_needs_a_listed_reason(mine):
    with pytest.raises(NoTenant), across_tenants("because"):
        pass
    with across_tenants("operator"), pytest.raises(NoTenant):
        tenancy.current()


def test_the_tenant_goes_back_to_what_it_was(mine, theirs):
    with as_tenant(mine.tenant):
        with as_tenant(theirs.tenant):
            assert tenancy.current() == theirs.tenant
        assert tenancy.current() == mine.tenant
        with pytest.raises(RuntimeError), across_tenants("sweep"):
            raise RuntimeError
        assert tenancy.current() == mine.tenant
    assert not tenancy.is_set()


def test_a_change_of_tenant_inside_a_unit_reaches_the_store(mine, theirs):
    with as_tenant(mine.tenant), db.transaction() as session:
        assert session.scalars(sa.select(Customer.name)).all() == ["mine"]
        with as_tenant(theirs.tenant):
            assert session.scalars(sa.select(Customer.name)).all() == ["theirs"]
        assert session.scalars(sa.select(Customer.name)).all() == ["mine"]


def test_a_statement_that_fails_says_so_itself_whatever_tenant_it_was_for(mine, theirs):
    with as_tenant(mine.tenant), db.transaction() as session:
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested(), as_tenant(theirs.tenant):
            session.execute(sa.update(Customer).values(status="no such status"))
        assert session.scalars(sa.select(Customer.name)).all() == ["mine"]


@pytest.fixture
def neighbour() -> Iterator[type[TenantRecord]]:
    """Customers with a way over the walls: `others` are all of the same currency."""

    class Neighbour(TenantRecord):
        __abstract__ = True

    table, apart = Customer.__table__, orm.registry()
    others = orm.relationship(
        Neighbour,
        primaryjoin=table.c.currency == orm.remote(orm.foreign(table.c.currency)),
        viewonly=True,
        uselist=True,
        order_by=table.c.name,
    )
    apart.map_imperatively(Neighbour, table, properties={"others": others})
    yield Neighbour
    apart.dispose()


EAGERLY = {"joined": orm.joinedload, "subquery": orm.subqueryload, "selectin": orm.selectinload}


@pytest.mark.parametrize("way", ["lazily", *EAGERLY])
def test_what_a_relationship_loads_is_kept_to_the_tenant_too(mine, theirs, neighbour, way):
    options = [] if way == "lazily" else [EAGERLY[way](neighbour.others)]
    wanted = sa.select(neighbour).options(*options)

    with as_tenant(mine.tenant), db.transaction(write=False) as session:
        assert [[other.name for other in row.others] for row in session.scalars(wanted).unique()] == [["mine"]]
    with across_tenants("operator"), db.transaction(write=False) as session:
        all_of_them = [[other.name for other in row.others] for row in session.scalars(wanted).unique()]
        assert all_of_them == [["mine", "theirs"]] * 2, "the relationship must be one that could have shown the others"


def test_what_is_loaded_later_is_kept_to_the_tenant_that_is_set_then(mine, theirs, neighbour):
    with db.transaction() as session:
        with across_tenants("operator"):
            first, second = session.scalars(sa.select(neighbour).order_by(neighbour.name)).all()
        with as_tenant(mine.tenant):
            assert [other.name for other in first.others] == ["mine"]
        with pytest.raises(NoTenant):
            _ = second.others


def test_a_column_of_a_foreign_row_is_not_loaded_later(mine, theirs, neighbour):
    with db.transaction() as session:
        with as_tenant(theirs.tenant):
            expired = session.get_one(neighbour, theirs.customer)
            session.expire(expired)
        with as_tenant(mine.tenant), pytest.raises((ForeignTenant, orm.exc.ObjectDeletedError)):
            _ = expired.name


@pytest.mark.parametrize("way", EAGERLY)
def test_what_is_loaded_at_once_hands_over_no_row_that_another_tenants_work_left(mine, theirs, neighbour, way):
    with db.transaction() as session:
        with as_tenant(theirs.tenant):
            kept = session.get(neighbour, theirs.customer)
            assert kept is not None
        with as_tenant(mine.tenant):
            row = session.scalars(sa.select(neighbour).options(EAGERLY[way](neighbour.others))).unique().one()
            assert [other.name for other in row.others] == ["mine"]
