"""What rooms hand to the pages of the top storey, where several rooms hand in the same kind of thing."""

from typing import NamedTuple


class Hit(NamedTuple):
    """One record that the staff's global search found."""

    kind: str
    """The group it is listed under, such as `Customers`."""
    label: str
    detail: str
    href: str
    icon: str
