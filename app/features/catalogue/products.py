"""Making and changing what is sold. What was sold already keeps its price: a subscription has its own."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.catalogue.cycles import CYCLES
from app.features.catalogue.models import Price, Product
from app.features.catalogue.rules import checked
from app.kernel import clock, db
from app.kernel.access import Principal
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.money import CURRENCIES, LARGEST_MINOR, Money
from app.kernel.paging import Page, page

COPIED = (
    "description", "category", "features", "storage_gb", "bandwidth_gb", "websites", "mailboxes", "stock", "driver",
    "driver_settings",
)  # fmt: skip


class Tag(NamedTuple):
    """What one cycle costs in one currency, in minor units."""

    amount_minor: int
    setup_minor: int = 0


Tags = Mapping[tuple[str, str], Tag]
"""By currency and cycle."""


class StockMoved(Conflict):
    """Somebody bought while the number was being typed: 409."""

    code = "stock_moved"


def find(who: Principal, product_id: UUID) -> Product:
    """A product of the asking member of staff's own tenant, archived or not.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    found = db.session().scalar(sa.select(Product).where(Product.id == product_id)) if who.is_staff else None
    if found is None:
        raise NotFound()
    return found


def create(tags: Tags, **given: Any) -> Product:
    """Make a product with its prices. Its slug is for good: addresses and websites name it.

    Raises:
        Invalid: a value that cannot be, or a slug that is taken; names the fields.
    """
    fields = checked(given)
    _check_tags(tags)
    product = Product(**fields)
    _add(product)
    _write_prices(product, tags)
    said = {name: value for name, value in fields.items() if name != "description"}
    audit.record("PRODUCT_CREATED", resource_type="product", resource_id=product.id, after=said | _said(tags))
    return product


def _add(product: Product) -> None:
    """Store it. The unique key decides, so that of two at once one is refused."""
    try:
        with db.session().begin_nested():
            db.session().add(product)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("slug", "Another product has this slug already.", code="slug_taken") from problem


def _check_tags(tags: Tags) -> None:
    for (currency, cycle), tag in tags.items():
        if currency not in CURRENCIES or cycle not in CYCLES:
            raise Invalid.field("prices", "There is no such currency or billing cycle.")
        if not (0 <= tag.amount_minor <= LARGEST_MINOR and 0 <= tag.setup_minor <= LARGEST_MINOR):
            raise Invalid.field("prices", "That amount is too large or too small.")


def change(product: Product, tags: Tags | None = None, **given: Any) -> None:
    """Change what is offered from now on; None leaves the prices as they are.

    Raises:
        Invalid: a value that cannot be; names the fields.
    """
    if "slug" in given or "stock" in given:
        raise TypeError("a slug is for good, and stock is set by set_stock")
    fields = checked(given)
    _check_tags(tags or {})
    db.session().refresh(product, with_for_update=True)
    changed = {name: value for name, value in fields.items() if getattr(product, name) != value}
    before = {name: getattr(product, name) for name in changed}
    for name, value in changed.items():
        setattr(product, name, value)
    db.session().flush()
    if changed:
        audit.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id, before=before, after=changed)
    if tags is not None:
        _write_prices(product, tags, is_told=True)


def list_products(*, cursor: str | None, limit: int) -> Page[Product]:
    """The tenant's products, archived ones too, newest first."""
    return page(sa.select(Product), Product, cursor=cursor, limit=limit)


def rows_of(found: Sequence[Product]) -> dict[UUID, list[Price]]:
    """Every price of each product, by currency and the length of the cycle. One query."""
    order = list(CYCLES)
    rows = db.session().scalars(sa.select(Price).where(Price.product_id.in_([product.id for product in found])))
    sorted_rows = sorted(rows, key=lambda price: (price.currency, order.index(price.cycle)))
    return {product.id: [row for row in sorted_rows if row.product_id == product.id] for product in found}


def prices_of(product: Product) -> dict[tuple[str, str], Tag]:
    """Every price of a product."""
    found = db.session().scalars(sa.select(Price).where(Price.product_id == product.id))
    return {(price.currency, price.cycle): Tag(price.amount_minor, price.setup_minor) for price in found}


