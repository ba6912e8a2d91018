"""Which addresses we may call for a merchant: public ones only, so that nobody reaches our own network through us."""

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

from app.config import settings

RESOLVERS = 100  # threads of their own, so that a slow name server holds up nothing that works on the database

_UNICAST = IPv6Network("2000::/3")  # all global IPv6 addresses (RFC 4291, 2.4); the rest maps, translates or is not routed
_RESERVED = [
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform services
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "2001::/23",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]  # IANA's special-purpose registries, where `is_global` of Python 3.11 is more lenient

_resolving = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")


class AddressRefused(Exception):
    """The host has an address that may not be called."""


class HostNotFound(Exception):
    """The host's name has no address."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is an address of the public internet; an IPv4 address mapped into IPv6 is judged as the IPv4 address."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _RESERVED)


def is_literal_allowed(host: str) -> bool:
    """False for a host that is written as an address that may not be called, and for a name of this machine."""
    if settings.webhook_allow_private:
        return True
    host = host.strip("[]").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return is_public(ip_address(host))
    except ValueError:
        return True


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of the host, if all of them may be called; raises HostNotFound, AddressRefused."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_resolving, _lookup, host, port)
    except (OSError, UnicodeError):
        raise HostNotFound from None
    if not settings.webhook_allow_private and not _all_public(found):
        raise AddressRefused
    return found


class GuardedNetwork(httpcore.AnyIOBackend):
    """Connects to the addresses that were checked, so a name that resolves differently afterwards makes no difference."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers; raises HostNotFound, AddressRefused."""
        failed: Exception = HostNotFound()
        for address in await resolved(host, port):
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
        raise failed


def _lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _all_public(addresses: Iterable[str]) -> bool:
    return all(is_public(ip_address(address)) for address in addresses)
