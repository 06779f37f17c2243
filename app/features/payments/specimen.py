"""One payment and one callback, made through the services."""

from app.features.accounts.specimen import Account
from app.features.billing import specimen as billing
from app.features.billing.models import Invoice
from app.features.payments import callbacks, service
from app.features.payments.callbacks import Told
from app.features.payments.models import Payment
from app.kernel import clock, db


def make(invoice: Invoice) -> Payment:
    """A bank transfer of all that is open on `invoice`."""
    return service.receive(invoice.id, invoice.open, gateway="bank", reference=f"SPECIMEN-{invoice.id}").payment


def of_account(account: Account, tag: str) -> None:
    """An invoice that was paid, and what a provider told of another one, which does not fit it."""
    paid, open_invoice = billing.make(account.customer), billing.make(account.customer)
    service.receive(paid.id, paid.open, gateway="bank", reference=f"{tag}-transfer", note=f"For {tag}")
    db.session().flush()
    told = Told(f"evt-{tag}-{paid.number}", "payment.succeeded", str(open_invoice.id), "0.01", "USD", f"{tag}-callback",
                clock.now())  # fmt: skip
    row_id = callbacks.store(b"{}", told)
    assert row_id is not None
    callbacks.carry_out(row_id)
