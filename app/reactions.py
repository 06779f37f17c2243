"""What happens elsewhere because of each event: the only page where rooms meet.

Reactions run in the transaction of what happened and only insert rows; what is
slow is done by the worker. Every event stands in the audit log besides.
"""

from app.features.accounts.events import PasswordChanged, PasswordLinkRequested
from app.features.audit import service as audit
from app.features.messages import service as messages
from app.features.orders.events import CustomerCreated
from app.kernel import events
from app.kernel.events import Reactions

REACTIONS: Reactions = {
    CustomerCreated: (messages.welcome,),
    PasswordChanged: (messages.password_changed,),
    PasswordLinkRequested: (messages.password_link,),
}


def wire() -> None:
    """Make these the reactions of this process."""
    events.wire(REACTIONS, always=(audit.on_event,))
