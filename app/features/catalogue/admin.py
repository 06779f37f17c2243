"""`/admin/products`: what is sold, for staff."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.catalogue import listings, products
from app.features.catalogue.cycles import CYCLES, PER, SPANS
from app.features.catalogue.forms import NewProductForm, ProductForm
from app.features.catalogue.grid import Grid
from app.features.catalogue.listings import PRODUCTS
from app.features.catalogue.models import UNLIMITED, Product
from app.features.catalogue.products import StockMoved, Tags
from app.features.tenants import service as tenants
from app.features.tenants.forms import currencies
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.listed import listed
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

routes = PageRoutes("catalogue_admin", prefix="/admin/products")

HERE = "/admin/products"
STATES = (("", "Any"), ("sale", "On sale"), ("hidden", "Not on sale"), ("archived", "Archived"))
HEAD = ("id", "slug", "name", "category", "state", "stock", "monthly", "one_year", "currency", "made")
SHORTEST = tuple(CYCLES)


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """The list."""
    asked = PRODUCTS.read(request.args)
    return listed(
        "catalogue/admin/index.html",
        PRODUCTS,
        asked,
        _rows,
        one="product",
        crumbs=[("Products", None)],
        states=STATES,
        categories=(("", "Any"), *((name, name) for name in listings.categories())),
        may_write=is_at_least(Role.ADMIN),
    )


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    found = list(found)
    tenant = tenants.current()
    prices = listings.prices_in(tenant.currency, [row[0] for row in found])
    for product_id, name, slug, category, featured, active, archived_at, stock, made in found:
        tone, state = _state(active=active, archived_at=archived_at, stock=stock)
        left = "no limit" if stock is None else f"{stock:,} left"
        yield (
            f"{HERE}/{product_id}", name, slug, category, "Recommended" if featured else "", tone, state, left,
            _from(prices.get(product_id, {})), words.day(made, tenant.time_zone),
        )  # fmt: skip


def _state(*, active: bool, archived_at: object, stock: int | None) -> tuple[str, str]:
    if archived_at is not None:
        return "done", "Archived"
    if not active:
        return "", "Not on sale"
    return ("warn", "Sold out") if stock == 0 else ("good", "On sale")


def _from(prices: dict[str, Money]) -> str:
    """The price of the shortest cycle: `USD 4.99 a month`."""
    cycle = next((cycle for cycle in SHORTEST if cycle in prices), None)
    return f"{prices[cycle].plain} {PER[cycle]}" if cycle else "–"


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """The list as a file, with the prices in the tenant's currency."""
    currency = tenants.current().currency
    cells = partial(_line, prices=listings.prices_in(currency), currency=currency)
    return exporting.export(PRODUCTS, HEAD, cells, request.form, resource_type="product")


