"""uvicorn, which takes in no head of a request without an end: httptools and uvicorn themselves set no limit."""

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import HeadersTooLarge
from app.web.middleware import MAX_HEAD
from app.web.problems import MEDIA_TYPE, problem


def _refusal() -> bytes:
    """A problem like every other, in both languages: which one is asked for may stand in what has not come yet."""
    body = orjson.dumps(
        problem(HeadersTooLarge.status, HeadersTooLarge.code, f"{HeadersTooLarge.zh} {HeadersTooLarge.en}", "/")
    )
    headers = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[HeadersTooLarge.status] + headers.encode() + body


_REFUSAL = _refusal()


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up once more than MAX_HEAD bytes have come that neither ended a head nor belonged to a body.

    So a request line, headers, trailers and chunk extensions are all bounded. A head that comes in one piece may still be
    longer; `middleware.HeadLimit` refuses it.
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
