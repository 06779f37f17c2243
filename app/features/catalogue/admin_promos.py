"""`/admin/promo-codes`: the words that make orders cheaper, for staff."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.catalogue import codes, listings
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.forms import NewPromoCodeForm, PromoCodeForm
from app.features.catalogue.listings import PROMO_CODES, USES
from app.features.catalogue.models import PromoCode
from app.features.tenants import service as tenants
from app.features.tenants.forms import currencies
from app.kernel import clock, lists, words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.listed import listed
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("catalogue_promos", prefix="/admin/promo-codes")

HERE = "/admin/promo-codes"
STATES = (
    ("", "Any"),
    ("working", "Working"),
    ("coming", "Not yet"),
    ("over", "Over or used up"),
    ("off", "Switched off"),
)
KINDS = (("", "Any"), ("percent", "Percentage"), ("fixed", "Fixed amount"))
HEAD = ("id", "code", "state", "percent", "amount", "currency", "from", "until", "uses", "maximum", "made")


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """The list."""
    asked = PROMO_CODES.read(request.args)
    return listed(
        "catalogue/admin/promos.html",
        PROMO_CODES,
        asked,
        _rows,
        one="promo code",
        crumbs=[("Promo codes", None)],
        states=STATES,
        kinds=KINDS,
        may_write=is_at_least(Role.ADMIN),
    )


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for code_id, code, percent, amount, currency, begins, ends, most, uses, ended_at, made in found:
        tone, state = _state(begins, ends, most, uses, ended_at)
        used = f"{uses:,} of {most:,}" if most is not None else f"{uses:,}"
        until = words.day(ends, zone) if ends else "no end"
        yield (
            f"{HERE}/{code_id}",
            code,
            tone,
            state,
            _off(percent, amount, currency),
            used,
            until,
            words.day(made, zone),
        )


def _state(
    begins: datetime | None, ends: datetime | None, most: int | None, uses: int, ended_at: datetime | None
) -> tuple[str, str]:
    now = clock.now()
    if ended_at is not None:
        return "", "Switched off"
    if ends is not None and now >= ends:
        return "done", "Over"
    if most is not None and uses >= most:
        return "done", "Used up"
    return ("info", "Not yet") if begins is not None and now < begins else ("good", "Working")


def _off(percent: int | None, amount: int | None, currency: str | None) -> str:
    if percent is not None:
        return f"{percent / 100:g} %"
    return Money(amount or 0, currency or "").plain


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """The list as a file."""
    return exporting.export(PROMO_CODES, HEAD, _line, request.form, resource_type="promo_code")


def _line(row: tuple[Any, ...]) -> tuple[Any, ...]:
    code_id, code, percent, amount, currency, begins, ends, most, uses, ended_at, made = row
    state = _state(begins, ends, most, uses, ended_at)[1]
    off = Money(amount, currency).major if amount is not None else None
    rate = Money(percent, "EUR").major if percent is not None else None  # hundredths, as a decimal
    return str(code_id), code, state, rate, off, currency, begins, ends, uses, most, made


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form for a new code."""
    form = NewPromoCodeForm(currency=tenants.current().currency)
    form.maximum_per_customer.data = 1
    return _form(form)


def _form(form: PromoCodeForm, code: PromoCode | None = None, status: int = 200) -> Response:
    _offer(form)
    crumbs: list[tuple[str, str | None]] = [("Promo codes", HERE)]
    if code is not None:
        crumbs.append((code.code, f"{HERE}/{code.id}"))
    return page(
        "catalogue/admin/promo_form.html",
        status=status,
        form=form,
        code=code,
        zone=tenants.current().time_zone.replace("_", " "),
        here=f"{HERE}/{code.id}" if code else HERE,
        crumbs=[*crumbs, ("Edit" if code else "New promo code", None)],
    )


def _offer(form: PromoCodeForm) -> None:
    form.offer(listings.names(), currencies())


