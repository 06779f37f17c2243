"""One payment, made through the service."""

from app.features.billing.models import Invoice
from app.features.payments import service
from app.features.payments.models import Payment


def make(invoice: Invoice) -> Payment:
    """A bank transfer of all that is open on `invoice`."""
    return service.receive(invoice.id, invoice.open, gateway="bank", reference=f"SPECIMEN-{invoice.id}").payment
