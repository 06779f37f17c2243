"""Making a customer with its people, or one person, unknown. Invoices, payments and books stay as the law wants.

Everything happens in the open transaction: somebody is erased whole or not at all. The audit log stays as it is and
still verifies; its personal parts cannot be read any more, since their key is destroyed.
"""

from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import personal as accounts
from app.features.accounts.merged import ids_of
from app.features.accounts.models import PasswordRequest, SignUp
from app.features.audit import keys
from app.features.audit import service as audit
from app.features.audit.watched import WATCHED
from app.features.messages.models import EmailMessage
from app.features.people.models import Invitation
from app.features.privacy.events import CustomerErased, UserErased
from app.features.privacy.held import HELD
from app.features.privacy.models import DataCopy, DataCopyPart
from app.kernel import db, personal, tenancy
from app.kernel.events import publish
from app.kernel.personal import Held


def erase_customer(customer_id: UUID) -> int:
    """Erase a customer, those that were merged into it and all who sign in for it; how many records were touched."""
    own_ids, touched = ids_of(customer_id), 0
    for held in HELD:
        if held.of_customer is not None:
            touched += sum(_erase(held, held.of_customer(own_id)) for own_id in own_ids)
    touched += sum(erase_person(user_id) for user_id in accounts.people_of(customer_id))
    for own_id in own_ids:
        accounts.erase_customer(own_id)
        _drop_copies(own_id)
        keys.destroy(own_id)
    publish(CustomerErased(customer_id, touched + len(own_ids)))
    return touched + len(own_ids)


def erase_person(user_id: UUID) -> int:
    """Erase one person; how many records were touched."""
    touched = sum(_erase(held, held.of_person(user_id)) for held in HELD if held.of_person is not None)
    accounts.erase_person(user_id)
    _drop_copies(user_id)
    keys.destroy(user_id)
    publish(UserErased(user_id, touched + 1))
    return touched + 1


def erase_strangers() -> int:
    """Of a house that is gone for good: those who were asked to come in or asked to, and never came; how many."""
    keys.destroy_those_of(sa.select(Invitation.id))
    gone = [db.session().execute(sa.delete(model)) for model in (EmailMessage, SignUp, PasswordRequest, Invitation)]
    touched = sum(cast("sa.CursorResult[Any]", done).rowcount for done in gone)
    audit.record("RECORD_DELETED", resource_type="invitation", resource_id=None, after={"erased": touched})
    return touched


def _drop_copies(subject_id: UUID) -> None:
    """Copies that were made of it, for whomever, and of the whole tenant: those of its operator lie in another house.

    One that is being made is lost to its maker.
    """
    about = DataCopy.subject_id.in_((subject_id, tenancy.current()))
    with tenancy.across_tenants("operator"):
        ids = db.session().scalars(sa.select(DataCopy.id).where(about).with_for_update()).all()
        db.session().execute(sa.delete(DataCopyPart).where(DataCopyPart.copy_id.in_(ids)))
        db.session().execute(sa.delete(DataCopy).where(DataCopy.id.in_(ids)))


def _erase(held: Held, condition: sa.ColumnElement[bool]) -> int:
    """Do what is said of these records. Those whose changes the log watches get a line that counts them."""
    if held.has_keys:
        keys.destroy_those_of(sa.select(held.model.id).where(condition))
    count = personal.erase(held, condition)
    watched = WATCHED.get(held.model.__tablename__)
    if count and watched is not None:
        action = "RECORD_DELETED" if held.removed else "RECORD_UPDATED"
        audit.record(action, resource_type=watched.name, resource_id=None, after={"erased": count})
    return count
