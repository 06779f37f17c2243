"""Invoices searched by their customers' words, where few customers have thousands, and where many have none."""

import pytest
import sqlalchemy as sa

from app.features.billing.listing import INVOICES
from app.features.billing.models import Invoice
from app.kernel import clock, db, lists, terms
from app.kernel.ids import new_id
from tests.accounts.factories import make_customer
from tests.kernel.test_lists import plans_of

pytestmark = pytest.mark.both_stores
EACH = 2600


@pytest.fixture
def busy(tenant, now, monkeypatch):
    """Two customers called `big` with thousands of invoices and some drafts each, and one with three."""
    monkeypatch.setattr(lists, "ON_A_PAGE", 900)
    big = [make_customer(f"{name} Big").id for name in ("Ann", "Bob")]
    small = make_customer("Small One").id
    for customer_id, count in ((big[0], EACH), (small, 3), (big[1], EACH)):
        for number in range(count):
            now.shift(60)
            write(customer_id, is_draft=number % 10 == 0)
    db.session().flush()
    INVOICES._counts.clear()
    return tenant


def write(customer_id, *, is_draft):
    now = clock.now()
    values = {"customer_id": customer_id, "currency": "USD", "subtotal_minor": 500, "discount_minor": 0, "tax_minor": 0}
    values |= {"total_minor": 500, "billed_to": {}, "seller": {}, "created_at": now, "id": new_id()}
    if not is_draft:
        sequence = int(now.timestamp())
        values |= {"status": "issued", "sequence": sequence, "number": f"INV-{sequence:012}"}
        values |= {"issued_at": now, "due_at": now}
    db.session().add(Invoice(**values))


def walk(**asked):
    """All rows page by page, and that the way back shows the same."""
    pages, cursor = [], ""
    while True:
        found = INVOICES.page(INVOICES.read({**asked, "cursor": cursor}))
        pages.append([line.id for line in found.items])
        if not found.next_cursor:
            break
        cursor = found.next_cursor
    back = []
    while found.previous_cursor:
        found = INVOICES.page(INVOICES.read({**asked, "cursor": found.previous_cursor}))
        back.append([line.id for line in found.items])
    assert back == pages[-2::-1]
    return [one for page in pages for one in page]


def expected(*, falling):
    by = Invoice.created_at.desc() if falling else Invoice.created_at
    big = sa.select(Invoice.id).where(Invoice.status != "draft").order_by(by)
    return list(db.session().scalars(big))


def test_the_invoices_of_few_customers_are_found_whole_and_read_customer_by_customer(busy, connection, store):
    small = {line.id for line in INVOICES.page(INVOICES.read({"q": "small"})).items}
    assert len(small) == 2
    for sort in ("newest", "oldest"):
        wanted = [one for one in expected(falling=sort == "newest") if one not in small]
        assert walk(q="big", sort=sort) == wanted
        asked = INVOICES.read({"q": "big", "sort": sort})
        assert [line.id for line in INVOICES.export(asked, tenant_id=busy.id)] == wanted
    for narrowed in ({"sort": "amount"}, {"status": "issued"}):
        assert sorted(walk(q="big", **narrowed)) == sorted(wanted)
    assert walk(q="big", status="void") == []
    assert str(INVOICES.count(INVOICES.read({"q": "big"}))) == "more than 1,000"
    assert str(INVOICES.count(INVOICES.read({"q": "big", "status": "void"}))) == "0"
    connection.exec_driver_sql("ANALYZE")
    with plans_of(connection, store) as plans:
        INVOICES.page(INVOICES.read({"q": "ann"}))
        INVOICES.page(INVOICES.read({"q": "big"}))
    assert "ix_invoices_customer_newest" in plans[-1]


def test_many_customers_with_few_invoices_are_found_whole(busy):
    small = next(line for line in INVOICES.page(INVOICES.read({"q": "small"})).items).customer_id
    for _ in range(2100):
        terms.insert(terms.rows("customer", new_id(), ["lead"], tenant_id=busy.id))
    terms.insert(terms.rows("customer", small, ["lead"], tenant_id=busy.id))

    assert len(walk(q="lead")) == 2
    assert str(INVOICES.count(INVOICES.read({"q": "lead"}))) == "2"
