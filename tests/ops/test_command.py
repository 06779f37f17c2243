"""`mpanel`: what the operator types, and what comes back."""

import itertools
import json
import re
import shlex
import socket
import subprocess

import pytest

from tests.conftest import PanelMaker
from tests.support.panel import OWNER_EMAIL, Panel, mpanel


@pytest.fixture
def house(make_panel: PanelMaker) -> Panel:
    return make_panel()


def test_init_is_safe_to_repeat_and_shows_no_given_password(make_panel):
    panel = make_panel(init=False)

    first, again = panel.command("init"), panel.command("init")

    assert OWNER_EMAIL in first.stdout
    assert panel.environment["MPANEL_OWNER_PASSWORD"] not in first.stdout + first.stderr
    assert "everything is kept" in again.stdout


def test_the_first_start_prints_a_customer_and_a_sign_up_that_work(make_panel):
    panel = make_panel(init=False)
    printed = panel.command("init", "--demo").stdout
    panel.start()

    words = shlex.split(printed[printed.index("  curl ") :].replace("\\\n", ""))
    headers = dict(word.split(": ", 1) for flag, word in itertools.pairwise(words) if flag == "-H")
    answer = panel.post_json(words[2].removeprefix(panel.url), json.loads(words[-1]), **headers)
    customer = re.search(r"  customer   (\S+)   (\S+)   (\S+)\n", printed)

    assert answer.status == 201
    assert answer.json["data"]["setPasswordUrl"].startswith(f"{panel.url}/set-password?token=")
    assert customer is not None and customer[1] == f"{panel.url}/sign-in"
    assert "/admin/sign-in" in printed and "WELCOME20" in printed


def test_a_key_is_printed_and_nothing_else(house):
    done = house.command("api-key", "create", "--name", "site", "--scope", "marketing")

    assert done.stdout.startswith("mk_") and done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert house.command("api-key", "create", "--name", "site", "--scope", "nonsense", check=False).returncode == 1


def test_a_lost_owner_gets_a_link(house):
    done = house.command("owner", "reset")

    assert OWNER_EMAIL in done.stdout
    assert f"{house.url}/set-password?token=" in done.stdout


def test_the_demo_writes_to_nobody_and_is_loaded_once_and_its_ledger_is_proven_by_a_command(house):
    refused = house.command("demo", "--customers", "2", check=False, SMTP_URL="smtp://127.0.0.1:9")
    first, again = (house.command("demo", "--customers", count).stdout for count in ("2", "3"))

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith("mpanel: SMTP_URL is set")
    assert first.startswith("2 customers. One to sign in as: ")
    assert again.startswith("1 customer. One to sign in as: ")
    assert house.command("demo", "--customers", "3").stdout.startswith("All of them are here already")
    assert house.command("ledger", "check").stdout.startswith("The ledger balances")


def test_scheduled_work_is_listed_and_a_slot_runs_once_by_hand(house):
    assert "ops.tidy" in house.command("jobs", "list").stdout
    at = ("jobs", "run", "ops.tidy", "--at", "2026-11-20T02:17")

    assert house.command(*at).stdout == "done\n"
    assert house.command(*at).stdout == "That slot has run already.\n"
    unknown = house.command("jobs", "run", "nothing", check=False)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


def test_the_doctor_names_what_is_wrong_and_praises_what_runs(house):
    ill = house.command("doctor", check=False)
    assert ill.returncode == 1
    assert "PROBLEM  worker: none was seen" in ill.stdout

    house.start()
    house.data.chmod(0o755)
    open_to_others = house.command("doctor", check=False)
    assert "PROBLEM  data folder:" in open_to_others.stdout and "chmod 700" in open_to_others.stdout
    house.data.chmod(0o700)
    house.command("jobs", "run", "audit.seal")
    well = house.command("doctor")

    assert "PROBLEM" not in well.stdout
    assert "ok       worker: 1 alive" in well.stdout
    assert "ok       audit log: sealed" in well.stdout


def test_a_taken_port_is_said_in_one_line(make_panel):
    panel = make_panel(init=False)
    with socket.create_server(("127.0.0.1", panel.port)):
        done = panel.command("run", check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("mpanel: HOST and PORT: cannot listen on 127.0.0.1 port")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "worker", "doctor"])
def test_a_wrong_setting_stops_every_command_with_one_line_that_names_it(make_panel, command):
    done = make_panel(init=False).command(command, check=False, SMTP_URL="http://user:s3cr3tpw@mail.example")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mpanel: SMTP_URL must start with")
    assert done.stderr.count("\n") == 1
    assert "s3cr3tpw" not in done.stderr


def test_a_database_that_is_away_is_said_in_one_line_without_the_password(make_panel):
    url = "postgresql://panel:s3cr3tpw@127.0.0.1:1/panel"

    done = make_panel(init=False).command("run", check=False, DATABASE_URL=url)

    assert done.returncode == 1
    assert done.stderr.startswith("mpanel: DATABASE_URL")
    assert done.stderr.count("\n") == 1 and "s3cr3tpw" not in done.stderr


@pytest.mark.both_stores
def test_of_two_that_migrate_at_once_one_does_and_both_succeed(stores, store, tmp_path):
    panel = Panel(stores.empty(store))
    try:
        both = [
            subprocess.Popen([*mpanel(), "migrate"], env=panel.environment, cwd=tmp_path, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        ends = [(one.communicate(timeout=120)[1], one.returncode) for one in both]

        assert [code for _, code in ends] == [0, 0], ends
        assert "schema: newest" in panel.command("doctor", check=False).stdout
    finally:
        panel.remove()


def test_the_first_run_makes_the_database_and_files_are_private(tmp_path):
    house = Panel("", data=tmp_path / "data")
    del house.environment["DATABASE_URL"]
    try:
        house.start()
        house.get("/sign-in")
        assert {"mpanel.db", "mpanel.db-wal"} <= {path.name for path in house.data.iterdir()}
        house.stop()

        assert house.data.stat().st_mode & 0o077 == 0
        for name in ("mpanel.db", "mpanel.db-wal", "queue.db", "limits.db"):
            path = house.data / name
            assert not path.exists() or path.stat().st_mode & 0o077 == 0, name
    finally:
        house.remove()
