"""Customers to be merged, with something of everything."""

import sqlalchemy as sa

from app.features.accounts import notes
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.billing.models import Invoice
from app.features.merging import service
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import make_mate
from tests.orders.factories import customer_of, make_order
from tests.payments.factories import make_payment
from tests.support.cast import principal_of


def make_old(email: str = "ann@oldname.example", company: str = "Oldname", *, currency: str = "USD") -> User:
    """The OWNER of an account of its own."""
    _customer, user = accounts.register(
        email=email, first_name="Ann", last_name="Older", company=company, currency=currency
    )
    db.session().flush()
    return user


def fill(user: User, staff: User) -> Invoice:
    """An order that is paid with too much, so that credit is left, a colleague, and a note; the invoice. Needs `plans`."""
    order = make_order(user, cycle="monthly")
    make_payment(order.invoice, order.invoice.total_minor + 250)
    make_mate(user, Role.VIEWER)
    notes.write(customer_of(user), "Pays in time.", who=principal_of(staff))
    db.session().flush()
    return order.invoice


def merge(goes: User, kept: User) -> Customer:
    """Merge the account of one person into that of another."""
    return service.merge(customer_of(goes), customer_of(kept))


def paper(invoice: Invoice) -> dict[str, object]:
    """Every column of an invoice, as the database has them."""
    db.session().flush()
    db.session().refresh(invoice)
    return {column.key: getattr(invoice, column.key) for column in sa.inspect(Invoice).column_attrs}
