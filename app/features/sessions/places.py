"""Where an address is, as far as it says so itself."""

from ipaddress import ip_address, ip_network

_LOCAL = [
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
]


def place_of(ip: str) -> str:
    """In words; empty for most, since no list of places ships with the panel."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    if address.is_loopback:
        return "This machine"
    return (
        "Local network" if any(address in network for network in _LOCAL if network.version == address.version) else ""
    )
