"""Nothing changes unlogged: every change of a row stands in the log with before and after, named or not."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.features import load_tables
from app.features.accounts.models import Customer, CustomerNote, User
from app.features.audit import keys, service, unit
from app.features.audit.models import AuditLog, PersonKey
from app.features.audit.watched import EXEMPT, WATCHED
from app.features.catalogue.models import Price, Product
from app.features.tenants.models import Tenant
from app.kernel import db
from app.kernel.access import Actor, acting
from app.kernel.ids import new_id
from tests.support.counting import Queries


@pytest.fixture
def product(tenant: Tenant) -> Product:
    """A plan; how it came about has been told."""
    found = Product(slug="cloud", name="Cloud", category="shared-hosting", active=True, storage_gb=5)
    db.session().add(found)
    db.session().flush()
    forget_setup()
    return found


def forget_setup() -> None:
    """What the test's own set-up changed is no part of what it asks."""
    db.session().info["audit"] = None


def finish() -> None:
    """What the end of a unit of work does."""
    unit._finish(db.session())


def told(*actions: str) -> list[AuditLog]:
    asked = sa.select(AuditLog).where(AuditLog.action.in_(actions)) if actions else sa.select(AuditLog)
    return list(db.session().scalars(asked.order_by(AuditLog.position)))


def test_every_table_is_watched_or_left_alone_for_a_reason() -> None:
    tables = load_tables().tables
    assert set(tables) == set(WATCHED) | set(EXEMPT)
    assert not set(WATCHED) & set(EXEMPT)
    assert all(len(reason.split()) >= 3 for reason in EXEMPT.values())
    for name, watched in WATCHED.items():
        columns = set(tables[name].columns.keys())
        used = watched.quiet | watched.personal | {watched.person, watched.part_of[1]} - {""}
        assert used <= columns, name


@pytest.mark.both_stores
def test_a_verb_tells_what_changed_flushed_or_not(product: Product) -> None:
    product.featured = True
    db.session().flush()
    product.storage_gb = 10
    service.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id, after={"why": "asked"})
    finish()

    (row,) = told()
    assert row.state_before == {"featured": False, "storage_gb": 5}
    assert row.state_after == {"why": "asked", "featured": True, "storage_gb": 10}


def test_two_verbs_tell_each_its_own_part(product: Product) -> None:
    product.storage_gb = 10
    service.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id)
    product.storage_gb = 20
    db.session().flush()
    service.record("PRODUCT_ARCHIVED", resource_type="product", resource_id=product.id)
    finish()

    first, second = told()
    assert (first.state_before, first.state_after) == ({"storage_gb": 5}, {"storage_gb": 10})
    assert (second.state_before, second.state_after) == ({"storage_gb": 10}, {"storage_gb": 20})


def test_what_changes_after_the_verb_spoke_is_told_with_it(product: Product) -> None:
    service.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id)
    product.websites = 7
    finish()

    (row,) = told()
    assert row.state_after == {"websites": 7}


@pytest.mark.both_stores
def test_what_no_verb_names_gets_a_row_of_its_own(product: Product) -> None:
    with acting(Actor(user_id=new_id(), name="Sam", request_id="req-7")):
        product.description = "Larger"
        made = Product(slug="other", name="Other", category="shared-hosting")
        db.session().add(made)
        finish()
        db.session().delete(made)
        finish()

    created, updated, deleted = told("RECORD_UPDATED", "RECORD_CREATED", "RECORD_DELETED")
    assert (updated.resource_type, updated.resource_id, updated.request_id) == ("product", product.id, "req-7")
    assert (updated.state_before, updated.state_after) == ({"description": ""}, {"description": "Larger"})
    assert created.state_before is None
    assert created.state_after is not None
    assert created.state_after["slug"] == "other"
    assert deleted.state_before is not None
    assert (deleted.state_before["slug"], deleted.state_after) == ("other", None)


def test_changing_nothing_and_going_back_tell_nothing(product: Product) -> None:
    product.storage_gb = 5
    finish()

    assert told() == []


def test_parts_are_told_with_what_they_are_parts_of(product: Product) -> None:
    db.session().add(Price(product_id=product.id, currency="EUR", cycle="monthly", amount_minor=499, setup_minor=0))
    db.session().flush()
    service.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id)
    finish()

    (row,) = told()
    assert row.state_after is not None
    assert row.state_after["prices"][0]["amount_minor"] == 499


