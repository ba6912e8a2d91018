"""Comma-separated networks, as settings name them, and whether an address is in one."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@lru_cache(maxsize=64)
def parsed(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of `text`; a single address is a network of one. Raises ValueError for malformed text or a /0 network."""
    networks = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(f"{network} is everyone")
    return networks


@lru_cache(maxsize=4096)
def is_in(text: str, host: str) -> bool:
    """Whether the address is in one of the networks of `text`; False for a host that is not an address."""
    address = address_of(host)
    return address is not None and any(address in network for network in parsed(text))


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address, or None if `host` is not one. An IPv4 address mapped into IPv6 (RFC 4291) is returned as IPv4."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
