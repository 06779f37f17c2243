"""A wrong setting stops the start with one line that names it and shows no value (R-42)."""

import stat
import subprocess
import sys

import pytest

from app.config import DEPARTMENTS, NAMES, SettingError, load
from tests.support import processes
from tests.support.panel import KEY
from tests.support.stores import ROOT

MARKED = "Zx9SecretMarker7Qw"
HTTPS = {"APP_URL": "https://panel.example.com", "SECRET_KEY": KEY, "JWT_SECRET": KEY[::-1]}

WRONG = {
    "PORT": ["0", "-1", "65536", "80.5", "http", "８０", "1e3"],
    "HOST": ["a b", "x/y", "host;rm", "\n"],
    "APP_URL": [
        "panel.example.com",
        "ftp://x.example",
        "http://panel.example.com",
        "https://",
        "https://x.example/path",
        "https://u:p@x.example",
        "https://x.example?a=1",
        "https://x.example:port",
        "https://x.example#x",
    ],
    "DATABASE_URL": ["mysql://u:p@h/d", "sqlite:", "sqlite://", "file.db", "postgresql", "oracle+x://u@h/d"],
    "DATABASE_MIGRATE_URL": ["mysql://u:p@h/d", "file.db"],
    "REDIS_URL": ["http://127.0.0.1", "redis", "redis://", "redis://127.0.0.1:port"],
    "SECRET_KEY": ["short", "changeme", "x" * 64, "secret", "password" * 3, "ab" * 20],
    "JWT_SECRET": ["short", "x" * 64],
    "SMTP_URL": ["http://127.0.0.1", "127.0.0.1:25", "smtp://", "smtp://127.0.0.1:mail"],
    "MAIL_FROM": ["panel", "a@b@c", "a b@example.com", "a@example.com\nBcc: b@example.com", "x@y, z@w"],
    **{key: ["sales", "a@b@c", "a@example.com\nBcc: b@example.com"] for key in DEPARTMENTS.values()},
    "TRUSTED_PROXIES": ["*", "0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example", "10.0.0.1/8"],
    "METRICS_ALLOW_NETWORKS": ["*", "0.0.0.0/0", "localhost"],
    "API_KEY_RATE_LIMIT": ["0", "-5", "many", "1.5"],
    "WEBHOOK_TIMEOUT": ["0", "-5", "30s", "99", "120001"],
    "WEBHOOK_ALLOW_NETWORKS": ["*", "0.0.0.0/0", "::/0", "localhost", "10.0.0.1/8"],
    "MPANEL_OWNER_EMAIL": ["owner", "@example.com", "a@b@c"],
    "MPANEL_OWNER_PASSWORD": ["short", "123456789"],
}
UNCHECKED = {"MPANEL_DATA", "METRICS_TOKEN"}
"""MPANEL_DATA has a test of its own; any text is a token."""


def refusal_of(environment: dict[str, str]) -> str:
    with pytest.raises(SettingError) as refusal:
        load(environment)
    return str(refusal.value)


def test_nothing_set_is_a_loopback_panel_with_secrets_of_its_own(tmp_path):
    settings = load({"MPANEL_DATA": str(tmp_path / "var")})

    assert (settings.host, settings.port, settings.app_url) == ("127.0.0.1", 2271, "http://127.0.0.1:2271")
    assert settings.database_url == f"sqlite:///{tmp_path}/var/mpanel.db"
    assert len(settings.secret_key) >= 48
    assert settings.secret_key != settings.jwt_secret
    again = load({"MPANEL_DATA": str(tmp_path / "var")})
    assert (again.secret_key, again.jwt_secret) == (settings.secret_key, settings.jwt_secret)


def test_secrets_and_the_data_folder_are_their_owners_alone(tmp_path):
    load({"MPANEL_DATA": str(tmp_path / "var")})

    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    for name in ("secret_key", "jwt_secret"):
        assert stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_setting_is_refused_by_name(tmp_path, name, value):
    environment = {"MPANEL_DATA": str(tmp_path), name: value}

    assert refusal_of(environment).startswith(f"{name} ")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_refused_by_name_without_its_value(tmp_path, name, value):
    told = refusal_of({"MPANEL_DATA": str(tmp_path), name: value})

    assert told.startswith(f"{name} ")
    assert "\n" not in told
    if len(value) > 10:
        assert value not in told


def test_every_setting_has_wrong_values_here():
    assert set(NAMES) - UNCHECKED == set(WRONG)


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET"])
def test_a_https_panel_brings_its_secrets(tmp_path, name):
    given = {"MPANEL_DATA": str(tmp_path), **HTTPS}
    assert load(given).is_https
    del given[name]

    assert refusal_of(given).startswith(f"{name} is required")
    assert not (tmp_path / name.lower()).exists()


@pytest.mark.parametrize("value", ["1", "true", "on"])
def test_the_debugger_stays_off(tmp_path, value):
    assert refusal_of({"MPANEL_DATA": str(tmp_path), "FLASK_DEBUG": value}).startswith("FLASK_DEBUG ")


def test_a_data_folder_that_cannot_be_one_is_named(tmp_path):
    (tmp_path / "file").write_text("x")

    assert refusal_of({"MPANEL_DATA": str(tmp_path / "file" / "data")}).startswith("MPANEL_DATA ")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_a_database_is_named_as_people_name_it(tmp_path, given, read):
    settings = load({"MPANEL_DATA": str(tmp_path), "DATABASE_URL": given})

    assert (settings.database_url, settings.migrate_url) == (read, read)


def test_http_is_for_loopback_alone(tmp_path):
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        assert not load({"MPANEL_DATA": str(tmp_path), "APP_URL": f"http://{host}"}).is_https


SECRET_SPELLINGS = {
    "DATABASE_URL": f"mysql://user:{MARKED}@h/d",
    "REDIS_URL": f"http://:{MARKED}@h",
    "SMTP_URL": f"http://user:{MARKED}@h",
    "SECRET_KEY": MARKED,
    "JWT_SECRET": MARKED,
    "MPANEL_OWNER_PASSWORD": MARKED[:9],
    "APP_URL": f"https://user:{MARKED}@x.example",
}


@pytest.mark.parametrize("name", SECRET_SPELLINGS)
def test_the_command_ends_with_one_line_and_no_secret(tmp_path, name):
    """The whole way: `mpanel web` ends at once, prints one line that names the setting, and nothing of its value."""
    environment = processes.clean_environment(
        MPANEL_DATA=str(tmp_path), PYTHONPATH=str(ROOT), **{name: SECRET_SPELLINGS[name]}
    )
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "web"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith(f"mpanel: {name} ")
    assert len(done.stderr.splitlines()) == 1
    assert MARKED[:9] not in done.stderr + done.stdout
    assert not (tmp_path / "mpanel.db").exists()
