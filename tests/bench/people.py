"""Who the pages are measured as: `python -m tests.bench.people` makes them in the panel's environment, prints JSON.

An owner and a customer with `PORTFOLIO` services and as many invoices, each
with eight logins (one for each connection), and a key. All through the rooms'
services.
"""

import json
import secrets
import sys
from datetime import timedelta

from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.api_keys import service as api_keys
from app.features.catalogue import service as catalogue
from app.features.orders import service as orders
from app.features.sessions import service as sessions
from app.kernel import clock, crypto
from app.kernel.access import Actor, Role, acting
from app.running.ground import operator

PORTFOLIO = 60
LOGINS = 8
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MARK = "people: "


def main() -> None:
    """Make them and print how to be them."""
    password = secrets.token_urlsafe(9)
    hashed = crypto.hash_password(password)
    name = secrets.token_hex(4)
    with operator(), acting(Actor(name="bench")):
        staff = accounts.create_staff(
            email=f"olga-{name}@bench.example.com", first_name="Olga", last_name="Bench", role=Role.OWNER
        )
        customer, user = accounts.register(
            email=f"carla-{name}@bench.example.com",
            first_name="Carla",
            last_name="Bench",
            company="Benchmark Bakery",
            country="GB",
            password_hash=hashed,
        )
        number = _sell(customer, user)
        key, secret = api_keys.create("bench", scopes=["marketing"], kind="marketing")
        said = {
            "customer_id": str(customer.id),
            "email": user.email,
            "number": number,
            "password": password,
            "key": secret,
            "key_id": str(key.id),
            "staff": _logins(staff),
            "client": _logins(user),
        }
    sys.stdout.write(MARK + json.dumps(said) + "\n")


def _sell(customer: Customer, user: User) -> str | None:
    """So many orders, an hour between them; returns the last invoice's number."""
    product = catalogue.find_sellable("shared-starter")
    price = catalogue.price_of(product, "monthly", customer.currency)
    for number in range(PORTFOLIO):
        with clock.moved_to(clock.now() - timedelta(hours=PORTFOLIO - number)):
            placed = orders.place(customer=customer, user_id=user.id, product=product, price=price)
    return placed.invoice.number


def _logins(user: User) -> list[str]:
    return [sessions.start(user, ip="127.0.0.1", user_agent=AGENT)[1] for _ in range(LOGINS)]


if __name__ == "__main__":
    main()
