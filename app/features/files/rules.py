"""What may be said of a picture that a record shows."""

from uuid import UUID

from app.features.files import service
from app.kernel.errors import NotFound


def shown(value: UUID | None) -> UUID | None:
    """A picture of this tenant that everybody may see, or none.

    Raises:
        ValueError: there is no such picture, or staff alone see it.
    """
    if value is None:
        return None
    try:
        found = service.find(value)
    except NotFound as problem:
        raise ValueError("There is no such picture.") from problem
    if not found.is_public:
        raise ValueError("Staff alone may see this picture.")
    return value
