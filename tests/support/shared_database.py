"""A migrated database that many tests use one after the other, each finding it as the migrations left it.

Its connections stay open, with what they know of the schema and with their plans: to learn that anew takes most of a short
test's time. It is given up when a test changed the schema, left something locked, or enough tests have used it.
"""

from collections.abc import Callable

import psycopg2

from tests.support import asking

MOST = 200  # tests that use one, as what they deleted stays in its files
_WATCH = """
CREATE SCHEMA test_support;
CREATE SEQUENCE test_support.changes;
CREATE FUNCTION test_support.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM nextval('test_support.changes'); END $$;
CREATE PROCEDURE test_support.empty() LANGUAGE plpgsql SET session_replication_role = replica SET lock_timeout = '2s' AS
    $$ BEGIN {deletes} {copies} PERFORM {sequences}; END $$;
CREATE EVENT TRIGGER changed ON ddl_command_end EXECUTE FUNCTION test_support.note();
CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION test_support.note();
ALTER EVENT TRIGGER changed ENABLE ALWAYS;
ALTER EVENT TRIGGER dropped ENABLE ALWAYS;
"""
_TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SEQUENCES = """
SELECT string_agg(format('setval(%L, %s, %L)', sequencename, coalesce(last_value, start_value), last_value IS NOT NULL), ', ')
FROM pg_sequences WHERE schemaname = 'public'
"""
_END_OTHERS = f"""
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (application_name NOT IN ('meta_be', '{asking.BESIDE}') OR state <> 'idle')
"""
_UNTOUCHED = """
SELECT NOT is_called AND NOT EXISTS (
    SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()
) FROM test_support.changes
"""


class SharedDatabase:
    """`create` makes a migrated database and gives its URI; `drop` drops the one with this URI."""

    def __init__(self, create: Callable[[], str], drop: Callable[[str], None]) -> None:
        self._create = create
        self._drop = drop
        self._uri: str | None = None
        self._used = 0

    def uri(self) -> str:
        """The URI of the database as the next test finds it."""
        if self._uri is None:
            self._uri, self._used = self._create(), 0
            self._connection = psycopg2.connect(self._uri)
            self._connection.autocommit = True
            self._prepare()
        self._used += 1
        return self._uri

    def take_back(self) -> bool:
        """Empty it after a test; False when it was given up instead."""
        try:
            self._ask(_END_OTHERS)
            if self._used < MOST and self._ask(_UNTOUCHED) == [(True,)]:
                self._ask("CALL test_support.empty()")
                return True
        except psycopg2.OperationalError:  # a lock that a test left, or a server that a test broke
            pass
        self.give_up()
        return False

    def give_up(self) -> None:
        """Drop the database; the next test gets a new one."""
        if self._uri is not None:
            self._connection.close()
            self._drop(self._uri)
            self._uri = None

    def _prepare(self) -> None:
        tables = [name for (name,) in self._ask(_TABLES)]
        filled = [name for name in tables if self._ask(f"SELECT 1 FROM {name} LIMIT 1")]
        for number, name in enumerate(filled):
            self._ask(f"CREATE TEMPORARY TABLE filled_{number} AS TABLE {name}")
        deletes = "".join(f"DELETE FROM {name};" for name in tables)
        copies = "".join(f"INSERT INTO {name} SELECT * FROM filled_{number};" for number, name in enumerate(filled))
        [(sequences,)] = self._ask(_SEQUENCES)
        self._ask(_WATCH.format(deletes=deletes, copies=copies, sequences=sequences))
        self._ask("SELECT setval('test_support.changes', 1, false)")

    def _ask(self, statement: str) -> list[tuple]:
        return asking.rows(self._connection, statement)
