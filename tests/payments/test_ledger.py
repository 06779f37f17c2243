"""Whatever happens to money, and in whatever order: nothing is lost, nothing is made (R-21, short)."""

import random

import pytest
import sqlalchemy as sa

from app.features.billing import ledger
from app.features.billing.models import Invoice, LedgerPosting
from app.features.payments import refunds, service
from app.features.payments.models import Payment
from app.kernel import db
from app.kernel.errors import Refusal
from app.kernel.money import Money
from tests.orders.factories import customer_of
from tests.payments.factories import make_invoice, make_payment

STEPS = 60


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
@pytest.mark.parametrize("seed", range(3))
def test_any_story_of_an_account_balances_after_each_step(alice, currency, seed):
    chance = random.Random(f"{currency}{seed}")
    customer_of(alice).currency = currency
    make_invoice(alice, 5000, currency=currency)

    for _ in range(STEPS):
        with_savepoint(chance.choice(ACTS), alice, chance, currency)
        assert ledger.check() == service.check() == []

    total = sa.select(sa.func.sum(LedgerPosting.amount_minor))
    assert db.session().scalar(total) == 0
    assert customer_of(alice).credit_minor >= 0


def with_savepoint(act, alice, chance, currency):
    """What a door does: a refusal leaves nothing behind."""
    nested = db.session().begin_nested()
    try:
        act(alice, chance, currency)
    except Refusal:
        nested.rollback()
        db.session().expire_all()
    else:
        nested.commit()


def some(model, chance):
    return chance.choice(list(db.session().scalars(sa.select(model).order_by(model.id))) or [None])


def issue(alice, chance, currency):
    make_invoice(alice, chance.randint(0, 9000), currency=currency)


def pay(_alice, chance, _currency):
    make_payment(some(Invoice, chance), chance.randint(1, 9000))


def use_credit(_alice, chance, _currency):
    make_payment(some(Invoice, chance), chance.randint(1, 4000), gateway="credit")


def refund(_alice, chance, currency):
    payment = some(Payment, chance)
    if payment is not None:
        refunds.refund(payment.id, Money(chance.choice([payment.amount_minor, chance.randint(1, 3000)]), currency))


def dispute(_alice, chance, _currency):
    payment = some(Payment, chance)
    if payment is not None:
        refunds.dispute(payment.id)


ACTS = (issue, pay, pay, use_credit, refund, dispute)
