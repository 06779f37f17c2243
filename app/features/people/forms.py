"""What comes in from the pages about people. Who may choose which role is the service's to say."""

from typing import Any
from uuid import UUID

from wtforms import EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from app.features.people import roles
from app.kernel.access import Role
from app.kernel.pages import PanelForm


class RoleForm(PanelForm):
    """A role, of those that may be given by who asks."""

    role = RadioField("Role", [InputRequired("Choose a role.")])

    def __init__(self, customer_id: UUID | None, highest: Role, **given: Any) -> None:
        super().__init__(**given)
        self.role.choices = [SelectChoice(name, words) for name, words in roles.choices(customer_id, highest)]

    @property
    def chosen(self) -> Role:
        """The role that was chosen."""
        return Role[self.role.data]


class InvitationForm(RoleForm):
    """Who is asked to come in, and as what."""

    email = EmailField(
        "E-mail",
        [InputRequired("Enter an e-mail address."), Length(max=320)],
        description="They get a link that works once, for 7 days.",
    )


class AcceptForm(PanelForm):
    """Coming in: what somebody is called, and a password. What these may be is the services' rule."""

    token = HiddenField()
    first_name = StringField("First name", [InputRequired("Say what we may call you."), Length(max=100)])
    last_name = StringField("Last name", [Optional(), Length(max=100)])
    password = PasswordField("Password", [InputRequired("Choose a password.")])
