"""Where the panel may send to: every spelling of an address is brought to one, then judged."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 2000
_URL = re.compile(r"([a-z]+)://(\[[^\]/?#]*\]|[^\[\]:/?#]*)(?::([0-9]{1,5}))?((?:/[^?#]*)?(?:\?[^#]*)?)", re.I)
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
UNSAFE_PORTS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 5900}
    | {6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9200, 10080, 11211, 27017}
)
"""Ports of services that are no web servers: the browsers' list (Fetch standard, port blocking) and data stores."""
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
"""IANA's special-purpose registries, and the address at which Azure answers its machines. Transition addresses
(6to4, Teredo) are here whatever they carry inside."""
_GLOBAL_V6 = ip_network("2000::/3")
"""Nothing outside is routed as public: loopback, unique local, link-local, multicast, NAT64 and the rest."""


class Refused(Exception):
    """The panel does not send there. The text may be shown to whoever asked for it."""


@dataclass(frozen=True)
class Target:
    """An address to send to, as it was understood."""

    scheme: str
    host: str
    """A name in ASCII, lower case, or an address in its usual form without brackets."""
    port: int
    path: str
    """With the query."""
    address: Address | None
    """Where the host is an address itself."""

    @property
    def is_secure(self) -> bool:
        """Whether it is talked to by TLS."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_secure else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole, in its usual form."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read(url: str, networks: Sequence[Network]) -> Target:
    """Understand `url` and check all that can be known without asking anybody.

    https alone, but for hosts inside `networks`, the operator's own. A name is
    judged again by its addresses when it is used (`is_open`).

    Raises:
        Refused: it is no address of that kind; the text says why.
    """
    if not url.isprintable() or " " in url or "\\" in url or len(url) > LONGEST_URL:
        raise Refused(f"Write a web address without spaces, of {LONGEST_URL:,} characters at most.")
    found = _URL.fullmatch(url)
    if found is None or found[1].lower() not in {"http", "https"} or not found[2]:
        raise Refused("Write an address that begins with https:// and names a host, without a # part.")
    if "@" in found[2]:
        raise Refused("The address must not carry a name or a password.")
    if not found[4].isascii():
        raise Refused("Write what follows the host in plain characters, others as %-codes.")
    scheme = found[1].lower()
    address, host = read_host(found[2])
    _check_scheme(scheme, address, networks)
    if address is not None and not is_open(address, networks):
        raise Refused("This is not a public address.")
    port = _port(found[3], scheme)
    return Target(scheme, host, port, found[4] if found[4].startswith("/") else f"/{found[4]}", address)


def read_host(text: str) -> tuple[Address | None, str]:
    """The host that `text` spells: an address, or a name in ASCII.

    Raises:
        Refused: it is neither, or this machine.
    """
    if text.startswith("["):
        return _bracketed(text[1:-1])
    name = _ascii(text).removesuffix(".")
    if not _NAME.fullmatch(name):
        raise Refused("The host is not a name that can exist.")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _numeric(name)
    if name == "localhost" or name.endswith(".localhost"):
        raise Refused("This is not a public address.")
    return None, name


def _bracketed(text: str) -> tuple[Address, str]:
    try:
        address = IPv6Address(text)
    except ValueError:
        address = None
    if address is None or address.scope_id is not None:
        raise Refused("What stands in brackets is not an address.")
    inner = _plain(address)
    return inner, str(inner)


def _numeric(name: str) -> tuple[Address, str]:
    """Decimal, octal, hexadecimal and shortened spellings: whatever a resolver would take for an address."""
    try:
        address = IPv4Address(socket.inet_aton(name))
    except OSError as problem:
        raise Refused("The host is neither a name nor an address.") from problem
    return address, str(address)


def _ascii(text: str) -> str:
    """The host as it stands in DNS; international names by IDNA 2008, with the mapping of UTS 46."""
    if text.isascii():
        return text.lower()
    import idna

    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as problem:
        raise Refused("The host is not a name that can exist.") from problem


def _check_scheme(scheme: str, address: Address | None, networks: Sequence[Network]) -> None:
    if scheme == "https":
        return
    if not networks or (address is not None and not is_inside(address, networks)):
        raise Refused("The address must begin with https://.")


def _port(text: str | None, scheme: str) -> int:
    port = int(text) if text else (443 if scheme == "https" else 80)
    usual = {443} if scheme == "https" else {80}
    if port not in usual and (not 1024 <= port <= 65535 or port in UNSAFE_PORTS):
        raise Refused("This port is not one of a web server. Use 443 or one from 1024 on.")
    return port


def is_inside(address: Address, networks: Sequence[Network]) -> bool:
    """Whether `address`, in whatever form, is in one of `networks`."""
    plain = _plain(address)
    return any(plain.version == network.version and plain in network for network in networks)


def is_open(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the panel may connect to `address`: public, or inside the operator's own `networks`."""
    plain = _plain(address)
    if is_inside(plain, networks):
        return True
    if isinstance(plain, IPv6Address) and plain not in _GLOBAL_V6:
        return False
    return not is_inside(plain, _SPECIAL) and plain.is_global


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one is an IPv4 address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse(text: str) -> Address:
    """The address that a resolver answered with."""
    return ip_address(text)
