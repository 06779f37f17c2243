"""`mpanel isolation check`: the clean tree leaks nothing, and the command says so."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.features.ops import isolation
from app.features.ops.models import IsolationRun
from app.isolation import forms, kinds, said
from app.kernel import db, routemap, tenancy
from app.kernel.access import Role
from app.kernel.routemap import routes_of
from tests.support.cast import OTHER_HOST, make_staff
from tests.support.panel import mpanel
from tests.support.stores import ROOT

MOST_CALLS = 45
"""For each route, of all that is asked on SQLite. At 4 ms of a processor a call the whole check stays under 90 s; seconds
are no measure here, since a busy machine counts half as many again for the same work."""


@pytest.mark.slow
def test_the_clean_tree_leaks_nothing(tmp_path):
    done = check(tmp_path, "--json", str(tmp_path / "found.json"))

    found = json.loads((tmp_path / "found.json").read_text())
    assert found["findings"] == [], done.stdout
    assert done.stdout.endswith(f"{found['routes']} routes x {found['roles']} roles, 0 leaks\n")
    assert done.returncode == 0
    assert found["is_whole"] and found["routes"] > 180 and found["roles"] >= 16
    assert found["calls"] < MOST_CALLS * found["routes"]


def check(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command, with a data folder of its own."""
    environment = {**os.environ, "MPANEL_DATA": str(folder / "data")}
    return subprocess.run(
        [*mpanel(), "isolation", "check", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_route_that_is_not_there_is_said(tmp_path):
    done = check(tmp_path, "--only", "/admin/nothing")

    assert done.returncode == 1
    assert "there is no route /admin/nothing" in done.stderr


def test_every_exception_says_why_and_is_of_a_route_that_is_there(panel_app):
    names = {route.name for route in routes_of(panel_app)}

    assert {*said.EXCEPTIONS, *said.EXPECTED, *said.MOVES} <= names
    assert all(said.EXCEPTIONS.values()) and all(said.MOVES.values()) and all(why for _, why in said.EXPECTED.values())


def test_every_parameter_of_an_address_is_known_to_name_a_table(panel_app):
    unknown = [
        f"{route.name}: {name}"
        for route in routes_of(panel_app)
        for name in route.parameters
        if name not in said.NO_IDS and kinds.table_of(name, route.module) is None
    ]

    assert unknown == []


def test_a_form_is_sent_as_a_browser_would_send_it():
    page = """<form method="post" action="/admin/things"><input type="hidden" name="csrf_token" value="x">
      <input name="title" required><input type="checkbox" name="ids" value="1" checked>
      <input type="checkbox" name="ids" value="2"><input type="radio" name="as" value="csv">
      <input type="radio" name="as" value="xlsx" checked><select name="of"><option value="">Any</option>
      <option value="b">B</option></select><textarea name="note">Hi</textarea>
      <button name="act" value="go">Go</button></form><a href="/admin/other?invoice=7">x</a>"""

    (form,), links = forms.read(page)

    assert (form.action, form.method) == ("/admin/things", "post")
    assert form.fields[1:] == [
        ("title", ""), ("ids", "1"), ("as", "xlsx"), ("of", "b"), ("note", "Hi"), ("act", "go"),
    ]  # fmt: skip
    assert form.wanted == {"title": "text"}
    assert links == ["/admin/other?invoice=7"]


def result(**changes: Any) -> dict[str, Any]:
    """What a run hands over to be kept."""
    found = {"store": "sqlite", "routes": 120, "roles": 16, "calls": 5000, "seconds": 41.5, "fingerprint": "0" * 16}
    return {**found, "findings": [], **changes}


def operator_page(as_olive: Any) -> str:
    answer = as_olive.get("/admin/ops/isolation")
    assert answer.status_code == 200
    return str(answer.text)


def test_the_operator_reads_what_the_last_check_found(as_olive, panel_app):
    leak = {"route": "GET /admin/orders", "where": "app/features/orders/admin.py:36", "kind": "leak",
            "told": "shows customer X's order", "who": "staff OWNER", "call": "GET /admin/orders"}  # fmt: skip
    assert "No check has run yet" in operator_page(as_olive)

    isolation.keep(result(fingerprint=routemap.fingerprint(panel_app)))
    assert "120 routes x 16 roles, 0 leaks" in operator_page(as_olive)
    assert "The routes have changed since." not in operator_page(as_olive)

    isolation.keep(result(findings=[leak]))
    page = operator_page(as_olive)
    assert "app/features/orders/admin.py:36" in page and "1 leak" in page
    assert "The routes have changed since." in page


def test_only_the_operators_admins_read_it(sign_in, other_tenant, as_sam):
    with tenancy.as_tenant(other_tenant.id):
        olga = make_staff("olga@tern.example", "Olga", Role.OWNER)

    assert as_sam.get("/admin/ops/isolation").status_code == 200
    assert sign_in(olga, host=OTHER_HOST).get("/admin/ops/isolation").status_code == 404


def test_twenty_results_are_kept(unit):
    for number in range(isolation.MOST_KEPT + 3):
        isolation.keep(result(calls=number))

    assert db.session().query(IsolationRun).count() == isolation.MOST_KEPT
    assert isolation.latest()[0].calls == isolation.MOST_KEPT + 2
