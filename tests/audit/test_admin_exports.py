"""Rows of the log as files: whole, safe to open, told at their end, and nobody's but whose they are."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from app.features.accounts.models import User
from app.features.audit import listing, prepared, reading, service
from app.features.audit.files import HEAD, File
from app.features.audit.models import AuditExport, AuditExportPart, AuditLog
from app.features.audit.tasks import make_exports
from app.features.tenants.models import Tenant
from app.kernel import aftermath, db, tenancy
from app.kernel.access import Actor, Role, acting
from app.kernel.ids import new_id
from tests.audit import rows
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\\t=1", "＝1")


@pytest.fixture
def as_sam(sign_in: SignIn, sam: User) -> PanelClient:
    return sign_in(sam)


def csv_of(body: str) -> list[list[str]]:
    assert body.startswith("\ufeff")
    return list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))


def make(client: PanelClient, **said: str) -> str:
    """Have a file made and let the worker make it; the address of its page."""
    answer = client.post("/admin/audit/exports", data={"as": "csv", **said})
    assert answer.status_code == 303
    make_exports()
    return str(answer.location)


def test_nobody_no_stranger_and_no_staff_below_admin_takes_rows_out(
    client: PanelClient, as_alice: PanelClient, sign_in: SignIn, tenant: Tenant
) -> None:
    billing = sign_in(make_staff("billing@harbourline.example", "Bea", Role.BILLING))

    for path in ("/admin/audit/export", "/admin/audit/exports"):
        assert client.post(path, data={"as": "csv"}).status_code in {302, 303, 401, 403}
        assert as_alice.post(path, data={"as": "csv"}).status_code == 403
        assert billing.post(path, data={"as": "csv"}).status_code == 403
    assert db.session().scalars(sa.select(AuditExport)).all() == []


@pytest.mark.both_stores
def test_a_csv_file_has_every_row_and_says_at_its_end_that_it_is_whole(as_sam: PanelClient, tenant: Tenant) -> None:
    written = rows.mixed(250)
    rows.insert(written)

    answer = as_sam.post("/admin/audit/export", data={"as": "csv", "to": "2026-11-10"})

    found = csv_of(answer.text)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-2026-11-20.csv"'
    assert found[0] == list(HEAD)
    assert found[-1] == ["end of export", "complete", "250 rows"]
    ordered = sorted(written, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    assert [row[-1] for row in found[1:-1]] == [str(row["id"]) for row in ordered]
    first = dict(zip(HEAD, found[1], strict=True))
    assert (first["action"], first["description"]) == (ordered[0]["action"], ordered[0]["description"])
    assert first["resource id"] == str(ordered[0]["resource_id"] or "")


@pytest.mark.both_stores
def test_a_json_file_is_one_document_with_states_and_the_number_of_its_rows(as_sam: PanelClient, sam: User) -> None:
    actor = Actor(user_id=sam.id, name="Sam", ip="192.0.2.7", user_agent='Fire"fox\\', request_id="req-1")
    with acting(actor):
        service.record(
            "CUSTOMER_UPDATED",
            resource_type="customer",
            resource_id=None,
            before={"status": "active", "email": "old@acme.example"},
            after={"status": "closed", "email": "new@acme.example", "password": "hunter2"},
        )
    db.session().flush()

    answer = as_sam.post("/admin/audit/export", data={"as": "json", "action": "CUSTOMER_UPDATED"})

    found = json.loads(answer.text)
    assert (found["complete"], found["row_count"], found["filters"]) == (True, 1, {"action": "CUSTOMER_UPDATED"})
    (row,) = found["rows"]
    assert row["before"] == {"status": "active", "email": "old@acme.example"}
    assert row["after"] == {"status": "closed", "email": "new@acme.example", "password": "[masked]"}
    assert (row["who"], row["address"], row["user_agent"], row["gdpr"]) == ("Sam", "192.0.2.7", 'Fire"fox\\', True)
    assert json.loads(as_sam.post("/admin/audit/export", data={"as": "json", "q": "nothing"}).text)["rows"] == []


def test_what_would_be_a_formula_is_text_in_every_field_that_strangers_choose(as_sam: PanelClient, sam: User) -> None:
    for formula in FORMULAS:
        actor = Actor(user_id=sam.id, name=formula, ip="192.0.2.7", user_agent=formula, request_id=formula)
        with acting(actor):
            service.record(
                "USER_UPDATED", resource_type="user", resource_id=None, after={formula: formula, "email": formula}
            )
    db.session().flush()

    found = csv_of(as_sam.post("/admin/audit/export", data={"as": "csv", "action": "USER_UPDATED"}).text)

    cells = [cell for row in found for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r＝＋－＠")]
    assert "'=1+1" in cells


def test_each_taking_out_is_logged_without_what_was_searched_for(as_sam: PanelClient, sam: User) -> None:
    as_sam.post("/admin/audit/export", data={"as": "csv", "q": "alice", "severity": "warning"})

    row = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "DATA_EXPORTED")).one()
    assert (row.actor_user_id, row.resource_type) == (sam.id, "audit_log")
    assert row.state_after == {"what": "audit", "as": "csv", "filters": {"severity": "warning"}}


def test_another_kind_of_file_is_refused(as_sam: PanelClient) -> None:
    assert as_sam.post("/admin/audit/export", data={"as": "exe"}).status_code == 422
    assert as_sam.post("/admin/audit/exports", data={"as": "exe"}).status_code == 422


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_that_breaks_off_half_way_says_so_in_its_last_line(
    tenant: Tenant, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.insert(rows.mixed(50))
    monkeypatch.setattr("app.features.audit.files.AT_ONCE", 10)
    walk = reading.walk

    def breaking(*given: Any, **named: Any) -> Iterator[list[Any]]:
        for number, batch in enumerate(walk(*given, **named)):
            if number == 2:
                raise sa.exc.OperationalError("SELECT", {}, Exception("the store went away"))
            yield batch

    monkeypatch.setattr(reading, "walk", breaking)
    got = b""
    with pytest.raises(sa.exc.OperationalError):
        for part in File(listing.read({}), kind).parts():
            got += part

    text = got.decode()
    if kind == "csv":
        assert csv_of(text)[-1][:2] == ["EXPORT FAILED", "not complete"]
        assert len(csv_of(text)) == 1 + 20 + 1
    else:
        assert (json.loads(text)["complete"], len(json.loads(text)["rows"])) == (False, 20)


def test_no_transaction_is_open_between_two_reads(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.insert(rows.mixed(50))
    monkeypatch.setattr("app.features.audit.files.AT_ONCE", 10)
    outer = db.session()

    for _part in File(listing.read({}), "csv").parts():
        assert db.session() is outer


def test_a_prepared_file_is_made_by_the_worker_watched_and_downloaded(as_sam: PanelClient, tenant: Tenant) -> None:
    rows.insert(rows.mixed(300))
    answer = as_sam.post("/admin/audit/exports", data={"as": "csv", "to": "2026-11-10"})
    page = str(answer.location)
    assert 'hx-trigger="every 1s"' in as_sam.get(page).text
    assert as_sam.get(f"{page}/file").status_code == 409

    make_exports()

    text = as_sam.get(page).text
    assert "hx-trigger" not in text.split('id="progress"')[1].split(">")[0]
    assert "300 rows, " in text
    file = as_sam.get(f"{page}/file")
    direct = as_sam.post("/admin/audit/export", data={"as": "csv", "to": "2026-11-10"})
    assert file.data == direct.data
    assert file.content_length == len(direct.data)
    assert "300" in as_sam.get("/admin/audit/exports").text


@pytest.mark.both_stores
def test_a_file_of_somebody_else_is_as_if_it_were_not(
    as_sam: PanelClient, sign_in: SignIn, olive: User, client: PanelClient, tenant: Tenant
) -> None:
    page = make(as_sam)
    as_olive = sign_in(olive)

    for path in (page, f"{page}/file", f"/admin/audit/exports/{new_id()}"):
        assert as_olive.get(path).status_code == 404
        assert client.get(path).status_code in {302, 303, 401}
    assert as_olive.post(f"{page}/removal").status_code == 404
    assert as_sam.get(f"{page}/file").status_code == 200


def test_a_file_is_gone_after_a_day_and_what_it_was_made_of_with_the_next_sweep(
    as_sam: PanelClient, sign_in: SignIn, sam: User, now: time_machine.Traveller
) -> None:
    page = make(as_sam)

    now.shift(timedelta(days=1, seconds=1))
    as_sam = sign_in(sam)

    assert as_sam.get(page).status_code == 404
    assert as_sam.get(f"{page}/file").status_code == 404
    assert prepared.sweep() == 1
    assert db.session().scalars(sa.select(AuditExportPart)).all() == []
    assert db.session().scalars(sa.select(AuditExport)).all() == []


def test_a_file_is_encrypted_where_it_lies_and_may_be_removed_at_once(as_sam: PanelClient, sam: User) -> None:
    page = make(as_sam)
    stored = b"".join(db.session().scalars(sa.select(AuditExportPart.body)))
    assert b"USER_" not in stored

    assert as_sam.post(f"{page}/removal").location == "/admin/audit/exports"

    assert as_sam.get(page).status_code == 404
    assert db.session().scalars(sa.select(AuditExportPart)).all() == []


def test_one_person_has_only_so_many_files(as_sam: PanelClient, tenant: Tenant) -> None:
    for _ in range(prepared.MOST_OF_ONE):
        with tenancy.as_tenant(tenant.id):
            db.session().execute(sa.text("SELECT 1").execution_options(panel_named="nothing")).all()
        assert as_sam.post("/admin/audit/exports", data={"as": "csv"}).status_code in {303, 429}
    assert as_sam.post("/admin/audit/exports", data={"as": "csv"}).status_code in {409, 429}


def test_the_store_that_is_away_half_way_lets_the_worker_try_again_and_then_says_that_it_failed(
    as_sam: PanelClient, tenant: Tenant, now: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.insert(rows.mixed(20))

    def broken(*_given: Any, **_named: Any) -> Iterator[list[Any]]:
        yield from ()
        raise OSError("gone")

    monkeypatch.setattr(reading, "walk", broken)
    page = make(as_sam)
    for _ in range(3):
        now.shift(timedelta(hours=1))
        make_exports()
    aftermath.collect()

    text = as_sam.get(page).text
    assert "The file could not be made." in text
    assert as_sam.get(f"{page}/file").status_code == 409
