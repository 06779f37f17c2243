"""What becomes of a tenant that was closed: a copy before, and nobody left after 30 days."""

import io
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import sign_up
from app.features.accounts.models import Customer, User
from app.features.accounts.personal import NOBODY
from app.features.audit import service as audit
from app.features.billing import specimen as billing
from app.features.billing.models import Invoice
from app.features.operator import tasks
from app.features.privacy import tasks as privacy
from app.features.privacy.models import DataCopy
from app.features.tenants import lifecycle
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Conflict
from tests.accounts.factories import make_colleague
from tests.people.factories import make_invitation
from tests.privacy.factories import everything

pytestmark = pytest.mark.both_stores


def test_thirty_days_after_closing_its_people_are_erased_and_its_invoices_stay(tenant, other_tenant, alice, charlie):
    with tenancy.as_tenant(other_tenant.id):
        billing.make(db.session().get_one(Customer, charlie.customer_id))
        ted = make_colleague(Role.OWNER, "Ted")
        make_invitation(ted, email="zora@never.example")
        sign_up.request(
            email="zeno@never.example", first_name="Z", last_name="", company="", terms_version="", wants_news=False
        )
        db.session().flush()
        audit.write_out()
    lifecycle.close(other_tenant.id, confirm_name="tern")
    other_tenant.closed_at = clock.now() - timedelta(days=29, hours=23)
    db.session().flush()
    tasks.erase_closed()
    assert other_tenant.state == "closed"

    other_tenant.closed_at = clock.now() - timedelta(days=30)
    db.session().flush()
    tasks.erase_closed()
    tasks.erase_closed()

    db.session().refresh(other_tenant)
    assert other_tenant.state == "erased"
    with tenancy.as_tenant(other_tenant.id):
        assert set(db.session().scalars(sa.select(User.email))) == {NOBODY}
        assert set(db.session().scalars(sa.select(Customer.name))) == {"Erased customer"}
        assert db.session().scalar(sa.select(sa.func.count(Invoice.id))) == 1
        assert [
            word for word in ("zora@", "zeno@", "charlie") if any(word in text for text in everything().values())
        ] == []
    assert db.session().scalar(sa.select(User.email).where(User.id == alice.id)) == alice.email
    with pytest.raises(Conflict):
        lifecycle.reopen(other_tenant.id)


def test_the_operator_gets_a_copy_of_everything_of_a_tenant(as_olive, as_sam, other_tenant, alice, charlie):
    here = f"/admin/tenants/{other_tenant.id}/copies"
    assert as_sam.post(here).status_code == 403
    assert as_olive.post(here).status_code == 303
    privacy.make_copies()

    copy = db.session().scalars(sa.select(DataCopy)).one()
    answer = as_olive.get(f"/admin/privacy/copies/{copy.id}")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert charlie.email in archive.read("users.json").decode()
    assert alice.email.encode() not in b"".join(archive.read(name) for name in archive.namelist())
    assert as_sam.get(f"/admin/privacy/copies/{copy.id}").status_code == 404