def test_a_savepoint_that_is_taken_back_was_never_told(product: Product) -> None:
    service.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id, after={"kept": 1})
    with db.session().begin_nested() as savepoint:
        product.storage_gb = 99
        service.record("PRODUCT_ARCHIVED", resource_type="product", resource_id=product.id)
        assert len(told()) == 2  # written inside, with what was held before
        savepoint.rollback()
    finish()

    assert [row.action for row in told()] == ["PRODUCT_UPDATED"]


def test_what_is_personal_is_encrypted_for_whom_it_is_about(alice: User) -> None:
    customer = db.session().get_one(Customer, alice.customer_id)
    forget_setup()
    with acting(Actor(user_id=new_id(), name="Sam")):
        customer.phone = "+31 20 555 0100"
        customer.country = "NL"
        finish()

    (row,) = told("RECORD_UPDATED")
    assert row.state_after == {"country": "NL"}
    assert "555" not in repr(row.personal)
    assert db.session().get_one(PersonKey, row.personal_key_id).person_id == customer.id
    part = service.personal_part(row)
    assert part is not None
    assert (part["actor"], part["after"]) == ("Sam", {"phone": "+31 20 555 0100"})


def test_what_is_personal_of_a_part_is_encrypted_too(alice: User) -> None:
    customer = db.session().get_one(Customer, alice.customer_id)
    forget_setup()
    db.session().add(CustomerNote(customer_id=customer.id, text="Marked words"))
    db.session().flush()
    service.record("NOTE_WRITTEN", resource_type="customer", resource_id=customer.id)
    finish()

    (row,) = told("NOTE_WRITTEN")
    assert "Marked" not in repr(row.state_after)
    assert "Marked words" in repr(service.personal_part(row))
    assert db.session().get_one(PersonKey, row.personal_key_id).person_id == customer.id


def test_both_names_are_kept_where_staff_act_as_somebody(tenant: Tenant) -> None:
    forget_setup()
    staff, person = new_id(), new_id()
    with acting(Actor(user_id=person, name="Alice", impersonator_id=staff, impersonator_name="Sam")):
        service.record("USER_UPDATED", resource_type="user", resource_id=person)
    finish()

    (row,) = told("USER_UPDATED")
    assert (row.actor_user_id, row.impersonator_user_id) == (person, staff)
    part = service.personal_part(row)
    assert part is not None
    assert (part["actor"], part["impersonator"]) == ("Alice", "Sam")


@pytest.fixture
def strict() -> Iterator[None]:
    before = unit.Strict.is_on
    unit.Strict.is_on = True
    yield
    unit.Strict.is_on = before


def test_a_statement_past_the_unit_of_work_must_be_named(product: Product, strict: None) -> None:
    change = sa.update(Product).where(Product.id == product.id).values(storage_gb=6)
    db.session().execute(change.execution_options(synchronize_session=False))
    with pytest.raises(unit.Unnamed, match="product"):
        finish()

    unit.Strict.is_on = False
    finish()
    (row,) = told("RECORD_UPDATED")
    assert (row.resource_type, row.resource_id, row.state_after) == ("product", None, {"storage_gb": 6})


def test_a_statement_that_hits_nothing_or_only_counts_needs_no_name(product: Product, strict: None) -> None:
    nothing = sa.update(Product).where(Product.id == new_id()).values(storage_gb=6).returning(Product.id)
    assert db.session().execute(nothing.execution_options(synchronize_session=False)).all() == []
    db.session().execute(sa.update(Customer).values(credit_minor=0).execution_options(synchronize_session=False))
    finish()


def test_many_rows_are_written_by_one_statement_and_keys_are_asked_once(tenant: Tenant, queries: Queries) -> None:
    forget_setup()
    people = [new_id() for _ in range(30)]
    keys.for_people(people)
    with queries(max=2) as seen:
        for person in people:
            service.record("USER_UPDATED", resource_type="user", resource_id=person, person_id=person)
        finish()

    assert sum(text.startswith("INSERT INTO audit_logs") for text in seen) == 1


def test_values_are_told_as_json_bears_them(tenant: Tenant) -> None:
    some_id = new_id()
    service.record(
        "JOB_RUN", resource_type="job", resource_id=None,
        after={"rate": Decimal("1.50"), "id": some_id, "raw": b"\x01", "many": {"b"}, "long": "x" * 5_000},
    )  # fmt: skip
    finish()

    (row,) = told("JOB_RUN")
    assert row.state_after is not None
    assert row.state_after["rate"] == "1.50"
    assert (row.state_after["id"], row.state_after["raw"], row.state_after["many"]) == (str(some_id), "[masked]", ["b"])
    assert len(row.state_after["long"]) == 2_000
