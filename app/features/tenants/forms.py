"""What comes in from the pages of settings. What each may be is `rules`' to say."""

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.features.tenants.rules import AUDIT_YEARS
from app.kernel.pages import PanelForm

LOCALES = (
    "en", "en-GB", "en-US", "en-AU", "en-CA", "en-IE", "cs", "da", "de", "de-AT", "de-CH", "el", "es", "es-MX", "fi",
    "fr", "fr-CA", "fr-CH", "hu", "it", "ja", "ko", "nb", "nl", "pl", "pt", "pt-BR", "ro", "sv", "tr",
)  # fmt: skip
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def currencies() -> tuple[SelectChoice, ...]:
    """What is legal tender somewhere today."""
    territories = get_global("territory_currencies")
    codes = {code for territory in territories for code in get_territory_currencies(territory)}
    return tuple(SelectChoice(code, f"{code} · {get_currency_name(code, locale='en')}") for code in sorted(codes))


@cache
def _zones() -> tuple[SelectChoice, ...]:
    places = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return tuple(SelectChoice(name, name.replace("_", " ")) for name in ("UTC", *places))


@cache
def _locales() -> tuple[SelectChoice, ...]:
    return tuple(SelectChoice(name, Locale.parse(name, sep="-").get_display_name("en") or name) for name in LOCALES)


def _with(choices: tuple[SelectChoice, ...], present: str) -> list[SelectChoice]:
    """The choices, and what is set already, even where it is none of the usual."""
    known = any(choice.value == present for choice in choices)
    return list(choices) if known else [SelectChoice(present, present), *choices]


class CompanyForm(PanelForm):
    """Who the seller is."""

    legal_name = StringField(
        "Legal name", [Optional()], description="As it stands in the register. Empty: the brand's name is used."
    )
    address = TextAreaField("Address", [Optional()], description="One line below the other, the country last.")
    tax_number = StringField("Tax number", [Optional()], description="Such as a VAT number, with its country letters.")


class RegionForm(PanelForm):
    """Money, time and numbers."""

    currency = SelectField(
        "Currency",
        description="New customers get it, and your website shows the plans that have a price in it. "
        "What was sold keeps its own.",
    )
    time_zone = SelectField(
        "Time zone",
        description="Staff see times in it, promo codes begin and end by it, and days of figures are its days: "
        "after a change those of past days follow once the operator has run mpanel figures rebuild.",
    )
    locale = SelectField("Format of amounts", description="How staff see amounts with a sign: $29.36, 29,36 $.")
    number_prefix = StringField(
        "Invoice prefix",
        [InputRequired("Give 1 to 8 capital letters and digits.")],
        description="Counts from the next invoice on; the numbers go on without a gap.",
    )

    def offer(self, currency: str, time_zone: str, locale: str) -> None:
        """Let be chosen what is usual, and what is set."""
        self.currency.choices = _with(currencies(), currency)
        self.time_zone.choices = _with(_zones(), time_zone)
        self.locale.choices = _with(_locales(), locale)


class LogsForm(PanelForm):
    """How long the logs are kept."""

    audit_kept_years = SelectField(
        "Audit log",
        choices=[
            SelectChoice("", "For ever"),
            *(SelectChoice(str(years), "1 year" if years == 1 else f"{years} years") for years in AUDIT_YEARS),
        ],
        coerce=lambda text: int(text) if text else None,
        description="What is older goes by whole sealed segments, each night. The seal of each stays, so that the rest "
        "can be proven.",
    )
    api_log_kept_days = IntegerField(
        "Log of API requests",
        [InputRequired("Give a number of days.")],
        description="Who called which address of the API, and how it was answered.",
    )


class GatewaysForm(PanelForm):
    """How customers can pay."""

    bank_enabled = BooleanField("Customers can pay by bank transfer")
    bank_details = TextAreaField(
        "Where the money goes",
        [Optional()],
        description="Shown with the amount and the invoice's number as the reference. You record the payment yourself.",
    )
    sandbox_enabled = BooleanField("Customers can pay with the sandbox")
