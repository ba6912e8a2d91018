"""Arrays as one literal, which PostgreSQL reads several times faster than psycopg2's `ARRAY[…]` of thousands of expressions."""

from typing import Any

from psycopg2.extensions import QuotedString


class ArrayLiteral:
    """A flat list of numbers, texts and nulls; the statement casts it to the array that it is."""

    def __init__(self, values: list[Any]) -> None:
        self._quoted = QuotedString("{" + ",".join(map(_element, values)) + "}")

    def prepare(self, connection: Any) -> None:
        self._quoted.prepare(connection)

    def getquoted(self) -> bytes:
        return bytes(self._quoted.getquoted())


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
