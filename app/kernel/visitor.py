"""Where a request really comes from: address, host and scheme, never from a stranger's header.

Forwarding headers count only when the peer is in TRUSTED_PROXIES; the client is
then the right-most hop that is not itself trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
_HOST = re.compile(r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?")
_MOST_HOPS = 20
_LONGEST_HOST = 300
_LONGEST_ADDRESS = 64
"""Longer ones are none, and are not remembered: what strangers send must not fill the memory."""


@dataclass(frozen=True)
class Visitor:
    """A request's origin. `host` is lower case and without port, empty when malformed."""

    address: str
    host: str
    scheme: str

    @property
    def network(self) -> str:
        """What limits count: the address, for IPv6 its /64."""
        parsed = _parse(self.address)
        if isinstance(parsed, IPv6Address):
            return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
        return self.address


def read(environ: Mapping[str, object], trusted: tuple[Network, ...]) -> Visitor:
    """The visitor of a WSGI `environ`."""
    peer = str(environ.get("REMOTE_ADDR") or "")
    host = str(environ.get("HTTP_HOST") or "")
    scheme = str(environ.get("wsgi.url_scheme") or "http")
    address = _plain(peer)
    if _is_trusted(peer, trusted):
        address = _client(str(environ.get("HTTP_X_FORWARDED_FOR") or ""), trusted) or address
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO"), {"http", "https"}) or scheme
        forwarded_host = str(environ.get("HTTP_X_FORWARDED_HOST") or "").split(",")[-1].strip()
        host = forwarded_host or host
    return Visitor(address=address, host=_host(host) if len(host) <= _LONGEST_HOST else "", scheme=scheme)


def _client(header: str, trusted: tuple[Network, ...]) -> str | None:
    found = None
    for hop in reversed(header.split(",")[-_MOST_HOPS:]):
        parsed = _parse(hop.strip())
        if parsed is None:
            break
        found = str(parsed)
        if not _is_trusted(found, trusted):
            break
    return found


def _last(value: object, allowed: set[str]) -> str | None:
    text = str(value or "").split(",")[-1].strip().lower()
    return text if text in allowed else None


@lru_cache(maxsize=1024)
def _host(text: str) -> str:
    text = text.strip().lower()
    if not _HOST.fullmatch(text):
        return ""
    if text.startswith("["):
        return text[1 : text.index("]")]
    return text.partition(":")[0].rstrip(".")


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    return _parsed(text) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def _plain(text: str) -> str:
    parsed = _parse(text)
    return str(parsed) if parsed else text[:45]


def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    parsed = _parse(text)
    return parsed is not None and any(parsed in network for network in trusted if network.version == parsed.version)
