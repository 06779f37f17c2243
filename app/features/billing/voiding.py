"""Taking an invoice back that nobody has paid anything of."""

from uuid import UUID

from app.features.accounts.merged import kept_of
from app.features.billing import ledger, settlement
from app.features.billing.events import InvoiceVoided
from app.features.billing.ledger import Posting
from app.features.billing.models import Invoice
from app.kernel import clock, db
from app.kernel.errors import Conflict
from app.kernel.events import publish
from app.kernel.money import Money


class NotVoidable(Conflict):
    """Something was paid of it, or it asks for nothing: 409."""

    code, text = "not_voidable", "Only an invoice that waits for its whole amount can be made void."


def is_voidable(invoice: Invoice) -> bool:
    """Whether it waits for its whole amount."""
    return invoice.is_open and not invoice.paid_minor


def lock_voidable(invoice_id: UUID) -> Invoice:
    """The invoice, locked, to be made void in this transaction.

    Raises:
        NotFound: there is none in this tenant.
        NotVoidable: it is a draft, is paid in part or whole, or is void already.
    """
    invoice = settlement.locked(invoice_id)
    if not is_voidable(invoice):
        raise NotVoidable()
    return invoice


def void(invoice_id: UUID) -> Invoice:
    """It asks for nothing any more; its booking is taken back by one that says the opposite. Locks the invoice.

    Raises:
        NotFound, NotVoidable: as `lock_voidable`.
    """
    invoice = lock_voidable(invoice_id)
    invoice.status = "void"
    invoice.voided_at = clock.now()
    db.session().flush()
    ledger.post(
        "invoice.voided",
        [
            Posting("receivable", Money(-invoice.total_minor, invoice.currency)),
            Posting("discounts", Money(-invoice.discount_minor, invoice.currency)),
            Posting("revenue", Money(invoice.subtotal_minor, invoice.currency)),
            Posting("tax", Money(invoice.tax_minor, invoice.currency)),
        ],
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
    )
    assert invoice.number is not None
    kept_id = kept_of(invoice.customer_id)
    publish(InvoiceVoided(invoice.id, kept_id, invoice.number, invoice.total_minor, invoice.currency))
    return invoice
