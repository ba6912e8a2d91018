"""A way to the database that loses answers: what was asked for arrives and is done, and nobody hears of it."""

import random
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.relay import Relay


class Lossy(Relay):
    """While `chance` is not 0, it ends a connection instead of passing on some of the answers; `lost` is how often."""

    def __init__(self, uri: str, dice: random.Random) -> None:
        self.chance = 0.0
        self.lost = 0
        self._dice = dice
        super().__init__(_address(uri))
        parts = urlsplit(uri)
        self.uri = f"postgresql://{parts.username}@127.0.0.1:{self.port}{parts.path}"  # the database by this way

    def last_of(self, data: bytes, *, is_answer: bool) -> bytes | None:
        if not is_answer or self._dice.random() >= self.chance:
            return None
        self.lost += 1
        return b""


def _address(uri: str) -> str | tuple[str, int]:
    """Where the server listens: the path of its socket, or host and port."""
    parts = urlsplit(uri)
    folder = parse_qs(parts.query).get("host", [unquote(parts.hostname or "")])[0]
    port = parts.port or 5432
    return f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (folder, port)
