"""What comes in from the pages about privacy."""

from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.features.tenants.rules import LEAST_DAYS, MOST_DAYS
from app.kernel.pages import PanelForm

_DAYS = NumberRange(LEAST_DAYS, MOST_DAYS, f"Between {LEAST_DAYS} and {MOST_DAYS:,} days.")


class KeepingForm(PanelForm):
    """How long things are kept."""

    keep_mails_days = IntegerField(
        "Mails",
        [Optional(), _DAYS],
        description="Mails that went out, or never will, go after so many days. Empty: they are kept for good.",
    )
    keep_closed_days = IntegerField(
        "Closed customers",
        [Optional(), _DAYS],
        description="So many days after a customer closed, it is erased by itself; invoices stay. Empty: never.",
    )


class RefusalForm(PanelForm):
    """Why somebody is not erased."""

    reason = StringField("Why not", [InputRequired("Say why, they may ask."), Length(max=500)])
