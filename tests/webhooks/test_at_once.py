"""Many at once, on real commits: the limit of endpoints holds, and no secret that was shown is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from app.features.webhooks import service
from app.features.webhooks.models import Webhook
from app.features.webhooks.service import MOST_ENDPOINTS, TooManyEndpoints
from app.kernel import db, tenancy
from app.kernel.errors import NotFound
from tests.webhooks import drills
from tests.webhooks.factories import make_webhook

pytestmark = pytest.mark.both_stores
THREADS = 6


@pytest.fixture
def house(panel_app: Flask, fresh_engine: sa.Engine) -> UUID:
    """A house in a store of its own."""
    return drills.make_tenant()


def at_once(house: UUID, work, times: int = THREADS) -> list:
    """What `work` returned to each of so many who did it at the same moment; None for those who were refused."""
    gate = threading.Barrier(times)

    def one(_index):
        gate.wait()
        try:
            with tenancy.as_tenant(house), db.transaction():
                return work()
        except (TooManyEndpoints, NotFound):
            return None

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_however_many_come_at_once_there_are_never_more_endpoints_than_a_tenant_may_have(house: UUID) -> None:
    with tenancy.as_tenant(house), db.transaction() as session:
        webhook, _secret = make_webhook()
        like = {name: getattr(webhook, name) for name in ("url", "events", "secret_sealed", "retry_enabled")}
        session.add_all(Webhook(name=f"{number}", **like) for number in range(MOST_ENDPOINTS - 3))

    made = at_once(house, make_webhook)

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        assert session.scalar(sa.select(sa.func.count(Webhook.id))) == MOST_ENDPOINTS
    assert sum(one is not None for one in made) == 2


def loaded_by_both(webhook_id: UUID, meet: threading.Barrier) -> Webhook:
    """The endpoint, read before either writes; on SQLite a unit that writes begins when the other has ended."""
    webhook = db.session().get_one(Webhook, webhook_id)
    if db.is_postgresql():
        meet.wait()
    return webhook


def test_of_two_who_make_a_new_secret_at_once_both_hold_one_that_signs(house: UUID) -> None:
    with tenancy.as_tenant(house), db.transaction():
        webhook_id = make_webhook()[0].id
    meet = threading.Barrier(2)

    shown = at_once(house, lambda: service.rotate_secret(loaded_by_both(webhook_id, meet)), times=2)

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        assert set(service.secrets_of(session.get_one(Webhook, webhook_id))) == set(shown)


def test_who_deletes_and_who_makes_a_new_secret_at_once_leave_no_secret_behind(house: UUID) -> None:
    with tenancy.as_tenant(house), db.transaction():
        webhook_id = make_webhook()[0].id
    meet, turns, picking = threading.Barrier(2), iter((service.delete, service.rotate_secret)), threading.Lock()

    def work():
        webhook = loaded_by_both(webhook_id, meet)
        with picking:
            do = next(turns)
        do(webhook)

    at_once(house, work, times=2)

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        webhook = session.get_one(Webhook, webhook_id)
        assert webhook.deleted_at is not None
        assert (webhook.secret_sealed, webhook.previous_secret_sealed) == (b"", None)
