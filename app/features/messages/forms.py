"""What may come in from the pages of messages."""

from typing import Any

from wtforms import HiddenField, IntegerField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, NumberRange, Optional, ValidationError

from app.kernel.pages import PanelForm


class SendAllForm(PanelForm):
    """Send everything again that failed, or that was kept."""

    state = HiddenField(validators=[AnyOf(("failed", "kept"))])


class PortRange(NumberRange):  # type: ignore[misc]  # WTForms is untyped
    """What a port can be. A number of hundreds of digits is none either, where WTForms' own falls over it."""

    def __call__(self, form: Any, field: Any) -> None:
        """Refuse what is outside."""
        if field.data is not None and not self.min <= field.data <= self.max:
            raise ValidationError(self.message)


class ServerForm(PanelForm):
    """A mail server of the tenant's own."""

    host = StringField("Server", [InputRequired("Write the server's name, such as smtp.example.com.")])
    port = IntegerField("Port", [InputRequired("Usually 587 or 465."), PortRange(1, 65535, "1 to 65535.")], default=587)
    encryption = SelectField(
        "Encryption",
        choices=[
            SelectChoice("starttls", "STARTTLS, required (usually port 587)"),
            SelectChoice("tls", "TLS from the first byte (usually port 465)"),
            SelectChoice("none", "None: for a server on this machine"),
        ],
        default="starttls",
    )
    user = StringField("User", [Optional()], description="Empty: the server wants no sign-in.", default="")
    password = PasswordField("Password", [Optional()], default="")

    @property
    def answers(self) -> dict[str, Any]:
        """What was filled in; what was left empty is an empty text."""
        return {name: "" if value is None else value for name, value in super().answers.items()}


class SendersForm(PanelForm):
    """Who writes, and where answers go."""

    mail_name = StringField("Name", [Optional()], description="Empty: the brand's.")
    mail_from = StringField("Address", [Optional()])
    sales = StringField("Sales", [Optional()])
    support = StringField("Support", [Optional()])
    info = StringField("Information", [Optional()])
    partnerships = StringField("Partnerships", [Optional()])
    careers = StringField("Careers", [Optional()])
    billing = StringField("Billing", [Optional()])
