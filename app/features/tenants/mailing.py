"""How a tenant's mail leaves: by whose server, in whose name, and where departments are written to.

A tenant may bring a mail server of its own. The operator's may stand anywhere;
another tenant's must be public, since whoever sets it is a stranger to our
network (`kernel/dialling.py` judges the address again when it is used).
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit

import sqlalchemy as sa

from app.config import current as settings
from app.features.tenants import service
from app.features.tenants.models import Tenant
from app.features.tenants.rules import DEPARTMENTS
from app.kernel import addresses, crypto, db, dialling, tenancy
from app.kernel.errors import Invalid

ENCRYPTIONS = ("starttls", "tls", "none")
"""`starttls`: asked for, and required; `tls`: from the first byte; `none`: in the clear."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63})*)\.?")


@dataclass(frozen=True)
class OwnServer:
    """A tenant's own mail server."""

    host: str
    port: int
    encryption: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """As `SMTP_URL` would say it, password and all."""
        scheme = "smtps" if self.encryption == "tls" else "smtp"
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        wish = {"starttls": "?starttls=require", "none": "?starttls=never"}.get(self.encryption, "")
        return f"{scheme}://{who}{host}:{self.port}{wish}"


def own_server() -> OwnServer | None:
    """The server that the tenant that is set has brought."""
    url = own_url()
    if url is None:
        return None
    parts = urlsplit(url)
    encryption = "tls" if parts.scheme == "smtps" else "starttls" if parts.query == "starttls=require" else "none"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return OwnServer(parts.hostname or "", parts.port or 25, encryption, user, password)


def own_url() -> str | None:
    """Its address with the password, or None."""
    sealed = service.current().smtp_url_sealed
    return crypto.unseal(sealed).decode() if sealed is not None else None


def has_server() -> bool:
    """Whether mail of the tenant that is set can leave at all: by its own server, else by the installation's."""
    return settings().smtp_url is not None or service.current().smtp_url_sealed is not None


class _Known:
    """Whether any tenant has a server of its own, as this process last saw it."""

    has_any = False
    until = 0.0


def any_own_server() -> bool:
    """Whether any tenant has brought a server. Known for 30 seconds; needs no unit of work."""
    if time.monotonic() >= _Known.until:
        asked = tenancy.named(
            sa.select(Tenant.id).where(Tenant.smtp_url_sealed.is_not(None)).limit(1), "no tenant's row"
        )
        with db.transaction(write=False) as session:
            _Known.has_any = session.execute(asked).first() is not None
        _Known.until = time.monotonic() + service.REMEMBERED_SECONDS
    return _Known.has_any


def forget() -> None:
    """Ask the database again, of everything about tenants."""
    _Known.until = 0.0
    service.forget()


def set_server(host: str, port: int, encryption: str, *, user: str = "", password: str = "") -> None:
    """Let the tenant's mail leave by this server.

    An empty password keeps the stored one, while host, port and user stay: it
    never goes to another server than the one it was typed for.

    Raises:
        Invalid: a value that cannot be, or a server that is not to be talked to; names the field.
    """
    tenant, old = service.locked(), own_server_fresh()
    host, user = host.strip().rstrip(".").lower(), user.strip()
    _check_host(host, port, is_operator=tenant.is_operator)
    if not password and user and old is not None and (old.host, old.port, old.user) == (host, port, user):
        password = old.password
    if user and not password:
        raise Invalid.field("password", "Type the password; it is kept for this server and user alone.")
    if encryption not in ENCRYPTIONS:
        raise Invalid.field("encryption", "Choose how the line is encrypted.")
    if user and encryption == "none" and host not in LOOPBACK:
        raise Invalid.field("encryption", "A password does not travel in the clear. Choose STARTTLS or TLS.")
    for name, text in (("user", user), ("password", password)):
        if len(text) > 200 or not text.isprintable():
            raise Invalid.field(name, "At most 200 plain characters.")
    new = OwnServer(host, port, encryption, user, password if user else "")
    tenant.smtp_url_sealed = crypto.seal(new.url.encode())
    service.settle(tenant, _told(old), _told(new))
    _Known.until = 0.0


def own_server_fresh() -> OwnServer | None:
    """The server as the database has it, whatever is remembered."""
    service.forget()
    return own_server()


def _check_host(host: str, port: int, *, is_operator: bool) -> None:
    if not is_operator:
        try:
            dialling.check(host, port)
        except addresses.Refused as problem:
            raise Invalid.field("port" if "port" in str(problem) else "host", str(problem)) from problem
    elif not 1 <= port <= 65535:
        raise Invalid.field("port", "A port is a number from 1 to 65535.")
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise Invalid.field("host", "Write the name of the server alone, such as smtp.example.com.")


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def remove_server() -> None:
    """Let the tenant's mail leave by the installation's server again; its password is forgotten."""
    tenant, old = service.locked(), own_server_fresh()
    if old is None:
        return
    tenant.smtp_url_sealed = None
    service.settle(tenant, _told(old), _told(None))
    _Known.until = 0.0


def _told(server: OwnServer | None) -> dict[str, object]:
    """As the log bears it."""
    if server is None:
        return {"mail_server": None}
    return {
        "mail_server": f"{server.host}:{server.port}",
        "mail_encryption": server.encryption,
        "mail_user": server.user,
        "mail_password": "set" if server.password else None,
    }


def sender() -> str:
    """The address in `From`: the tenant's own where it may use it, else the installation's.

    Without a server of its own a tenant writes from its verified domain alone,
    so that nobody borrows another's name on the operator's server.
    """
    tenant = service.current()
    return tenant.mail_from if tenant.mail_from and may_send_as(tenant, tenant.mail_from) else settings().mail_from


def set_sender(name: str, address: str, departments: Mapping[str, str]) -> None:
    """Say in whose name mail leaves, and where each department is written to.

    Raises:
        Invalid: an address that is none, or that the tenant may not use; names the field.
    """
    if address.strip() and not may_send_as(service.locked(), address.strip()):
        text = "Without a mail server of your own, mail leaves from your verified domain alone."
        raise Invalid.field("mail_from", text)
    service.change(mail_name=name, mail_from=address, departments=departments)


def may_send_as(tenant: Tenant, address: str) -> bool:
    """Whether `tenant` may put `address` into `From`."""
    if tenant.is_operator:
        return True
    domain = address.rpartition("@")[2].lower()
    own = tenant.domain if tenant.domain_verified_at is not None else None
    is_below = own is not None and (own == domain or domain.endswith(f".{own}"))
    return is_below or tenant.smtp_url_sealed is not None


def department(name: str) -> str:
    """Where mail to a department goes: its own address, for the first tenant else the environment's, else none."""
    assert name in DEPARTMENTS, name
    tenant = service.current()
    usual = settings().departments.get(name, "") if tenant.is_operator else ""
    return str(tenant.departments.get(name, "")) or usual
