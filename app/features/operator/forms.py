"""What comes in from the pages of tenants. What each may be is `tenants.rules`' and `accounts`' to say."""

from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.features.tenants.forms import currencies
from app.kernel.pages import PanelForm


class NameForm(PanelForm):
    """What a brand is called, and where."""

    name = StringField("Name", [InputRequired("Say what customers call it."), Length(max=80)])
    domain = StringField(
        "Host name",
        [InputRequired("Without a host name nobody reaches it."), Length(max=253)],
        description="Such as portal.example.com. Its DNS must lead to this machine; it is served at once.",
    )


class OwnNameForm(NameForm):
    """The same of the operator's own, which `APP_URL` leads to besides."""

    domain = StringField("Host name", [Optional(), Length(max=253)], description="Besides the one of APP_URL.")


class HouseForm(NameForm):
    """A new brand with its first owner."""

    slug = StringField(
        "Short name",
        [InputRequired("Give it a short name."), Length(max=63)],
        description="Small letters, digits and hyphens. It stays.",
    )
    currency = SelectField("Currency", description="What new customers pay in.")
    number_prefix = StringField(
        "Invoice prefix", [InputRequired("Give 1 to 8 capital letters and digits.")], description="Such as TN."
    )
    has_plans = BooleanField(
        "Begin with the four example plans and WELCOME20",
        default=True,
        description="Their prices are in US dollars; others are added to each product.",
    )
    first_name = StringField("First name", [Optional(), Length(max=80)])
    last_name = StringField("Last name", [Optional(), Length(max=80)])
    email = EmailField(
        "E-mail", [InputRequired("Say who the owner is.")], description="They set a password by a link that you get."
    )

    def offer(self) -> None:
        """Let a currency be chosen."""
        self.currency.choices = list(currencies())
        if self.currency.data is None:
            self.currency.data = "USD"


class SuspensionForm(PanelForm):
    """Switching a brand off for now."""

    note = StringField("What its people read", [Optional(), Length(max=300)])


class ClosingForm(PanelForm):
    """Closing a brand."""

    confirm_name = StringField("Its short name", [InputRequired("Type its short name to be sure.")])
