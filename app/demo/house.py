"""Believable customers, made by the services that people use, over the last days.

Only where no mail server is set up, so that their mails are kept and nobody is
written to.
"""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.features.accounts import service as accounts
from app.features.accounts.models import User
from app.features.accounts.service import Attribution
from app.features.catalogue import service as catalogue
from app.features.orders import service as orders
from app.kernel import clock, crypto, db
from app.kernel.access import Actor, acting


def _words(text: str, between: str = " ") -> list[str]:
    return text.split(between)


DAYS_BACK = 13
"""How far back the demo's customers signed up: less than the 14 days in which an invoice falls due."""

FIRST = _words(
    "Alice Ben Tess Kari Iona Mo Ana Priya Sam Noor Luca Hana Owen Maya Theo Ines Jonas Freya Arlo Zoe "
    "Mina Elias Ruth Callum Nadia Piotr Leila Hugo Greta Tomas"
)
LAST = _words(
    "Marchetti Calder Whitlock Solberg Macrae Haddad Figueira Raman Osei Karim Bianchi Sato Price "
    "Lindqvist Adler Moreau Falk Doyle Novak Pereira Kowalski Brandt Okafor Silva Hughes Vance Romero "
    "Weiss Tanaka Byrne"
)
TRADE = _words(
    "Bakery|Yoga|Joinery|Clinic|Photo|Farm Shop|Architects|Bread|Travel|Cycles|Ceramics|Books|Roasters|"
    "Studio|Garden|Legal|Dental|Brewing|Sailing|Print",
    "|",
)
PLACE = _words(
    "Alder Brightwater Calder Dunmore Elm Fjord Grange Hollis Isle Juniper Kestrel Lumen Marlow "
    "Northgate Orchard Pebble Quill Rowan Saltmarsh Thistle Umber Vale Willow Yarrow"
)
COUNTRIES = ("GB", "GB", "GB", "IE", "FR", "DE", "NO", "NL", "ES", "US")
SOURCES = (("google-ads", "summer-sale", "google", "cpc"), ("newsletter", "november", "mail", "email"), None, None)
PLANS = ("shared-starter",) * 2 + ("shared-business",) * 2 + ("shared-professional", "shared-enterprise")
CYCLES = ("monthly", "monthly", "oneYear", "quarterly")


@dataclass(frozen=True)
class DemoLogin:
    """Somebody to sign in as, and how many were made; no e-mail when all were there already."""

    email: str
    password: str
    made: int


@dataclass(frozen=True)
class _Person:
    """Somebody who signs up."""

    first_name: str
    last_name: str
    company: str
    email: str
    country: str


@dataclass(frozen=True)
class _Wish:
    """What somebody orders, and what led them here."""

    plan: str
    source: tuple[str, str, str, str] | None
    cycle: str
    promo_code: str | None


def load(*, customers: int, seed: int = 1) -> DemoLogin:
    """Make `customers` customers in the tenant that is set, and return a login for the first.

    The same `seed` makes the same people. Addresses that are taken are passed over.
    """
    chance = random.Random(seed)
    password = secrets.token_urlsafe(9)
    password_hash = crypto.hash_password(password)
    login, made = "", 0
    for index in range(customers):
        person, when, wish = _person(chance, index), _when(chance, index, customers), _wish(chance)
        with acting(Actor(name="demo")), clock.moved_to(when), db.transaction():
            if accounts.is_email_taken(person.email):
                continue
            user = _sell(person, wish)
            made += 1
            if not login:
                login = person.email
                accounts.give_password(user, password_hash)
    return DemoLogin(login, password, made)


def _person(chance: random.Random, index: int) -> _Person:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    company = f"{chance.choice(PLACE)} {chance.choice(TRADE)}"
    domain = company.lower().replace(" ", "") + (str(index // 60) if index >= 60 else "")
    return _Person(first, last, company, f"{first.lower()}@{domain}.example.com", chance.choice(COUNTRIES))


def _when(chance: random.Random, index: int, customers: int) -> datetime:
    """Sign-ups spread over the last days, oldest first."""
    share = (index + chance.random()) / customers
    return clock.now() - timedelta(days=DAYS_BACK * (1 - share), minutes=5)


def _wish(chance: random.Random) -> _Wish:
    plan, source, cycle = chance.choice(PLANS), chance.choice(SOURCES), chance.choice(CYCLES)
    return _Wish(plan, source, cycle, "WELCOME20" if chance.random() < 0.25 else None)


def _sell(person: _Person, wish: _Wish) -> User:
    product = catalogue.find_sellable(wish.plan)
    customer, user = accounts.register(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        attribution=Attribution(*wish.source) if wish.source else Attribution(),
    )
    accounts.update_customer(customer, company=person.company, country=person.country)
    price = catalogue.price_of(product, wish.cycle, customer.currency)
    orders.sell_to_new_customer(customer=customer, user=user, product=product, price=price, promo_code=wish.promo_code)
    return user
