"""uvicorn, which loses no request that is already on its way when the process is told to stop."""

import asyncio
import contextlib
import ctypes
import functools
import socket
import struct
from collections.abc import Callable

import uvicorn

from app.process.request_heads import BoundedProtocol

SETTLING = 0.1  # seconds in which connections that were made already are accepted
LAST_CALL = 2.0  # seconds that an idle connection stays open after SIGTERM

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux, which the module `socket` does not name
_NO_SYN = b"".join(  # classic BPF over the TCP header: drop what opens a connection, let pass the rest
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte of flags
        (0x45, 0, 1, 0x02),  # SYN is set?
        (0x06, 0, 0, 0),  # then drop
        (0x06, 0, 0, 0xFFFFFFFF),  # else keep all of it
    )
)


class DrainingServer(uvicorn.Server):
    """Accepts what is connected before it stops listening.

    Closing a listening socket resets the connections that nobody has accepted yet, whose clients have sent their request.
    On the sockets in `others` it speaks `their_protocol`.
    """

    def __init__(
        self, config: uvicorn.Config, others: list[socket.socket], their_protocol: Callable[..., asyncio.Protocol]
    ) -> None:
        super().__init__(config)
        self._others = others
        self._their_protocol = their_protocol

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        make = functools.partial(self._their_protocol, self.config, self.server_state, self.lifespan.state)
        loop = asyncio.get_running_loop()
        for listener in self._others:
            self.servers.append(await loop.create_server(make, sock=listener, backlog=self.config.backlog))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = [*(sockets or []), *self._others]
        for listener in listeners:
            _connect_no_more(listener)
        await asyncio.sleep(SETTLING)
        await super().shutdown(listeners)


class DrainingProtocol(BoundedProtocol):
    """Answers a request that arrives on an idle connection after SIGTERM, and closes the connection with that answer.

    uvicorn closes idle connections at once, so a request that its client has just sent would be lost.
    """

    draining = False

    def shutdown(self) -> None:
        """Called by the server, once, for every open connection, when it has stopped accepting new ones."""
        self.draining = True
        if self._idle():
            self.loop.call_later(LAST_CALL, self._close_if_idle)
        else:
            super().shutdown()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._idle():
            self.transport.close()


def _connect_no_more(listener: socket.socket) -> None:
    """The kernel forgets new connections, whose clients try again in a second and are refused, or reach another process."""
    code = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
    program = struct.pack("HP", len(_NO_SYN) // 8, ctypes.addressof(code))
    with contextlib.suppress(OSError):  # a kernel without it just stops
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
