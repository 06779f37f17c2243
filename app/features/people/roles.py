"""What each role may do, in words: the same on every page and in every mail."""

from uuid import UUID

from app.kernel.access import Role

STAFF = {
    Role.OWNER: "Everything, other owners included.",
    Role.ADMIN: "Changes money, products, people and settings.",
    Role.BILLING: "Reads and exports money: orders, invoices and payments.",
    Role.MEMBER: "Works on set-up tasks and reads messages.",
    Role.VIEWER: "Reads customers and their services, without money.",
}
CUSTOMER = {
    Role.OWNER: "Everything, other owners included.",
    Role.ADMIN: "Changes the account's details and looks after its people.",
    Role.BILLING: "Sees and pays invoices, and cancels plans.",
    Role.MEMBER: "Uses services: sees how to get in.",
    Role.VIEWER: "Reads which services there are and how they stand.",
}


def label(role: Role) -> str:
    """`Admin`."""
    return role.name.capitalize()


def words(customer_id: UUID | None) -> dict[Role, str]:
    """What each role may do among a customer's people, or among the staff (None)."""
    return STAFF if customer_id is None else CUSTOMER


def explained(customer_id: UUID | None) -> list[tuple[str, str]]:
    """Each role and what it may do, the highest first: for `ui.kv`."""
    return [(label(role), text) for role, text in words(customer_id).items()]


def choices(customer_id: UUID | None, highest: Role) -> list[tuple[str, tuple[str, str]]]:
    """The roles up to `highest` for a field of cards: value, and label with explanation."""
    return [(role.name, (label(role), text)) for role, text in words(customer_id).items() if role <= highest]
