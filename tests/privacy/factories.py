"""Fetching copies, for the tests of this room."""

import io
import zipfile

from app.features.privacy import service
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
