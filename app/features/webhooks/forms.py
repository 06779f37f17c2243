"""What may come in from the pages about webhooks."""

from collections.abc import Sequence

from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.validators import Optional as Maybe
from wtforms.widgets import CheckboxInput, ListWidget

from app.kernel.pages import PanelForm

FIRST_YEAR, LAST_YEAR = 2000, 2999
REACH = (
    ("all", ("Everything", "Every event, those of later versions too", "")),
    ("some", ("Some events", "Only what is ticked below", "")),
)


class EndpointForm(PanelForm):
    """An endpoint, new or changed."""

    name = StringField(
        "Name",
        [InputRequired("Give it a name."), Length(max=100, message="At most 100 characters.")],
        description="Who listens there, such as Marketing site.",
    )
    url = StringField(
        "Address",
        [InputRequired("Write the address that is told."), Length(max=2000, message="At most 2,000 characters.")],
        description="Begins with https:// and is reached from the internet.",
    )
    reach = RadioField("It is told", choices=[SelectChoice(value, label) for value, label in REACH], default="all")
    events = SelectMultipleField("Events", option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False))
    headers = TextAreaField(
        "Headers of your own",
        [Maybe(), Length(max=10_000)],
        description="One a line, as Authorization: Bearer abc. Kept sealed, never shown again.",
    )
    drop_headers = BooleanField("Send no headers of our own any more")
    retry_enabled = BooleanField("Try failed deliveries again, for up to two days", default=True)

    def offer(self, events: Sequence[str]) -> None:
        """Let these events be chosen."""
        self.events.choices = [SelectChoice(name, name) for name in events]

    def validate_events(self, field: SelectMultipleField) -> None:
        """Some is at least one."""
        if self.reach.data == "some" and not field.data:
            raise ValidationError("Tick at least one event, or choose everything.")

    def validate_headers(self, field: TextAreaField) -> None:
        """Each line is a name and a value."""
        for line in (field.data or "").splitlines():
            if line.strip() and ":" not in line:
                raise ValidationError("Write each header as Name: value, one a line.")

    @property
    def chosen(self) -> list[str]:
        """The events asked for; none is all."""
        return list(self.events.data or []) if self.reach.data == "some" else []

    @property
    def own_headers(self) -> dict[str, str] | None:
        """The headers as written; None where nothing was written and those that are there stay."""
        if self.drop_headers.data:
            return {}
        pairs = [line.partition(":") for line in (self.headers.data or "").splitlines() if line.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs} or None


class TestForm(PanelForm):
    """Tell an endpoint the example of an event."""

    event = SelectField("Event", default="customer.created")

    def offer(self, events: Sequence[str]) -> None:
        """Let these events be chosen."""
        self.event.choices = [SelectChoice(name, name) for name in events]


class ReplayForm(PanelForm):
    """Send again what failed since a day."""

    since = DateField("Failed since", [InputRequired("Choose a day.")])

    def validate_since(self, field: DateField) -> None:
        """A day that every calendar reaches."""
        if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
            raise ValidationError("Choose a day of this century.")
