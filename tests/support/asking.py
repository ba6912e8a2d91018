"""SQL beside the app."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

BESIDE = "test_beside"  # the application name of what is kept


def rows(connection: Any, statement: str, values: Any = None) -> list[tuple]:
    """The rows that the statement returns; none of a statement that returns none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def run(uri: str, statement: str, values: Any = None) -> list[tuple]:
    """The same over a connection of its own, committed at once."""
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    try:
        return rows(connection, statement, values)
    finally:
        connection.close()


class Beside:
    """A connection beside the app's, kept while one test after the other uses the same database: a new one costs 10 ms."""

    def __init__(self) -> None:
        self._uri, self._connection = "", None

    @contextmanager
    def asking(self, uri: str) -> Iterator[Callable[..., list[tuple]]]:
        """Runs SQL on the database with this URI as if the connection had just been opened, committed at once."""
        if uri != self._uri:
            self.leave()
            self._uri, self._connection = uri, psycopg2.connect(uri, application_name=BESIDE)
            self._connection.autocommit = True
        yield lambda statement, *values: rows(self._connection, statement, values)
        try:
            rows(self._connection, "DISCARD ALL")
        except psycopg2.Error:  # the test ended it
            self.leave()

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._uri, self._connection = "", None