def _line(row: tuple[Any, ...], prices: dict[UUID, dict[str, Money]], currency: str) -> tuple[Any, ...]:
    product_id, name, slug, category, _featured, active, archived_at, stock, made = row
    state = _state(active=active, archived_at=archived_at, stock=stock)[1]
    own = prices.get(product_id, {})
    monthly, year = (own[cycle].major if cycle in own else None for cycle in ("monthly", "oneYear"))
    return str(product_id), slug, name, category, state, stock, monthly, year, currency, made


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form for a new product."""
    form = NewProductForm()
    form.active.data = True
    return _form(form, Grid([tenants.current().currency], {}))


def _form(form: ProductForm, grid: Grid, product: Product | None = None, *, status: int = 200) -> Response:
    crumbs: list[tuple[str, str | None]] = [("Products", HERE)]
    if product is not None:
        crumbs.append((product.name, f"{HERE}/{product.id}"))
    return page(
        "catalogue/admin/form.html",
        status=status,
        form=form,
        grid=[(currency, grid.rows(currency)) for currency in grid.currencies],
        grid_problems=list(grid.problems.items()),
        product=product,
        here=f"{HERE}/{product.id}" if product else HERE,
        currencies=currencies(),
        categories=listings.categories(),
        crumbs=[*crumbs, ("Edit" if product else "New product", None)],
    )


@routes.post("")
@requires(staff=Role.ADMIN)
def create() -> ResponseReturnValue:
    """Make a product."""
    form, grid = NewProductForm(), Grid.sent(request.form)
    if "more" in request.form:
        return _form(form, grid)
    is_fine, tags = form.validate_on_submit(), grid.tags()
    if is_fine and tags is not None:
        try:
            product = products.create(tags, slug=form.slug.data, stock=form.stock.data, **form.fields)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"{product.name} is made.")
            return redirect(f"{HERE}/{product.id}", 303)
    return _form(form, grid, status=422)


@routes.get("/<uuid:product_id>")
@requires(staff=Role.BILLING)
def show(product_id: UUID) -> ResponseReturnValue:
    """One product: what it is, what it costs, what can be done."""
    product = products.find(principal(), product_id)
    tone, state = _state(active=product.active, archived_at=product.archived_at, stock=product.stock)
    return page(
        "catalogue/admin/show.html",
        product=product,
        here=f"{HERE}/{product.id}",
        crumbs=[("Products", HERE), (product.name, None)],
        tone=tone,
        state=state,
        prices=_prices(products.prices_of(product)),
        facts=_facts(product),
        may_write=is_at_least(Role.ADMIN),
    )


def _prices(tags: Tags) -> list[tuple[str, str, str]]:
    """Cycle, price and set-up fee, by currency and length."""
    order = list(CYCLES)
    rows = sorted(tags.items(), key=lambda item: (item[0][0], order.index(item[0][1])))
    return [
        (
            SPANS[cycle].capitalize(),
            Money(tag.amount_minor, currency).plain,
            Money(tag.setup_minor, currency).plain if tag.setup_minor else "–",
        )
        for (currency, cycle), tag in rows
    ]


def _facts(product: Product) -> list[tuple[str, str]]:
    zone = tenants.current().time_zone
    facts = [
        ("Slug", product.slug),
        ("Category", product.category),
        ("Storage", f"{product.storage_gb:,} GB"),
        ("Traffic", "unlimited" if product.bandwidth_gb == UNLIMITED else f"{product.bandwidth_gb:,} GB a month"),
        ("Websites", f"{product.websites:,}"),
        ("Mailboxes", f"{product.mailboxes:,}"),
        ("Stock", "no limit" if product.stock is None else f"{product.stock:,} left"),
        ("Set up", "by hand" if product.driver == "manual" else f"by {product.driver}"),
        ("Recommended", "yes" if product.featured else "no"),
        ("Made", words.exact(product.created_at, zone)),
    ]
    if product.archived_at is not None:
        facts.append(("Archived", words.exact(product.archived_at, zone)))
    return facts


@routes.get("/<uuid:product_id>/edit")
@requires(staff=Role.ADMIN)
def edit(product_id: UUID) -> ResponseReturnValue:
    """The form for a product that is there."""
    product = products.find(principal(), product_id)
    grid = Grid.of(products.prices_of(product), currencies=[tenants.current().currency])
    return _form(ProductForm.of(product), grid, product)


@routes.post("/<uuid:product_id>")
@requires(staff=Role.ADMIN)
def update(product_id: UUID) -> ResponseReturnValue:
    """Change what is offered; what was sold keeps its price."""
    product = products.find(principal(), product_id)
    form, grid = ProductForm(), Grid.sent(request.form)
    if "more" in request.form:
        return _form(form, grid, product)
    is_fine, tags = form.validate_on_submit(), grid.tags()
    if is_fine and tags is not None:
        try:
            products.change(product, tags, **form.fields)
            products.set_stock(product, form.stock.data, was=form.stock_seen)
        except (Invalid, StockMoved) as refusal:
            form.blame(refusal)
            return _form(form, grid, product, status=refusal.status)
        toast("good", "Saved. It counts for new orders; running subscriptions keep their price.")
        return redirect(f"{HERE}/{product.id}", 303)
    return _form(form, grid, product, status=422)


@routes.post("/<uuid:product_id>/archiving")
@requires(staff=Role.ADMIN)
def create_archiving(product_id: UUID) -> ResponseReturnValue:
    """Take it from sale for good."""
    product = products.find(principal(), product_id)
    products.archive(product)
    toast("good", f"{product.name} is archived. Whoever has it keeps it.")
    return redirect(f"{HERE}/{product.id}", 303)


@routes.post("/<uuid:product_id>/restoring")
@requires(staff=Role.ADMIN)
def create_restoring(product_id: UUID) -> ResponseReturnValue:
    """Offer it again."""
    product = products.find(principal(), product_id)
    products.unarchive(product)
    toast("good", f"{product.name} is back.")
    return redirect(f"{HERE}/{product.id}", 303)


@routes.post("/<uuid:product_id>/copies")
@requires(staff=Role.ADMIN, limits=("30/minute",))
def create_copy(product_id: UUID) -> ResponseReturnValue:
    """A copy to be changed."""
    copy = products.duplicate(products.find(principal(), product_id))
    toast("good", "This is the copy. It is not on sale yet.")
    return redirect(f"{HERE}/{copy.id}/edit", 303)
