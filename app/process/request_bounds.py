"""Limits on the size of a request's head, and on how slowly a request may come, which neither uvicorn nor httptools sets."""

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import AppError, HeadersTooLarge, RequestIncomplete
from app.process.joined_writes import JoinedWrites
from app.web.middleware import MAX_HEAD
from app.web.problems import MEDIA_TYPE, problem

PATIENCE = 20.0  # seconds between two looks at a connection
LEAST = 10_000  # bytes of a body that have to come between two looks


def _refusal(error: type[AppError]) -> bytes:
    """A problem like every other, but in both languages, since Accept-Language may not have arrived yet."""
    body = orjson.dumps(problem(error.status, error.code, f"{error.zh} {error.en}", "/"))
    headers = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[error.status] + headers.encode() + body


_TOO_LARGE, _TOO_SLOW = _refusal(HeadersTooLarge), _refusal(RequestIncomplete)


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection after MAX_HEAD bytes that neither complete a head nor belong to a body, and one that is too slow.

    The first bounds the request line, headers, trailers and chunk extensions. A head that arrives in one piece may still be
    longer, and `middleware.HeadLimit` refuses it. A head has PATIENCE to twice that to come, the first one from the start of
    the connection; a body has to go on by LEAST within each PATIENCE.
    """

    _outside_bodies = 0
    _heads = 0  # that came whole
    _of_body = 0  # bytes since the last look
    _missing: tuple[str, int] | None = None  # what was waited for at the last look
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = JoinedWrites(transport, self.loop)  # type: ignore[assignment]
        self._missing = ("head", 0)
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._outside_bodies += len(data)
        super().data_received(data)
        if self._outside_bodies > MAX_HEAD and not self.transport.is_closing():
            self._end(_TOO_LARGE if self._idle() else b"")

    def on_headers_complete(self) -> None:
        self._outside_bodies = 0
        self._heads += 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._outside_bodies = 0
        self._of_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._outside_bodies = 0
        super().on_message_complete()

    def _look(self) -> None:
        """End the request that has not gone on since the last look."""
        before, self._missing = self._missing, self._part_to_come()
        came, self._of_body = self._of_body, 0
        if self._missing is None or self._missing != before or came >= LEAST:
            self._watch = self.loop.call_later(PATIENCE, self._look)
        elif self._missing[0] == "body":
            self._end(b"" if self.cycle.response_started else _TOO_SLOW)
        else:
            self._end(_TOO_SLOW if self._outside_bodies else b"")

    def _part_to_come(self) -> tuple[str, int] | None:
        """The part of which request the client has yet to send; None while the service has it all, or takes no more for now."""
        if self._idle():
            return None if self.timeout_keep_alive_task is not None else ("head", self._heads)
        return ("body", self._heads) if self.cycle.more_body and not self.flow.read_paused else None

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end(self, answer: bytes) -> None:
        if answer:
            self.transport.write(answer)
        self.transport.close()
