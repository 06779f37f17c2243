"""What comes in from the pages about people."""

from wtforms import EmailField
from wtforms.validators import InputRequired, Length

from app.kernel.pages import PanelForm


class ResetForm(PanelForm):
    """Whose password is lost."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=320)])
