"""What comes in from the pages about payments."""

from uuid import UUID

from wtforms import HiddenField, StringField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Regexp
from wtforms.widgets import DateInput

from app.features.billing.own import MOST_TOGETHER
from app.features.payments.charges import METHODS, Agreed
from app.features.payments.service import LONGEST_REFERENCE
from app.kernel.pages import PanelForm

ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
IDS = rf"{ID[:-1]}(,{ID[1:-1]}){{0,{MOST_TOGETHER - 1}}}$"
"""Of several, with commas between."""
ONE_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"


class PayForm(PanelForm):
    """What a customer agreed to on the page of an invoice, or of several. Nothing of it is typed."""

    invoice = StringField(validators=[InputRequired(), Regexp(IDS)])
    method = StringField(validators=[InputRequired(), AnyOf(METHODS)])
    credit = StringField(validators=[AnyOf(("use", "keep"))])
    charge = StringField(validators=[InputRequired(), Regexp(r"^[0-9]{1,15}$")])
    attempt = StringField(validators=[InputRequired(), Regexp(ID)])

    @property
    def invoice_ids(self) -> list[UUID]:
        """Which invoices are paid."""
        return [UUID(text) for text in dict.fromkeys(self.invoice.data.split(","))]

    @property
    def agreed(self) -> Agreed:
        """What the customer saw."""
        return Agreed(
            method=self.method.data,
            uses_credit=self.credit.data == "use",
            charge_minor=int(self.charge.data),
            attempt=UUID(self.attempt.data),
        )


class RefundForm(PanelForm):
    """Money that staff have sent back."""

    amount = StringField("Amount sent back", [InputRequired("How much went back?"), Length(max=40)])
    seen = HiddenField(validators=[InputRequired(), Regexp(r"^[0-9]{1,15}$")])


class TransferForm(PanelForm):
    """Money that staff saw coming in."""

    amount = StringField("Amount", [InputRequired("How much came in?"), Length(max=40)])
    received_on = StringField(
        "Received on",
        [InputRequired("When did it arrive?"), Regexp(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", message="A day, please.")],
        widget=DateInput(),
    )
    reference = StringField(
        "Reference",
        [
            DataRequired("Give the bank's reference: it keeps one transfer from counting twice."),
            Length(max=LONGEST_REFERENCE, message="At most 200 characters."),
            Regexp(ONE_LINE, message="One line of plain text, please."),
        ],
        description="As it stands on the bank statement. Each counts once.",
        filters=[lambda text: text.strip() if text else text],
    )
    note = StringField(
        "Note",
        [
            Length(max=300, message="At most 300 characters."),
            Regexp(ONE_LINE, message="One line of plain text, please."),
        ],
        description="For your colleagues; the customer does not see it.",
    )
