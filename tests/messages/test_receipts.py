"""Who pays is thanked: once for each payment, and told what was kept as credit."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import draw
from app.kernel import db
from tests.payments.factories import make_invoice, make_payment


def receipts():
    wanted = sa.select(EmailMessage).where(EmailMessage.template == "payment_received")
    return list(db.session().scalars(wanted.order_by(EmailMessage.created_at, EmailMessage.id)))


def test_a_payment_is_thanked_for_with_its_receipt(alice):
    received = make_payment(make_invoice(alice), reference="ZX-1")

    (mail,) = receipts()
    draft = draw(mail)
    assert mail.to_address == alice.email
    assert draft.subject == "Receipt: USD 39.92 for invoice MP-2026-000001"
    for said in (draft.text, draft.html):
        assert "Invoice MP-2026-000001 is paid" in said
        assert f"/client/payments/{received.payment.id}" in said
        assert "ZX-1" in said
        assert "credit" not in said


def test_a_part_says_what_is_still_open(alice):
    make_payment(make_invoice(alice), 1000)

    assert "USD 29.92 is still open on invoice MP-2026-000001." in draw(receipts()[0]).text


@pytest.mark.parametrize("is_html", [True, False])
def test_what_was_too_much_is_told_as_credit(alice, is_html):
    invoice = make_invoice(alice)
    make_payment(invoice, 5000)
    make_payment(invoice, 700)

    first, second = (draw(mail) for mail in receipts())
    assert "USD 10.08 was more than the invoice asked for" in (first.html if is_html else first.text)
    assert second.subject == "USD 7.00 is kept as credit"
    assert "is paid already" in (second.html if is_html else second.text)


def test_only_those_who_see_money_are_written_to(alice, bob):
    member = User(
        email="mo@acme.example", email_key="mo@acme.example", customer_id=alice.customer_id, customer_role=2,
    )  # fmt: skip
    db.session().add(member)
    db.session().flush()

    make_payment(make_invoice(alice))

    assert [mail.to_user_id for mail in receipts()] == [alice.id]
