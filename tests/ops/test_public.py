"""Checks for balancers and figures for Prometheus: a yes or no for everybody, the rest for insiders."""

import dataclasses
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
import sqlalchemy as sa

from app import config
from app.kernel import db
from tests.dashboard.factories import make_heartbeat, make_schedule
from tests.messages.factories import make_message
from tests.support.clients import PanelClient

STRANGER = {"REMOTE_ADDR": "203.0.113.7"}
TOKEN = "a-metrics-token-of-this-test"


@pytest.fixture
def metrics_token(client: PanelClient) -> Iterator[str]:
    before = config.current()
    config.use(dataclasses.replace(before, metrics_token=TOKEN, metrics_networks=(ip_network("198.51.100.0/24"),)))
    yield TOKEN
    config.use(before)


def test_it_is_alive_for_everybody_on_any_host(client):
    for host in ("127.0.0.1:2271", "unknown.example"):
        answer = client.get("/healthz", base_url=f"http://{host}", environ_overrides=STRANGER)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_it_is_ready_and_strangers_learn_no_more(client):
    answer = client.get("/readyz", environ_overrides=STRANGER)

    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


def test_this_machine_learns_what_is_missing(client):
    make_heartbeat()

    answer = client.get("/readyz")

    assert answer.json == {"status": "ready", "database": "ok", "migrations": "ok", "queue": "ok", "worker": "ok"}


def test_without_a_worker_pages_still_work(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["worker"]) == (200, "none seen")


def test_an_older_schema_is_not_ready(client, connection):
    connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["migrations"]) == (503, "not the newest")
    assert answer.headers["Retry-After"] == "5"


def test_a_database_that_is_away_is_not_ready_but_the_process_lives(panel_app, tmp_path):
    db.configure(f"sqlite:///{tmp_path}/nowhere/at/all.db")
    try:
        client = panel_app.test_client()
        ready, alive = client.get("/readyz"), client.get("/healthz")
    finally:
        db.dispose()

    assert (ready.status_code, ready.json["database"]) == (503, "away")
    assert alive.status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("203.0.113.7", {}),
        ("203.0.113.7", {"Authorization": f"Bearer {TOKEN}x"}),
        ("203.0.113.7", {"Authorization": TOKEN}),
        ("203.0.113.7", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}),
        ("127.0.0.1", {"Host": "panel.example"}),
        ("::ffff:203.0.113.7", {}),
    ],
)
def test_figures_are_not_there_for_strangers(client, metrics_token, address, headers):
    answer = client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == 404
    assert b"mpanel_" not in answer.data


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("127.0.0.1", {}),
        ("::1", {}),
        ("::ffff:127.0.0.1", {}),
        ("198.51.100.9", {}),
        ("203.0.113.7", {"Authorization": f"Bearer {TOKEN}"}),
    ],
)
def test_figures_are_there_for_insiders(client, metrics_token, address, headers):
    answer = client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})

    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")


def test_figures_tell_of_requests_queues_schedules_and_processes(client, alice):
    make_message(alice)
    make_heartbeat()
    make_schedule("test.late", last_outcome="failed")
    client.get("/sign-in")

    text = client.get("/metrics").text

    assert 'mpanel_requests_total{method="GET",route="/sign-in",status="200"}' in text
    assert 'mpanel_queue_rows{queue="email_queue",state="waiting"} 1.0' in text
    assert 'mpanel_processes{kind="worker"} 1.0' in text
    assert 'mpanel_schedule_failed{name="test.late"} 1.0' in text
    assert "mpanel_figures_up 1.0" in text
    assert "alice@acme.example" not in text


def test_paths_and_methods_that_strangers_make_up_grow_no_series(client):
    client.get("/nowhere/0")
    client.open("/nowhere/0", method="BREW0", csrf=False)
    before = len(client.get("/metrics").text.splitlines())
    for number in range(50):
        client.get(f"/nowhere/{number}?q={number}")
        client.open(f"/nowhere/{number}", method=f"BREW{number}", csrf=False)

    assert len(client.get("/metrics").text.splitlines()) == before
