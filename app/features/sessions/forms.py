"""What comes in from the pages for signing in and for setting a password."""

from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from app.kernel.pages import PanelForm


class SignInForm(PanelForm):
    """E-mail and password."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail address."), Length(max=320)])
    password = PasswordField(
        "Password", [InputRequired("Enter your password."), Length(max=1024, message="Passwords end at 1,024 bytes.")]
    )
    next = HiddenField()


class SetPasswordForm(PanelForm):
    """A new password, by the link that came by mail. What it must be is the service's rule."""

    token = HiddenField()
    password = PasswordField("New password", [InputRequired("Choose a password.")])
