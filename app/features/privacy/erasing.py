"""Making a customer with its people, or one person, unknown. Invoices, payments and books stay as the law wants.

Everything happens in the open transaction: somebody is erased whole or not at all. The audit log stays as it is and
still verifies; its personal parts cannot be read any more, since their key is destroyed.
"""

from uuid import UUID

from app.features.accounts import personal as accounts
from app.features.audit import keys
from app.features.privacy.events import CustomerErased, UserErased
from app.features.privacy.held import HELD
from app.kernel import personal
from app.kernel.events import publish


def erase_customer(customer_id: UUID) -> int:
    """Erase a customer and all who sign in for it; how many records were touched."""
    touched = sum(personal.erase(held, held.of_customer(customer_id)) for held in HELD if held.of_customer is not None)
    people = accounts.people_of(customer_id)
    touched += sum(_erase_records_of(user_id) for user_id in people)
    accounts.erase_customer(customer_id)
    for person_id in (*people, customer_id):
        keys.destroy(person_id)
    publish(CustomerErased(customer_id, touched))
    return touched


def erase_person(user_id: UUID) -> int:
    """Erase one person; how many records were touched."""
    touched = _erase_records_of(user_id)
    keys.destroy(user_id)
    publish(UserErased(user_id, touched))
    return touched


def _erase_records_of(user_id: UUID) -> int:
    touched = sum(personal.erase(held, held.of_person(user_id)) for held in HELD if held.of_person is not None)
    accounts.erase_person(user_id)
    return touched + 1
