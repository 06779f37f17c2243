"""What invoices and books tell about customers."""

import sqlalchemy as sa

from app.features.billing.models import Invoice, InvoiceLine, LedgerPosting
from app.kernel.personal import Held

_LAW = "Invoices and books are kept as long as the law on bookkeeping says."

HELD = (
    Held(
        "invoices",
        Invoice,
        (
            "number", "status", "currency", "subtotal_minor", "discount_minor", "tax_minor", "total_minor",
            "paid_minor", "billed_to", "issued_at", "due_at", "paid_at", "voided_at", "refunded_at",
        ),
        of_customer=lambda who: Invoice.customer_id == who,
        kept=_LAW,
    ),
    Held(
        "invoice_lines",
        InvoiceLine,
        ("description", "detail", "period_start", "period_end", "gross_minor", "discount_minor", "net_minor"),
        of_customer=lambda who: InvoiceLine.invoice_id.in_(sa.select(Invoice.id).where(Invoice.customer_id == who)),
        kept=_LAW,
    ),
    Held(
        "postings",
        LedgerPosting,
        ("account", "amount_minor", "currency", "created_at"),
        of_customer=lambda who: LedgerPosting.customer_id == who,
        kept=_LAW,
    ),
)  # fmt: skip
