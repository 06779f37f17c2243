"""What logins tell about people."""

import sqlalchemy as sa

from app.features.sessions.models import UserSession
from app.kernel import clock
from app.kernel.personal import Held

HELD = (
    Held(
        "logins",
        UserSession,
        ("created_at", "last_active_at", "ended_at", "end_reason", "device_type", "browser", "os", "ip", "place"),
        of_person=lambda who: UserSession.user_id == who,
        erased=lambda: {
            "ip": "", "place": "", "browser": "", "os": "",
            "ended_at": sa.func.coalesce(UserSession.ended_at, clock.now()),
        },
    ),
)  # fmt: skip
