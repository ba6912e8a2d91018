"""A limit on the size of a request's head, which neither uvicorn nor httptools sets."""

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import HeadersTooLarge
from app.web.middleware import MAX_HEAD
from app.web.problems import MEDIA_TYPE, problem


def _refusal() -> bytes:
    """A problem like every other, but in both languages, since Accept-Language may not have arrived yet."""
    body = orjson.dumps(
        problem(HeadersTooLarge.status, HeadersTooLarge.code, f"{HeadersTooLarge.zh} {HeadersTooLarge.en}", "/")
    )
    headers = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[HeadersTooLarge.status] + headers.encode() + body


_REFUSAL = _refusal()


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection after MAX_HEAD bytes that neither complete a head nor belong to a body.

    This bounds the request line, headers, trailers and chunk extensions. A head that arrives in one piece may still be
    longer, and `middleware.HeadLimit` refuses it.
    """

    _outside_bodies = 0

    def data_received(self, data: bytes) -> None:
        self._outside_bodies += len(data)
        super().data_received(data)
        if self._outside_bodies > MAX_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._outside_bodies = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._outside_bodies = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._outside_bodies = 0
        super().on_message_complete()
