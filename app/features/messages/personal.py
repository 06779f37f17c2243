"""What mails tell about people."""

from app.features.messages.models import EmailMessage
from app.kernel.personal import Held

HELD = (
    Held(
        "mails",
        EmailMessage,
        ("created_at", "template", "to_address", "subject_line", "body_text", "state", "sent_at"),
        of_person=lambda who: EmailMessage.to_user_id == who,
        removed=True,
    ),
)