def _write_prices(product: Product, tags: Tags, *, is_told: bool = False) -> None:
    """Make the prices those of `tags`, and no others; each that moved is told."""
    rows = db.session().scalars(sa.select(Price).where(Price.product_id == product.id).with_for_update()).all()
    there = {(row.currency, row.cycle): row for row in rows}
    before = {key: Tag(row.amount_minor, row.setup_minor) for key, row in there.items()}
    for key, row in there.items():
        if key not in tags:
            db.session().delete(row)
    for (currency, cycle), tag in tags.items():
        row = there.get((currency, cycle)) or Price(product_id=product.id, currency=currency, cycle=cycle)
        row.amount_minor, row.setup_minor = tag
        db.session().add(row)
    db.session().flush()
    moved = {key for key in {*before, *tags} if before.get(key) != tags.get(key)}
    if is_told and moved:
        was = _said({key: tag for key, tag in before.items() if key in moved})
        now = _said({key: tag for key, tag in tags.items() if key in moved})
        audit.record("PRICE_CHANGED", resource_type="product", resource_id=product.id, before=was, after=now)


def _said(tags: Tags) -> dict[str, Any]:
    """The prices as the log bears them."""
    told = {}
    for (currency, cycle), tag in sorted(tags.items()):
        setup = f" + {Money(tag.setup_minor, currency).plain}" if tag.setup_minor else ""
        told[f"{cycle} {currency}"] = f"{Money(tag.amount_minor, currency).plain}{setup}"
    return {"prices": told}


def set_stock(product: Product, stock: int | None, *, was: int | None) -> None:
    """Say how many are left, if there are still as many as were seen; nothing when the number is the same.

    Raises:
        Invalid: a number that cannot be.
        StockMoved: some were sold or given back since.
    """
    if stock == was:
        return
    stock = checked({"stock": stock})["stock"]
    written = db.session().scalar(
        sa.update(Product)
        .where(Product.id == product.id, Product.stock.is_(None) if was is None else Product.stock == was)
        .values(stock=stock)
        .returning(Product.id)
        .execution_options(synchronize_session=False)
    )
    db.session().refresh(product, ["stock"])
    if written is None:
        now = "no limit" if product.stock is None else f"{product.stock:,} are left"
        text = f"Some were sold or given back meanwhile: {now}. Look, then save again."
        raise StockMoved(text, fields={"stock": text})
    before, after = {"stock": was}, {"stock": stock}
    audit.record("PRODUCT_UPDATED", resource_type="product", resource_id=product.id, before=before, after=after)


def archive(product: Product) -> None:
    """Take it from sale for good; whoever has it keeps it. Doing so twice is no harm."""
    _set_archived(product, is_archived=True)


def unarchive(product: Product) -> None:
    """Offer it again, as it was."""
    _set_archived(product, is_archived=False)


def _set_archived(product: Product, *, is_archived: bool) -> None:
    if (product.archived_at is not None) == is_archived:
        return
    product.archived_at = clock.now() if is_archived else None
    db.session().flush()
    action = "PRODUCT_ARCHIVED" if is_archived else "PRODUCT_RESTORED"
    audit.record(action, resource_type="product", resource_id=product.id, after={"slug": product.slug})


def duplicate(product: Product) -> Product:
    """A copy to be changed, under another slug, not on sale yet, with the same prices."""
    alike = sa.select(Product.slug).where(Product.slug.startswith(f"{product.slug[:50]}-copy"))
    taken = set(db.session().scalars(alike))
    slug = next(text for text in _copies(product.slug) if text not in taken)
    copy = Product(slug=slug, name=f"{product.name[:73]} (copy)", active=False, featured=False)
    for name in COPIED:
        setattr(copy, name, getattr(product, name))
    _add(copy)
    _write_prices(copy, prices_of(product))
    audit.record(
        "PRODUCT_CREATED", resource_type="product", resource_id=copy.id, after={"slug": slug, "copy_of": product.slug}
    )
    return copy


def _copies(slug: str) -> Any:
    """`slug-copy`, `slug-copy-2`, ..."""
    yield f"{slug[:50]}-copy"
    number = 2
    while True:
        yield f"{slug[:50]}-copy-{number}"
        number += 1
