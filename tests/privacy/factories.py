"""Fetching copies, for the tests of this room."""

import io
import zipfile

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.privacy import service
from app.kernel import db, tenancy
from tests.support.cast import principal_of


def fetched(asked, user, *, door="client"):
    """The newest copy of `user`, by their browser: the opened zip."""
    copy = service.copies_for(principal_of(user))[0]
    answer = asked.get(f"/{door}/privacy/copies/{copy.id}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert len(answer.data) == copy.byte_count
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


def everything() -> dict[str, str]:
    """All texts of the tenant's tables but for invoices, and what of the log can still be read."""
    found = {}
    for table in (one for one in tenancy.tenant_tables() if one.name != "invoices"):
        texts = [column for column in table.columns if isinstance(column.type, sa.String | sa.JSON)]
        for column in texts:
            rows = (
                db.session().execute(tenancy.named(sa.select(sa.cast(column, sa.Text)), "looks everywhere")).scalars()
            )
            found[f"{table.name}.{column.name}"] = " ".join(text for text in rows if text).lower()
    by_strangers = AuditLog.action == "SIGN_UP_REQUESTED"  # it names nobody; what it is about is gone after a week
    for row in db.session().scalars(sa.select(AuditLog).where(~by_strangers)):
        found[f"log: {row.action} {row.resource_type} {row.id}"] = str(audit.personal_part(row)).lower()
    return found
