"""What comes in from the pages about people. What each field may be is `profile`'s to say."""

from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from app.features.accounts import profile
from app.features.tenants.forms import currencies
from app.kernel.pages import PanelForm


class ResetForm(PanelForm):
    """Whose password is lost."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=320)])


class WordsForm(PanelForm):
    """Whatever is not sent is empty."""

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in."""
        return {name: "" if value is None else value for name, value in super().answers.items()}


class AccountForm(WordsForm):
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


class NameForm(WordsForm):
    """What somebody is called."""

    first_name = StringField("First name", [InputRequired("Say what we may call you.")])
    last_name = StringField("Last name", [Optional()])


class SignUpForm(PanelForm):
    """Who wants an account. The password is chosen behind the link that goes to the address."""

    first_name = StringField("First name", [InputRequired("Say what we may call you.")])
    last_name = StringField("Last name", [Optional()])
    company = StringField("Company", [Optional()])
    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=320)])
    website = StringField("Leave this empty", [Optional(), Length(max=320)])
    """For machines that fill in everything."""
    terms_version = HiddenField()
    accepts = BooleanField("I accept the terms")
    wants_news = BooleanField("Send me news and offers by mail. I can take this back at any time.")


class SignUpSettingsForm(PanelForm):
    """Who can open an account."""

    sign_up_open = BooleanField("Anybody can open an account at /sign-up")


class TermsForm(PanelForm):
    """A new version of the terms."""

    version = StringField(
        "Name of the version", [InputRequired("Give it a name, such as 2026-11.")], description="Such as 2026-11."
    )
    text = TextAreaField("The terms", [Optional()], description="Plain text; an empty line begins a paragraph.")
    url = StringField(
        "Or where they stand", [Optional()], description="A web address, where the text is kept elsewhere."
    )


class AcceptForm(PanelForm):
    """Yes to the terms."""

    terms_version = HiddenField()
    next = HiddenField()
    accepts = BooleanField("I have read and accept the terms")


class EmailForm(PanelForm):
    """Another address to sign in by, and who asks."""

    email = EmailField("New e-mail", [InputRequired("Enter the new address."), Length(max=320)])
    password = PasswordField(
        "Your password",
        [InputRequired("Enter your password."), Length(max=1024, message="Passwords end at 1,024 bytes.")],
    )


class TokenForm(PanelForm):
    """A yes to what a mailed link is for."""

    token = HiddenField()


class NewsForm(PanelForm):
    """News and offers, yes or no."""

    wants_news = BooleanField("Send me news and offers by mail")


class DetailsForm(AccountForm):
    """The same, put right by staff, with the address that invoices go to."""

    email = EmailField("E-mail", [InputRequired("Enter the address that invoices go to."), Length(max=320)])


class NewCustomerForm(WordsForm):
    """A customer that staff enter, and its first person."""

    first_name = StringField("First name", [InputRequired("Say who it is.")])
    last_name = StringField("Last name", [Optional()])
    email = EmailField("E-mail", [InputRequired("Enter the e-mail address."), Length(max=320)])
    company = StringField("Company", [Optional()])
    phone = TelField("Phone", [Optional()])
    address_line = StringField("Street and number", [Optional()])
    postal_code = StringField("Postal code", [Optional()])
    city = StringField("City", [Optional()])
    region = StringField("State or region", [Optional()])
    country = SelectField("Country", [Optional()], validate_choice=False)
    tax_number = StringField("Tax number", [Optional()])
    currency = SelectField(
        "Currency", validate_choice=False, description="It stays: invoices and credit are kept in it."
    )
    sends_link = BooleanField("Send a welcome with a link to set the first password")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.country.choices = profile.country_choices()
        self.currency.choices = list(currencies())


class NoteForm(PanelForm):
    """A note of the staff."""

    text = TextAreaField("Note", [InputRequired("Write something.")])
    is_pinned = BooleanField("Keep it on top")


class ClosingForm(PanelForm):
    """Yes, close the account."""

    password = PasswordField("Your password", [InputRequired("Enter your password."), Length(max=1024)])
