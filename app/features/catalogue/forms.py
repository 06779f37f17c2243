"""What comes in from the pages of products and promo codes. What each may be is `rules`' to say."""

from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.features.catalogue.models import UNLIMITED, Product
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
        description="In addresses and on your website, such as shared-starter. It is for good.",
    )
