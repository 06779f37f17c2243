"""What comes in from the pages of products and promo codes. What each may be is `rules`' to say."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.features.catalogue.codes import Terms
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.models import UNLIMITED, Product, PromoCode
from app.kernel import moments
from app.kernel.errors import Invalid
from app.kernel.money import Money, parse_major
from app.kernel.pages import PanelForm


class WholeNumber(IntegerField):  # type: ignore[misc]  # WTForms is untyped
    """Plain digits alone: no sign, no blanks inside, no other script's digits. Empty is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text and not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise ValueError("Whole digits, please.")
        if text:
            self.data = int(text)


class ProductForm(PanelForm):
    """What is sold, without its prices (`grid`)."""

    name = StringField("Name", [InputRequired("Give it a name.")])
    description = StringField("In one sentence", [Optional()], description="Under the name, where people choose.")
    category = StringField(
        "Category",
        [InputRequired("Give it a category, such as shared-hosting.")],
        description="Small letters and hyphens, such as shared-hosting. Your website asks for plans by it.",
    )
    features = TextAreaField("What is in it", [Optional()], description="One line for each, in the order of the page.")
    storage_gb = WholeNumber("Storage", [InputRequired("0 where it has none.")], default=0)
    bandwidth_gb = WholeNumber("Traffic a month", [Optional()], description="Empty: unlimited.")
    websites = WholeNumber("Websites", [InputRequired("0 where it has none.")], default=1)
    mailboxes = WholeNumber("Mailboxes", [InputRequired("0 where it has none.")], default=0)
    stock = WholeNumber("Stock", [Optional()], description="How many are left. Empty: as many as are asked for.")
    stock_was = HiddenField()
    featured = BooleanField("Recommended: shown first and marked")
    active = BooleanField("On sale", default=True)

    @classmethod
    def of(cls, product: Product) -> "ProductForm":
        """The form filled with what there is."""
        form = cls(obj=product)
        form.features.data = "\n".join(product.features)
        form.bandwidth_gb.data = None if product.bandwidth_gb == UNLIMITED else product.bandwidth_gb
        form.stock_was.data = "" if product.stock is None else str(product.stock)
        return form

    @property
    def fields(self) -> dict[str, Any]:
        """The answers as the service takes them, without the stock."""
        found = {name: self.data[name] for name in ("name", "description", "category", "storage_gb", "websites",
                                                    "mailboxes", "featured", "active")}  # fmt: skip
        found["features"] = (self.features.data or "").splitlines()
        found["bandwidth_gb"] = UNLIMITED if self.bandwidth_gb.data is None else self.bandwidth_gb.data
        return {name: "" if value is None else value for name, value in found.items()}

    @property
    def stock_seen(self) -> int | None:
        """How many there were when the form was drawn."""
        text = self.stock_was.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


class NewProductForm(ProductForm):
    """A product that is not there yet."""

    slug = StringField(
        "Slug",
        [InputRequired("Give it a slug, such as shared-starter.")],
        description="In addresses and on your website, such as shared-starter. It cannot be changed later.",
    )


class PromoCodeForm(PanelForm):
    """What a code takes off, when, how often, and for what. Times are the tenant's."""

    kind = RadioField(
        "It takes off",
        choices=[SelectChoice("percent", "A percentage"), SelectChoice("fixed", "A fixed amount")],
        default="percent",
    )
    percent = StringField("Percentage")
    amount = StringField("Amount")
    currency = SelectField("Currency of the amount")
    valid_from = DateTimeLocalField("Works from", [Optional()], format=moments.TYPED)
    valid_to = DateTimeLocalField("Works until", [Optional()], format=moments.TYPED)
    maximum_uses = WholeNumber("Uses in all", [Optional()], description="Empty: without limit.")
    maximum_per_customer = WholeNumber("Uses for each customer", [Optional()], description="Empty: without limit.")
    products = SelectMultipleField(
        "Only for these products",
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="None chosen: for all.",
    )
    cycles = SelectMultipleField(
        "Only for these billing cycles",
        choices=[SelectChoice(name, span.capitalize()) for name, span in SPANS.items()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="None chosen: for all.",
    )

    def offer(self, products: Sequence[tuple[str, str]], currencies: Sequence[SelectChoice]) -> None:
        """Let these be chosen."""
        self.products.choices = [SelectChoice(slug, name) for slug, name in products]
        self.currency.choices = list(currencies)

    @classmethod
    def of(cls, code: PromoCode, zone: str) -> "PromoCodeForm":
        """The form filled with what there is."""
        form = cls(obj=code)
        if code.percent_hundredths is not None:
            form.percent.data = f"{Decimal(code.percent_hundredths) / 100:f}"
        if code.amount_minor is not None and code.currency is not None:
            form.amount.data = str(Money(code.amount_minor, code.currency).major)
        for name in ("valid_from", "valid_to"):
            form[name].data = moments.on_clock(getattr(code, name), zone)
        form.products.data = list(code.product_slugs)
        return form

    def terms(self, zone: str) -> Terms:
        """The answers as the service takes them.

        Raises:
            Invalid: a number that is none; names the field.
        """
        is_percent = self.kind.data == "percent"
        return Terms(
            percent_hundredths=_hundredths(self.percent.data or "") if is_percent else None,
            amount_minor=None if is_percent else self._amount(),
            currency=None if is_percent else self.currency.data,
            valid_from=moments.of_clock("valid_from", self.valid_from.data, zone),
            valid_to=moments.of_clock("valid_to", self.valid_to.data, zone),
            maximum_uses=self.maximum_uses.data,
            maximum_per_customer=self.maximum_per_customer.data,
            product_slugs=self.products.data or [],
            cycles=self.cycles.data or [],
        )

    def _amount(self) -> int:
        return parse_major((self.amount.data or "").strip(), self.currency.data).minor


class NewPromoCodeForm(PromoCodeForm):
    """A code that is not there yet."""

    code = StringField("Code", [Optional()], description="Leave it empty to get one that nobody guesses.")


def _hundredths(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?", text.strip())
    if found is None:
        raise Invalid.field("percent", "A percentage such as 20 or 12.5.")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
