"""The proof that the ledger's cash is that of the payments."""

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from app.features.billing.models import LedgerPosting
from app.features.payments.models import Payment
from app.kernel import db


def check() -> list[str]:
    """Where the ledger's cash is not that of the payments, one sentence for each currency; empty when all is well.

    Looks at the tenant that is set, or across all.
    """
    cash = _by_currency(LedgerPosting.currency, LedgerPosting.amount_minor, LedgerPosting.account == "cash")
    kept = Payment.amount_minor - Payment.refunded_minor
    paid = _by_currency(Payment.currency, kept, Payment.status != "failed", Payment.gateway != "credit")
    return [
        f"the ledger has {currency} cash of {cash.get(currency, 0)} minor units, the payments {paid.get(currency, 0)}"
        for currency in sorted({*cash, *paid})
        if cash.get(currency, 0) != paid.get(currency, 0)
    ]


def _by_currency(
    currency: sa.ColumnElement[str] | InstrumentedAttribute[str],
    amount: sa.ColumnElement[int] | InstrumentedAttribute[int],
    *conditions: sa.ColumnElement[bool],
) -> dict[str, int]:
    rows = db.session().execute(sa.select(currency, sa.func.sum(amount)).where(*conditions).group_by(currency))
    return {code: int(total) for code, total in rows}
