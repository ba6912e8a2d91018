"""Reading a text/event-stream."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a CR at the end may be half of a CRLF


@dataclass
class Message:
    """A message of a stream; what it did not say is None."""

    id: str | None = None
    event: str | None = None
    retry: int | None = None  # milliseconds
    data: list[str] = field(default_factory=list)


def messages(pieces: Iterable[bytes]) -> Iterator[Message]:
    """The messages of a stream that comes in pieces."""
    message = Message()
    for line in _lines(pieces):
        if line:
            _take(message, line)
        else:
            yield message
            message = Message()


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *lines, rest = _LINE_END.split(rest + piece)
        yield from (line.decode() for line in lines)


def _take(message: Message, line: str) -> None:
    name, _, value = line.partition(":")
    value = value.removeprefix(" ")
    if name == "data":
        message.data.append(value)
    elif name == "id":
        message.id = value
    elif name == "event":
        message.event = value
    elif name == "retry" and value.isdecimal():
        message.retry = int(value)
