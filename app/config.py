"""Settings, read from the environment once and handed down. The kernel never imports this."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
WEAK = {"secret", "changeme", "change-me", "password", "dev", "development", "test", "mpanel"}


class SettingError(Exception):
    """A wrong setting. The message is one line that names it and shows no value."""


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides."""

    data: Path
    database_url: str
    migrate_url: str
    redis_url: str | None
    secret_key: str
    jwt_secret: str
    app_url: str
    host: str
    port: int
    smtp_url: str | None
    mail_from: str
    departments: Mapping[str, str]
    """Addresses of the first tenant's departments: `sales`, `support`, ..."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_token: str | None
    metrics_networks: tuple[IPv4Network | IPv6Network, ...]
    api_key_rate_limit: int
    webhook_timeout: float
    """Seconds that a delivery may take in all."""
    webhook_networks: tuple[IPv4Network | IPv6Network, ...]
    """Networks of the operator's own that webhooks may reach, by plain http too."""
    owner_email: str | None
    owner_password: str | None

    @property
    def is_https(self) -> bool:
        """Whether people reach the panel over https."""
        return self.app_url.startswith("https://")

    @property
    def app_host(self) -> str:
        """The host name of the panel's own address, without port."""
        return urlsplit(self.app_url).hostname or ""


class _Current:
    settings: Settings | None = None


def use(settings: Settings) -> None:
    """Make `settings` those of this process."""
    _Current.settings = settings


def current() -> Settings:
    """The settings of this process."""
    assert _Current.settings is not None, "the settings are not loaded"
    return _Current.settings


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every setting.

    Raises:
        SettingError: one is wrong or missing; the message names it.
    """
    empty = [name for name in NAMES if name in environment and not environment[name].strip()]
    if empty:
        raise SettingError(f"{empty[0]} is set but empty; give it a value or unset it")
    if environment.get("FLASK_DEBUG", "0") not in {"0", ""}:
        raise SettingError("FLASK_DEBUG must not be set: the debugger lets strangers run code")
    data = Path(environment.get("MPANEL_DATA", "./var")).absolute()
    _make_private(data)
    port = _number(environment, "PORT", 2271, 1, 65535)
    app_url = _app_url(environment.get("APP_URL", f"http://127.0.0.1:{port}"))
    database_url = _database_url(environment, "DATABASE_URL", f"sqlite:///{data / 'mpanel.db'}")
    return Settings(
        data=data,
        database_url=database_url,
        migrate_url=_database_url(environment, "DATABASE_MIGRATE_URL", database_url),
        redis_url=_url(environment, "REDIS_URL", ("redis", "rediss", "unix")),
        secret_key=_secret(environment, "SECRET_KEY", data, app_url),
        jwt_secret=_secret(environment, "JWT_SECRET", data, app_url),
        app_url=app_url,
        host=_bind_host(environment),
        port=port,
        smtp_url=_smtp_url(environment),
        mail_from=_mail_from(environment),
        departments={name: _email(environment, key) or "" for name, key in DEPARTMENTS.items()},
        trusted_proxies=_networks(environment, "TRUSTED_PROXIES"),
        metrics_token=environment.get("METRICS_TOKEN"),
        metrics_networks=_networks(environment, "METRICS_ALLOW_NETWORKS"),
        api_key_rate_limit=_number(environment, "API_KEY_RATE_LIMIT", 1000, 1, 10**9),
        webhook_timeout=_number(environment, "WEBHOOK_TIMEOUT", 30_000, 100, 120_000) / 1000,
        webhook_networks=_networks(environment, "WEBHOOK_ALLOW_NETWORKS"),
        owner_email=_email(environment, "MPANEL_OWNER_EMAIL"),
        owner_password=_owner_password(environment),
    )


NAMES = (
    "MPANEL_DATA", "PORT", "HOST", "APP_URL", "DATABASE_URL", "DATABASE_MIGRATE_URL", "REDIS_URL", "SECRET_KEY",
    "JWT_SECRET", "SMTP_URL", "MAIL_FROM", "TRUSTED_PROXIES", "METRICS_TOKEN", "METRICS_ALLOW_NETWORKS",
    "EMAIL_SALES", "EMAIL_SUPPORT", "EMAIL_INFO", "EMAIL_PARTNERSHIPS", "EMAIL_CAREERS", "EMAIL_BILLING",
    "API_KEY_RATE_LIMIT", "WEBHOOK_TIMEOUT", "WEBHOOK_ALLOW_NETWORKS", "MPANEL_OWNER_EMAIL", "MPANEL_OWNER_PASSWORD",
)  # fmt: skip
"""Every environment variable that is read."""
DEPARTMENTS = {
    "sales": "EMAIL_SALES", "support": "EMAIL_SUPPORT", "info": "EMAIL_INFO", "partnerships": "EMAIL_PARTNERSHIPS",
    "careers": "EMAIL_CAREERS", "billing": "EMAIL_BILLING",
}  # fmt: skip
"""Where each department's mail goes, by the variable that says so."""


