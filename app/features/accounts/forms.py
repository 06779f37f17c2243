"""What comes in from the pages about people. What each field may be is `profile`'s to say."""

from typing import Any

from wtforms import EmailField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from app.features.accounts import profile
from app.kernel.pages import PanelForm


class ResetForm(PanelForm):
    """Whose password is lost."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=320)])


class AccountForm(PanelForm):
    """A customer's contact, address and tax number."""

    name = StringField("Contact name", [InputRequired("Say whom we may ask for.")])
    company = StringField("Company", [Optional()])
    phone = TelField("Phone", [Optional()])
    address_line = StringField("Street and number", [Optional()])
    postal_code = StringField("Postal code", [Optional()])
    city = StringField("City", [Optional()])
    region = StringField("State or region", [Optional()])
    country = SelectField("Country", [Optional()], validate_choice=False)
    tax_number = StringField("Tax number", [Optional()], description="It stands on your invoices from now on.")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.country.choices = profile.country_choices()

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in; what was not sent is empty."""
        return {name: value or "" for name, value in super().answers.items()}


class NameForm(PanelForm):
    """What somebody is called."""

    first_name = StringField("First name", [InputRequired("Say what we may call you.")])
    last_name = StringField("Last name", [Optional()])

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in; what was not sent is empty."""
        return {name: value or "" for name, value in super().answers.items()}
