"""Many at once, on real commits: exactly the limit, and no gap in the numbers (R-15, R-19, R-24, short)."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from app import reactions
from app.features.accounts import service as accounts
from app.features.billing import ledger
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import LineDraft
from app.features.catalogue import service as catalogue
from app.features.catalogue.models import Product, PromoCode, PromoCodeUsage
from app.features.orders import service as orders
from app.features.tenants import service as tenants
from app.kernel import db, tenancy
from app.kernel.errors import Refusal
from tests.catalogue.factories import make_price, make_product, make_promo_code

pytestmark = pytest.mark.both_stores

THREADS = 8


class Undone(Exception):
    """Something failed after the number was taken."""


@pytest.fixture
def house(fresh_engine):
    """Two tenants on a database of this test alone, with real commits."""
    reactions.wire()
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction():
        made = [tenants.create(name, slug=name.lower()) for name in ("Harbourline", "Tern")]
    yield [tenant.id for tenant in made]
    tenants.forget()


def make_customers(number, *, label="buyer"):
    made = []
    for index in range(number):
        with db.transaction():
            customer, _user = accounts.register(
                email=f"{label}{index}@example.com", first_name="Buyer", last_name=str(index)
            )
        made.append(customer)
    return made


def at_once(work, items):
    """Run `work` on every item, eight at a time; the results."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, items))


def seller(tenant_id, product, price, promo_code=None):
    """What one visitor does; answers whether it was sold."""

    def sell(customer):
        try:
            with tenancy.as_tenant(tenant_id), db.transaction():
                orders.place(customer=customer, product=product, price=price, promo_code=promo_code)
        except Refusal:
            return False
        return True

    return sell


def test_a_code_of_ten_uses_is_used_ten_times(house):
    with tenancy.as_tenant(house[0]):
        with db.transaction():
            product = make_product()
            price = make_price(product)
            code = make_promo_code(maximum_uses=10, maximum_per_customer=1)
        customers = make_customers(25)

        sold = at_once(seller(house[0], product, price, "SAVE"), customers)

        assert sum(sold) == 10
        with db.transaction(write=False) as session:
            assert session.get_one(PromoCode, code.id).uses == 10
            assert session.scalar(sa.select(sa.func.count()).select_from(PromoCodeUsage)) == 10
            assert session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 10
            assert ledger.check() == []


def test_one_customer_uses_a_code_as_often_as_one_may(house):
    with tenancy.as_tenant(house[0]):
        with db.transaction():
            product = make_product()
            price = make_price(product)
            code = make_promo_code(maximum_per_customer=3)
        (customer,) = make_customers(1)

        sold = at_once(seller(house[0], product, price, "save"), [customer] * 20)

        assert sum(sold) == 3
        with db.transaction(write=False) as session:
            assert session.get_one(PromoCode, code.id).uses == 3
            assert sorted(session.scalars(sa.select(PromoCodeUsage.nth))) == [1, 2, 3]


def test_a_stock_of_five_is_sold_five_times(house):
    with tenancy.as_tenant(house[0]):
        with db.transaction():
            product = make_product(stock=5)
            price = make_price(product)
        (customer,) = make_customers(1)

        sold = at_once(seller(house[0], product, price), [customer] * 20)

        assert sum(sold) == 5
        with db.transaction(write=False) as session:
            assert session.get_one(Product, product.id).stock == 0


def test_numbers_have_no_gap_and_no_twin_whatever_is_rolled_back(house):
    customers = {}
    for tenant_id in house:
        with tenancy.as_tenant(tenant_id):
            (customers[tenant_id],) = make_customers(1)
    chance = random.Random(19)
    todo = [(tenant_id, chance.random() < 0.3) for tenant_id in house * 40]
    chance.shuffle(todo)

    def issue(what):
        tenant_id, fails = what
        try:
            with tenancy.as_tenant(tenant_id), db.transaction():
                billing.issue(customer=customers[tenant_id], lines=[LineDraft("Starter", 499)], currency="USD")
                if fails:
                    raise Undone
        except Undone:
            return

    at_once(issue, todo)

    for tenant_id in house:
        with tenancy.as_tenant(tenant_id), db.transaction(write=False) as session:
            taken = sorted(session.scalars(sa.select(Invoice.sequence)))
            kept = sum(1 for whose, fails in todo if whose == tenant_id and not fails)
            assert taken == list(range(1, kept + 1))
            assert ledger.check() == []


def test_the_defaults_can_be_sold_right_away(house):
    with tenancy.as_tenant(house[1]):
        with db.transaction():
            catalogue.install_defaults()
            product = catalogue.find_sellable("shared-enterprise")
            price = catalogue.price_of(product, "threeYears", "USD")
        (customer,) = make_customers(1)

        assert seller(house[1], product, price, "WELCOME20")(customer)
