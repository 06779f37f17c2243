"""What comes in from the pages about set-up tasks and services."""

from collections.abc import Sequence
from typing import Any

from wtforms import PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import URL, InputRequired, Length, Optional, ValidationError

from app.features.catalogue.cycles import PER
from app.features.catalogue.models import Price, Product
from app.features.provisioning.access import Access
from app.kernel.pages import PanelForm

LEAVING = (
    ("No longer needed", "I no longer need it"),
    ("Too dear", "It is too dear"),
    ("Moved elsewhere", "I am moving elsewhere"),
    ("Not content", "I am not content with it"),
    ("Other", "Another reason"),
)
"""Why customers cancel: a choice, so that nothing personal is written into the log."""


def _at_most(length: int) -> Length:
    return Length(max=length, message=f"At most {length} characters.")


def _one_line(_form: Any, field: Any) -> None:
    if not (field.data or "").isprintable():
        raise ValidationError("This has to be one line of plain text.")


class DoneForm(PanelForm):
    """A change that is done: what the machine calls it."""

    reference = StringField(
        "Reference",
        [Optional(), _at_most(100), _one_line],
        description="What the machine calls it, such as web-07/acme. For staff only.",
    )
    remark = StringField("Remark", [Optional(), _at_most(200), _one_line], description="For staff. Never a password.")


class SetUpForm(DoneForm):
    """A set-up that is done: how the customer gets in."""

    panel_url = StringField(
        "Control panel",
        [
            Optional(),
            _at_most(300),
            _one_line,
            URL(require_tld=False, message="A web address, such as https://panel.example.com."),
        ],
    )
    host = StringField(
        "Server",
        [_at_most(253), _one_line],
        description="Name or address. One of server, control panel or notes is enough.",
    )
    user_name = StringField("User name", [Optional(), _at_most(100), _one_line])
    password = PasswordField("Password", [Optional(), _at_most(200), _one_line])
    notes = TextAreaField("Notes for the customer", [Optional(), _at_most(2000)])

    def validate_panel_url(self, field: Any) -> None:
        """Only what a browser opens as a page."""
        if field.data and not field.data.lower().startswith(("https://", "http://")):
            raise ValidationError("A web address begins with https://.")

    def validate_host(self, field: Any) -> None:
        """The customer has to get in somehow."""
        if not any((field.data, self.panel_url.data, self.notes.data)):
            raise ValidationError("Say where the customer gets in: a server, a control panel, or notes.")

    @property
    def way_in(self) -> Access:
        """What was filled in, for the customer alone."""
        return Access(
            host=(self.host.data or "").strip(),
            user_name=(self.user_name.data or "").strip(),
            password=self.password.data or "",
            panel_url=(self.panel_url.data or "").strip(),
            notes=(self.notes.data or "").strip(),
        )


class ReasonForm(PanelForm):
    """Why something is done that needs a reason; asked in the dialog of that act."""

    reason = StringField("Reason", [InputRequired("Say why, in a few words."), _at_most(200), _one_line])

    def __init__(self, act: str) -> None:
        super().__init__()
        self.act = act
        self.reason.id = f"{act}-reason"


def asked_reasons(*acts: str, refused: ReasonForm | None = None) -> dict[str, ReasonForm]:
    """An empty form for each act, but for the one that was `refused`, which keeps what was typed."""
    forms = {act: ReasonForm(act) for act in acts}
    for form in forms.values():
        form.reason.data = ""
    if refused is not None:
        forms[refused.act] = refused
    return forms


class PlanForm(PanelForm):
    """Another plan for a service."""

    price = SelectField("New plan", validators=[InputRequired("Choose a plan.")])

    def __init__(self, offered: Sequence[tuple[Price, Product]]) -> None:
        super().__init__()
        self._offered = {str(price.id): (price, product) for price, product in offered}
        self.price.choices = [
            SelectChoice(price_id, f"{product.name}, {price.amount.plain} {PER[price.cycle]}")
            for price_id, (price, product) in self._offered.items()
        ]

    @property
    def chosen(self) -> tuple[Price, Product]:
        """What was chosen, once the form is found right."""
        return self._offered[self.price.data]


class LeaveForm(PanelForm):
    """A customer who does not want a service any longer."""

    reason = SelectField("Why", choices=[SelectChoice(value, label) for value, label in LEAVING])
