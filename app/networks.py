"""Networks as the settings name them, comma-separated, and whether an address is in one."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@lru_cache(maxsize=64)
def parsed(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks; a lone address is a network of one. Raises ValueError for what is none, or is everyone's."""
    networks = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(f"{network} is everyone")
    return networks


@lru_cache(maxsize=4096)
def is_in(text: str, host: str) -> bool:
    """Whether the address is in one of the networks of `text`; what is no address is in none."""
    address = address_of(host)
    return address is not None and any(address in network for network in parsed(text))


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, or None; an IPv4 address mapped into IPv6 is taken for what it is."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
