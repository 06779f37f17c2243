"""What this room adds to pages of the top storey: how the queue does."""

from app.features.messages.service import Health, health

__all__ = ["Health", "health"]
