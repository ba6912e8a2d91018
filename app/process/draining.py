"""A uvicorn server that loses no request when it stops: those already on their way are still answered."""

import asyncio
import contextlib
import ctypes
import functools
import gc
import socket
import struct
from collections.abc import Callable

import uvicorn

from app.process.request_bounds import BoundedProtocol

SETTLING = 0.1  # seconds in which connections in the listen queue are accepted
LAST_CALL = 2.0  # seconds that an idle connection stays open after SIGTERM

_ATTACH_FILTER = 26  # Linux's SO_ATTACH_FILTER, which the module `socket` lacks
_NO_SYN = b"".join(  # classic BPF over the TCP header: drops packets that open a connection
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the flags
        (0x45, 0, 1, 0x02),  # if SYN is set
        (0x06, 0, 0, 0),  # drop the packet
        (0x06, 0, 0, 0xFFFFFFFF),  # else keep it whole
    )
)


class DrainingServer(uvicorn.Server):
    """Accepts the connections in the listen queue before it closes the listening sockets.

    Closing a listening socket resets the connections that are still in its queue, whose clients may have sent a request.
    On the sockets in `others` the server speaks `their_protocol`.
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
        gc.freeze()  # what is here by now stays
        gc.enable()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listeners = [*(sockets or []), *self._others]
        for listener in listeners:
            _refuse_new_connections(listener)
        await asyncio.sleep(SETTLING)
        await super().shutdown(listeners)


class DrainingProtocol(BoundedProtocol):
    """Still answers a request that arrives on an idle connection after SIGTERM, then closes the connection.

    uvicorn closes idle connections at once, and would lose a request that a client has just sent.
    """

    draining = False

    def shutdown(self) -> None:
        """Close the connection when it is idle for LAST_CALL; the server calls this once, after it stopped accepting."""
        self.draining = True
        if self._idle():
            self.loop.call_later(LAST_CALL, self._close_if_idle)
        else:
            super().shutdown()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self._idle():
            self.transport.close()


def _refuse_new_connections(listener: socket.socket) -> None:
    """Let the kernel drop new connections. Their clients retry after a second, and are refused or reach another process."""
    code = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
    program = struct.pack("HP", len(_NO_SYN) // 8, ctypes.addressof(code))
    with contextlib.suppress(OSError):  # without the filter, those connections are reset
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