def _make_private(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / f".probe-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise SettingError(f"MPANEL_DATA is not a folder that can be written: {problem.strerror}") from problem


def _number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
        raise SettingError(f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _app_url(text: str) -> str:
    parts = urlsplit(text)
    try:
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        has_port = False
    plain = not (parts.query or parts.fragment or parts.username) and parts.path in {"", "/"}
    if parts.scheme not in {"http", "https"} or not parts.hostname or not has_port or not plain:
        raise SettingError("APP_URL must be http(s)://host[:port] and nothing more")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingError("APP_URL must be https unless its host is this machine's loopback")
    return text.rstrip("/")


def _database_url(environment: Mapping[str, str], name: str, default: str) -> str:
    text = environment.get(name, default)
    for prefix in ("postgres://", "postgresql://"):
        if text.startswith(prefix):
            text = "postgresql+psycopg://" + text.removeprefix(prefix)
    if not re.match(r"(sqlite:///.+|postgresql\+psycopg://.+)", text):
        raise SettingError(f"{name} must be sqlite:///FILE or postgresql://USER@HOST/NAME")
    return text


def _url(environment: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    text = environment.get(name)
    if text is None:
        return None
    parts = urlsplit(text)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in schemes or not (parts.hostname or parts.path) or not port_is_fine:
        raise SettingError(f"{name} must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return text


def _smtp_url(environment: Mapping[str, str]) -> str | None:
    text = _url(environment, "SMTP_URL", ("smtp", "smtps"))
    if text is not None and not re.fullmatch(r"(starttls=(auto|require|never))?", urlsplit(text).query):
        raise SettingError("SMTP_URL may end in ?starttls=auto, require or never, and in nothing else")
    return text


def _secret(environment: Mapping[str, str], name: str, data: Path, app_url: str) -> str:
    given = environment.get(name)
    if given is None:
        if app_url.startswith("https://"):
            raise SettingError(f"{name} is required when APP_URL is https")
        return _kept_secret(data / name.lower())
    if len(given) < 32 or given.lower() in WEAK or len(set(given)) < 8:
        raise SettingError(f"{name} is too weak: give it 32 random characters or more")
    return given


def _kept_secret(path: Path) -> str:
    """A secret made once and kept in a file that only its owner reads."""
    if not path.exists():
        draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # whole or not at all, and the first of two processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _bind_host(environment: Mapping[str, str]) -> str:
    text = environment.get("HOST", "127.0.0.1")
    if not re.fullmatch(r"[A-Za-z0-9.:\-\[\]]{1,253}", text):
        raise SettingError("HOST must be an address or a host name")
    return text.strip("[]")


def _networks(environment: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        found = tuple(ip_network(part.strip()) for part in environment.get(name, "").split(",") if part.strip())
    except ValueError as problem:
        raise SettingError(f"{name} must be networks such as 10.0.0.0/8, with commas between") from problem
    if any(network.prefixlen == 0 for network in found):
        raise SettingError(f"{name} must not be the whole internet")
    return found


def _email(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name)
    if text is not None and not re.fullmatch(r"[^@\s,<>]{1,64}@[^@\s,<>]{1,253}", text):
        raise SettingError(f"{name} must be an e-mail address")
    return text


def _mail_from(environment: Mapping[str, str]) -> str:
    return _email(environment, "MAIL_FROM") or "panel@localhost"


def _owner_password(environment: Mapping[str, str]) -> str | None:
    text = environment.get("MPANEL_OWNER_PASSWORD")
    if text is not None and len(text) < 10:
        raise SettingError("MPANEL_OWNER_PASSWORD must have 10 characters or more")
    return text
