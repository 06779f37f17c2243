"""What may come in from the pages of messages."""

from wtforms import HiddenField
from wtforms.validators import AnyOf

from app.kernel.pages import PanelForm


class SendAllForm(PanelForm):
    """Send everything again that failed, or that was kept."""

    state = HiddenField(validators=[AnyOf(("failed", "kept"))])
