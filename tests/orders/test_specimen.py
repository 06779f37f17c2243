"""One of each thing, made through the services: for the isolation check, demo and tests."""

from app.features.billing import ledger
from app.features.orders import specimen as orders
from app.features.subscriptions import specimen as subscriptions
from tests.orders.factories import customer_of


def test_each_specimen_is_whole(tenant, alice):
    placed = orders.make(customer_of(alice))
    rented = subscriptions.make(customer_of(alice))

    assert placed.invoice.total.plain == "USD 39.92"
    assert rented.first_invoice_id is not None
    assert ledger.check() == []
