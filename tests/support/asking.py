"""SQL beside the app."""

from typing import Any

import psycopg2


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
