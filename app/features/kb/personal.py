"""What the knowledge base holds about people: what they said of articles while signed in."""

from app.features.kb.models import Vote
from app.kernel.personal import Held

HELD = (
    Held(
        "article_votes",
        Vote,
        ("article_id", "is_helpful", "comment", "created_at"),
        of_person=lambda who: Vote.user_id == who,
        erased=lambda: {"user_id": None, "comment": ""},
    ),
)
