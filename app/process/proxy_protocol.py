"""The PROXY protocol, version 2: a header in which a TCP proxy names the client of each connection.

See https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2.
"""

import asyncio
import logging
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import NamedTuple

from app.config import settings
from app.networks import address_of, is_in
from app.process.draining import DrainingProtocol
from app.web.forwarded import FORWARDED_FOR, FORWARDED_PROTO

HEADER_WITHIN = 5.0  # seconds from the start of a connection
LONGEST = 4096  # bytes that may follow the fixed part: addresses, and extensions (TLVs), which are skipped

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = Struct("!12sBBH")  # signature, version and command, family and transport, length of the rest
_LOCAL, _PROXY = 0x20, 0x21
_UNKNOWN, _TCP_OVER_IPV4, _TCP_OVER_IPV6 = 0x00, 0x11, 0x21
_ADDRESSES = {_TCP_OVER_IPV4: (Struct("!4s4sHH"), IPv4Address), _TCP_OVER_IPV6: (Struct("!16s16sHH"), IPv6Address)}

log = logging.getLogger(__name__)


class BrokenHeader(Exception):
    """A connection that does not begin with a header that this service understands; the message says why."""


class Header(NamedTuple):
    """A complete header: its length in bytes, and the client's address and port; None if the proxy itself connected."""

    length: int
    client: tuple[str, int] | None


class ProxiedProtocol(DrainingProtocol):
    """HTTP on connections that begin with a PROXY protocol header. Only the networks in PROXY_PEERS may connect.

    X-Forwarded-* is dropped: a TCP proxy passes HTTP on unread, so these headers come from the client.
    """

    _received: bytes | None = b""  # None when the header has been read
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is None or not is_in(settings.proxy_peers, self.client[0]):
            self._refuse("PROXY_PEERS does not name its address")
        else:
            self._patience = self.loop.call_later(HEADER_WITHIN, self._refuse, "its header did not come in time")

    def data_received(self, data: bytes) -> None:
        if self._received is None:
            super().data_received(data)
            return
        self._received += data
        try:
            header = read(self._received)
        except BrokenHeader as broken:
            self._refuse(str(broken))
            return
        if header is not None:
            self._begin(header, self._received[header.length :])

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() not in (FORWARDED_FOR, FORWARDED_PROTO):
            super().on_header(name, value)

    def _begin(self, header: Header, rest: bytes) -> None:
        self._stop_waiting()
        self._received = None
        self.client = header.client or self.client
        if rest:
            super().data_received(rest)

    def _refuse(self, why: str) -> None:
        log.warning("a connection to PROXY_PORT from %s was closed: %s", self.client and self.client[0], why)
        self._stop_waiting()
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def read(received: bytes) -> Header | None:
    """The header at the start of `received`, or None while a part of it is missing; raises BrokenHeader."""
    if received[:12] != _SIGNATURE[: len(received)]:
        raise BrokenHeader("it does not begin with a PROXY protocol v2 header")
    if len(received) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(received)
    if command not in (_LOCAL, _PROXY):
        raise BrokenHeader("the version or command of its header is unknown")
    if length > LONGEST:
        raise BrokenHeader("its header is too long")
    end = _FIXED.size + length
    if len(received) < end:
        return None
    return Header(end, _client(family, received[_FIXED.size : end]) if command == _PROXY else None)


def _client(family: int, addresses: bytes) -> tuple[str, int] | None:
    if family == _UNKNOWN:
        return None
    if family not in _ADDRESSES:
        raise BrokenHeader("its header names no TCP client")
    form, kind = _ADDRESSES[family]
    if len(addresses) < form.size:
        raise BrokenHeader("its header is too short for its addresses")
    source, _, port, _ = form.unpack_from(addresses)
    return str(address_of(str(kind(source)))), port
