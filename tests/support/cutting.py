"""A way to the service that cuts a live stream twice: in the midst of an event, and after one."""

from urllib.parse import urlsplit

from tests.support.relay import Relay

EVENT = b"event: "


class Cutting(Relay):
    """`cuts` is how often it has ended a connection that brought an event."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.cuts = 0
        super().__init__((str(parts.hostname), int(parts.port or 80)))
        self.url = f"http://127.0.0.1:{self.port}"

    def last_of(self, data: bytes, *, is_answer: bool) -> bytes | None:
        if EVENT not in data or self.cuts == 2:
            return None
        self.cuts += 1
        return data[: data.index(EVENT) + len(EVENT)] if self.cuts == 1 else data
