"""`/client/account/closing`: an OWNER closes the account, when nothing is owed and nothing runs any more."""

from dataclasses import dataclass

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import by_hand, credit, proofs
from app.features.accounts import service as accounts
from app.features.accounts.forms import ClosingForm
from app.features.accounts.models import Customer
from app.features.billing import slots as billing
from app.features.subscriptions import slots as subscriptions
from app.features.subscriptions.slots import ServiceCard
from app.kernel import db
from app.kernel.access import Role, requires
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/client/account/closing"

UNPAID = "An order waits for its payment. Pay it, or let it run out: unpaid orders are cancelled after 14 days."

routes = PageRoutes("dashboard_client_closing", prefix=HERE)


@dataclass(frozen=True)
class Hindrance:
    """What has to be settled first, and where."""

    text: str
    href: str
    """Empty where only a person can help."""


@routes.get("")
@requires(customer=Role.OWNER)
def index() -> Response:
    """What would happen, and what has to be settled first."""
    return _drawn(ClosingForm(formdata=None))


@routes.post("")
@requires(customer=Role.OWNER, limits=("10/hour",), hashes=True)
def create() -> ResponseReturnValue:
    """Close it. Everybody is signed out; invoices stay as long as the law says."""
    form = ClosingForm()
    if not form.validate_on_submit():
        return _drawn(form, status=422)
    try:
        proofs.check_password(principal().user_id, form.password.data)
    except (Invalid, TooMany) as refusal:
        form.password.errors = [refusal.text if isinstance(refusal, TooMany) else refusal.fields["password"]]
        return _drawn(form, status=refusal.status)
    customer = _mine()
    db.session().refresh(customer, with_for_update=True)  # what is sold meanwhile waits, and finds it closed
    if _hindrances(customer):
        return _drawn(form, status=Conflict.status)
    by_hand.close(customer)
    toast("good", "Your account is closed. Thank you for having been with us.")
    return redirect("/sign-in", 303)


def _mine() -> Customer:
    who = principal()
    if who.customer_id is None:
        raise NotFound()
    return accounts.find_customer(who, who.customer_id)


def _hindrances(customer: Customer) -> list[Hindrance]:
    """Three questions to the rooms that know."""
    running = [Hindrance(_what_now(card), card.href) for card in subscriptions.services_of(customer.id, is_open=True)]
    owed = [
        Hindrance(f"Invoices over {one.total.plain} are not paid.", "/client/billing")
        for one in billing.owed_by(customer.id)
    ]
    left = credit.of(customer.id)
    kept = (
        [Hindrance(f"You have {left.plain} in credit. Write to us, so that you get it back.", "")] if left.minor else []
    )
    return [*running, *owed, *kept]


def _what_now(card: ServiceCard) -> str:
    """What somebody does about a service that has not ended."""
    if card.status == "pending":
        return UNPAID
    if card.is_ending:
        return f"{card.plan} is cancelled. Wait for its last day."
    return f"{card.plan} has not ended. Cancel it, and wait for its last day."


def _drawn(form: ClosingForm, *, status: int = 200) -> Response:
    customer = _mine()
    return page(
        "dashboard/client/closing.html",
        status=status,
        form=form,
        title=customer.title,
        people=len(accounts.people_of(customer.id)),
        hindrances=_hindrances(customer),
    )
