"""What comes in from the pages about keys."""

from collections.abc import Collection

from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.kernel.pages import PanelForm

SCOPE_WORDS = (
    ("marketing", "Marketing: make accounts, read the catalogue and services"),
    ("admin", "Admin: reports of the whole business"),
    ("webhook", "Webhook: subscribe to events"),
)
LIVES = (("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))


class KeyForm(PanelForm):
    """A new key."""

    name = StringField(
        "Name",
        [InputRequired("Give the key a name."), Length(max=100, message="At most 100 characters.")],
        description="What will use it, such as Marketing site.",
    )
    scopes = SelectMultipleField(
        "It may",
        default=["marketing"],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validators=[InputRequired("Choose at least one.")],
    )
    expires = SelectField("Expires", choices=[SelectChoice(value, label) for value, label in LIVES], default="")

    collected = BooleanField(
        "The site has taken the money before it posts a sale",
        description="What this key sells is paid at once and set up. Only for a site that charges its visitors itself.",
    )

    def offer(self, scopes: Collection[str]) -> None:
        """Let only `scopes` be chosen: those that open something."""
        self.scopes.choices = [SelectChoice(value, label) for value, label in SCOPE_WORDS if value in scopes]

    @property
    def days(self) -> int | None:
        """How long it lasts, in days; None is for ever."""
        return int(self.expires.data) if self.expires.data else None
