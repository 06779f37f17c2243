"""Credit that goes from one account to another."""

from uuid import UUID

from app.features.accounts import credit
from app.features.billing import ledger
from app.features.billing.ledger import Posting
from app.kernel.money import Money


def move(from_id: UUID, to_id: UUID, amount: Money, *, memo: str) -> None:
    """Let one customer have what another one had, booked by one entry. More than is there is never moved.

    Raises:
        NotEnoughCredit: the first has less, or another currency.
        OtherCurrency: the second is kept in another one.
    """
    if not amount.minor:
        return
    credit.take(from_id, amount)
    credit.add(to_id, amount)
    sides = [Posting("credit", amount), Posting("credit", -amount, to_id)]
    ledger.post("credit.moved", sides, customer_id=from_id, memo=memo)
