"""Paying over HTTP, in two web processes: twenty clicks at once take the money once (R-16, short)."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from app.features.billing import ledger
from app.features.billing.models import Invoice
from app.features.payments import service
from app.features.payments.models import Payment
from app.kernel import db, tenancy
from tests.journeys.conftest import PASSWORD, SIGN_UP
from tests.journeys.test_sign_up import Visitor

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]

CLICKS = 20


def test_twenty_clicks_at_once_pay_once(make_panel):
    house = make_panel().start(arguments=("--web", "2"))
    made = house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=house.api_key("marketing")).json[
        "data"
    ]
    person = Visitor(house)
    path = made["setPasswordUrl"].removeprefix(house.url)
    person.send(path, {"password": PASSWORD, "confirmation": PASSWORD})
    text = person.get(f"/client/billing/{made['invoiceId']}").text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)) | {"method": "sandbox"}
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}

    with ThreadPoolExecutor(CLICKS) as pool:
        clicks = [
            pool.submit(house.ask, "POST", "/client/payments", body=urlencode(fields).encode(), headers=headers)
            for _ in range(CLICKS)
        ]
        answers = [click.result() for click in clicks]

    assert {answer.status for answer in answers} == {303}
    assert "Receipt" in person.get(f"/client/billing/{made['invoiceId']}").text
    db.configure(house.database_url)
    with tenancy.across_tenants("operator"), db.transaction(write=False) as session:
        assert session.scalars(sa.select(Payment.amount_minor)).all() == [3992]
        assert session.scalars(sa.select(Invoice.status)).all() == ["paid"]
        assert ledger.check() == service.check() == []
    db.dispose()