@routes.post("")
@requires(staff=Role.ADMIN, limits=("60/minute",))
def create() -> ResponseReturnValue:
    """Make a code."""
    form = NewPromoCodeForm()
    _offer(form)
    if form.validate_on_submit():
        try:
            code = codes.create(form.code.data or "", form.terms(tenants.current().time_zone))
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"{code.code} is made.")
            return redirect(f"{HERE}/{code.id}", 303)
    return _form(form, status=422)


@routes.get("/<uuid:code_id>")
@requires(staff=Role.BILLING)
def show(code_id: UUID) -> ResponseReturnValue:
    """One code: its terms, and who has used it."""
    code = codes.find(principal(), code_id)
    asked = replace(USES.read(request.args), here=f"{HERE}/{code.id}")
    found, total = USES.page(asked, of=code.id), USES.count(asked, of=code.id)
    tone, state = _state(code.valid_from, code.valid_to, code.maximum_uses, code.uses, code.ended_at)
    return page(
        "catalogue/admin/promo.html",
        code=code,
        here=f"{HERE}/{code.id}",
        crumbs=[("Promo codes", HERE), (code.code, None)],
        tone=tone,
        state=state,
        lede=f"{_off(code.percent_hundredths, code.amount_minor, code.currency)} off the first invoice",
        facts=_facts(code),
        uses=list(_uses(found.items)),
        foot=lists.foot(asked, found, total, "use"),
        may_write=is_at_least(Role.ADMIN),
    )


def _facts(code: PromoCode) -> list[tuple[str, str]]:
    zone = tenants.current().time_zone
    names = dict(listings.names())
    cycles = [SPANS[name].capitalize() for name in SPANS if name in code.cycles]
    return [
        ("Works from", words.exact(code.valid_from, zone) if code.valid_from else "at once"),
        ("Works until", words.exact(code.valid_to, zone) if code.valid_to else "no end"),
        ("Uses", f"{code.uses:,} of {code.maximum_uses:,}" if code.maximum_uses else f"{code.uses:,}, no limit"),
        ("Each customer", words.plural(code.maximum_per_customer, "use") if code.maximum_per_customer else "no limit"),
        ("Products", ", ".join(names.get(slug, slug) for slug in code.product_slugs) or "all"),
        ("Billing cycles", ", ".join(cycles) or "all"),
        ("Made", words.exact(code.created_at, zone)),
    ]


def _uses(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for customer_id, company, name, nth, discount, currency, when in found:
        href, off = f"/admin/customers/{customer_id}", Money(discount, currency).plain
        yield href, company or name, f"{nth:,}", off, words.ago(when, zone), words.exact(when, zone)


@routes.get("/<uuid:code_id>/edit")
@requires(staff=Role.ADMIN)
def edit(code_id: UUID) -> ResponseReturnValue:
    """The form for a code that is there."""
    code = codes.find(principal(), code_id)
    form = PromoCodeForm.of(code, tenants.current().time_zone)
    form.currency.data = code.currency or tenants.current().currency
    return _form(form, code)


@routes.post("/<uuid:code_id>")
@requires(staff=Role.ADMIN)
def update(code_id: UUID) -> ResponseReturnValue:
    """Give it other terms, from the next order on."""
    code = codes.find(principal(), code_id)
    form = PromoCodeForm()
    _offer(form)
    if form.validate_on_submit():
        try:
            codes.change(code, form.terms(tenants.current().time_zone))
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved. It counts from the next order on.")
            return redirect(f"{HERE}/{code.id}", 303)
    return _form(form, code, 422)


@routes.post("/<uuid:code_id>/ending")
@requires(staff=Role.ADMIN)
def create_ending(code_id: UUID) -> ResponseReturnValue:
    """Switch it off."""
    code = codes.find(principal(), code_id)
    codes.end(code)
    toast("good", f"{code.code} works no more.")
    return redirect(f"{HERE}/{code.id}", 303)


@routes.post("/<uuid:code_id>/restoring")
@requires(staff=Role.ADMIN)
def create_restoring(code_id: UUID) -> ResponseReturnValue:
    """Switch it on again."""
    code = codes.find(principal(), code_id)
    codes.restore(code)
    toast("good", f"{code.code} works again, within its terms.")
    return redirect(f"{HERE}/{code.id}", 303)
