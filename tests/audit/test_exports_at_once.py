"""Somebody who asks for many files of the log at the same moment has no more of them than one may have."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.features.accounts import service as accounts
from app.features.accounts.specimen import principal_of
from app.features.audit import listing, prepared
from app.kernel import db, tenancy
from tests.audit.test_sealing import house as house

pytestmark = pytest.mark.both_stores


def test_ten_files_are_the_most_however_many_ask_at_once(house):
    with db.transaction():
        _customer, user = accounts.register(email="nora@example.com", first_name="Nora", last_name="Quick")
    who = principal_of(user)

    def ask(_number: int) -> bool:
        try:
            with tenancy.as_tenant(house), db.transaction():
                prepared.ask(who, "csv", listing.read({}), zone="UTC")
        except prepared.TooManyFiles:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        made = sum(people.map(ask, range(16)))

    with db.transaction(write=False):
        assert made == len(prepared.of(who)) == prepared.MOST_OF_ONE
