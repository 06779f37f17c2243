"""What the checks say as JSON."""

from datetime import datetime
from typing import Literal

from app.kernel.schemas import Answer


class StatusOut(Answer):
    """That the panel answers."""

    status: Literal["ok"] = "ok"


class DebugOut(Answer):
    """That the panel answers, and its clock."""

    status: Literal["ok"] = "ok"
    timestamp: datetime


class ReadyOut(Answer):
    """That requests can be answered."""

    status: Literal["ready"] = "ready"
