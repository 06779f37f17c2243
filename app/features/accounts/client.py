"""`/client/account`: what the company knows of its customer, and what somebody is called."""

from uuid import UUID

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.features.accounts import agreements, profile, service
from app.features.accounts.forms import AccountForm, NameForm, NewsForm
from app.features.accounts.models import Customer, User
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid, NotFound
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/client/account"

routes = PageRoutes("accounts_client", prefix=HERE)


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> Response:
    """The account's details, to change for its admins, and the person's own name."""
    customer, user = _mine()
    return _drawn(customer, user, AccountForm(obj=customer), NameForm(obj=user))


@routes.post("")
@requires(customer=Role.ADMIN, limits=("60/hour",), impersonated=True)
def update() -> ResponseReturnValue:
    """Change contact, address or tax number. Invoices that are issued keep what they say."""
    customer, user = _mine()
    form = AccountForm()
    if form.validate_on_submit():
        try:
            profile.update_customer(customer, **form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(HERE, 303)
    return _drawn(customer, user, form, NameForm(obj=user), status=422)


@routes.post("/name")
@requires(customer=Role.VIEWER, limits=("60/hour",))
def update_name() -> ResponseReturnValue:
    """Change what the person who is signed in is called."""
    customer, user = _mine()
    form = NameForm()
    if form.validate_on_submit():
        try:
            profile.rename(user, **form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(HERE, 303)
    return _drawn(customer, user, AccountForm(obj=customer), form, status=422)


def _mine() -> tuple[Customer, User]:
    who = principal()
    user = service.find_user(who.user_id) if isinstance(who.user_id, UUID) else None
    if user is None or user.customer_id is None:
        raise NotFound()
    return service.find_customer(who, user.customer_id), user


def _drawn(customer: Customer, user: User, form: AccountForm, name: NameForm, *, status: int = 200) -> Response:
    country = profile.COUNTRIES.get(customer.country, customer.country)
    place = " ".join(part for part in (customer.postal_code, customer.city) if part)
    address = ", ".join(part for part in (customer.address_line, place, customer.region, country) if part)
    facts = (
        ("Contact", customer.name), ("Company", customer.company), ("E-mail", customer.email),
        ("Phone", customer.phone), ("Address", address), ("Tax number", customer.tax_number),
    )  # fmt: skip
    consent = agreements.news_consent(user.id)
    since = f"You agreed on {words.day(consent.given_at, tenants.current().time_zone)}." if consent else ""
    return page(
        "accounts/client/index.html",
        news=NewsForm(formdata=None, wants_news=consent is not None),
        news_since=since,
        status=status,
        form=form,
        name=name,
        facts=[(label, value or "–") for label, value in facts],
        email=customer.email,
        currency=customer.currency,
        own_email=user.email,
        may_change=user.role >= Role.ADMIN,
        may_close=user.role >= Role.OWNER,
    )
