"""A shop's events as they happen, without loss or doubling over any break."""

import json
import time
from collections.abc import Iterator

import httpx

from meta_be_client.generated.client import AuthenticatedClient
from meta_be_client.generated.models import AuditView
from meta_be_client.problems import ProblemError
from meta_be_client.sse import Message, messages

_PATH = "/api/v1/merchant/events"
_SILENCE = 40  # seconds without a sign of life (the service gives one every 15 s) after which the connection is taken for dead
_LONGEST_WAIT = 30.0  # seconds


class StreamEnded(Exception):
    """The service ended the stream for good; `code` says why, such as `not_authenticated`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stream:
    """The events of the shop that the client is logged in to; iterating waits for the next.

    `position` is where another stream can go on, also in another process: give it as `last_event_id`. Without one, the stream
    begins now. Iterating raises StreamEnded when the session ends, and ProblemError when the service refuses for good;
    everything else it outlives.
    """

    def __init__(self, client: AuthenticatedClient, *, last_event_id: str | None = None) -> None:
        self.position = last_event_id
        self._client = client
        self._retry = 2.0  # seconds, as the service asks for
        self._failures = 0

    def __iter__(self) -> Iterator[AuditView]:
        while True:
            try:
                yield from self._connected()
            except httpx.TransportError:
                pass  # cut, silent, or not to be reached
            except ProblemError as refusal:
                if refusal.status != 429 and refusal.status < 500:
                    raise
            time.sleep(min(self._retry * 2**self._failures, _LONGEST_WAIT))
            self._failures += 1

    def _connected(self) -> Iterator[AuditView]:
        """The events of one connection, to its end."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.position} if self.position else {})
        timeout = httpx.Timeout(_SILENCE)
        with self._client.get_httpx_client().stream("GET", _PATH, headers=headers, timeout=timeout) as response:
            for message in messages(response.iter_bytes()):
                event = self._event_of(message)
                if event is not None:
                    yield event

    def _event_of(self, message: Message) -> AuditView | None:
        """The event that a message tells, if it does; notes the position."""
        self._failures = 0
        self._retry = self._retry if message.retry is None else message.retry / 1000
        text = "\n".join(message.data)
        if message.event == "closed":
            raise StreamEnded(str(json.loads(text)["code"]))
        self.position = message.id or self.position
        return AuditView.from_dict(json.loads(text)) if text else None
