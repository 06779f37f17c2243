"""The same checks as JSON."""

import pytest
import sqlalchemy as sa


def test_the_debug_address_says_the_status_and_the_time(client):
    answer = client.get("/api/v1/__debug")

    assert (answer.status_code, answer.json) == (200, {"status": "ok", "timestamp": "2026-11-20T13:22:00Z"})


@pytest.mark.parametrize("path", ["/api/health", "/api/live"])
def test_everybody_hears_that_it_is_alive(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_it_is_ready(client):
    assert client.get("/api/ready").json == {"status": "ready"}


def test_an_older_schema_is_a_problem(client, connection):
    connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))

    answer = client.get("/api/ready")

    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
