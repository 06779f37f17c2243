"""Sales, made as tests need them."""

from app.features.accounts.models import Customer, User
from app.features.catalogue import service as catalogue
from app.features.orders import service
from app.features.orders.service import Placed
from app.kernel import db


def customer_of(user: User) -> Customer:
    """The account that `user` belongs to."""
    return db.session().get_one(Customer, user.customer_id)


def make_order(
    user: User, *, plan: str = "shared-starter", cycle: str = "oneYear", promo_code: str | None = None
) -> Placed:
    """One of the four plans, bought by `user`. Needs the fixture `plans`."""
    product = catalogue.find_sellable(plan)
    price = catalogue.price_of(product, cycle, "USD")
    return service.place(
        customer=customer_of(user), user_id=user.id, product=product, price=price, promo_code=promo_code
    )
