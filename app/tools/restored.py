"""What a database needs that was restored from a backup or a dump, before the service starts on it."""

import time
from contextlib import closing
from dataclasses import dataclass

from app.db import pools

SKIPPED = 10_000  # ids
PATIENCE = 5.0  # seconds that the server is given to forget connections which were closed, also by this process


class InUse(Exception):
    """Somebody is at work on the restored database."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done, and what was found: `newest` is when the newest order was placed, as UTC, None without any."""

    sequences: int
    reordered: bool
    orders: int
    newest: str | None
    skus_off: int


def settle(skipped: int = SKIPPED) -> Settled:
    """Leave out the ids that others know of what is gone, and make news go on where transaction ids start over.

    What happened after the backup is gone, yet others know it by its id, and would take what comes for it: each sequence
    goes on `skipped` further. Live updates and webhooks follow transaction ids, which start over in another server: events of
    a dump are put before all that comes, in the order of their ids, and each webhook where it stood among them.
    Raises InUse if other processes of the service stay connected for longer than PATIENCE.
    """
    with closing(pools.connect_to_migrate()) as connection, connection, connection.cursor() as cursor:

        def value(statement: str, *values: object) -> object:
            cursor.execute(statement, values)
            return cursor.fetchone()[0]

        patient_until = time.monotonic() + PATIENCE
        while others := value(_OTHERS):
            if time.monotonic() > patient_until:
                raise InUse(f"{others} connections of the service: stop it first")
            time.sleep(0.1)
            cursor.execute("SELECT pg_stat_clear_snapshot()")
        reordered = bool(value(_STARTS_OVER))
        if reordered:
            cursor.execute(_REORDER)
        sequences = int(str(value(_SKIP, skipped)))
        cursor.execute(_FOUND)
        return Settled(sequences, reordered, *cursor.fetchone())


_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'meta_be' AND datname = current_database() AND pid <> pg_backend_pid()
"""
_STARTS_OVER = """
    SELECT greatest((SELECT max(txid) FROM event), (SELECT max(txid) FROM webhook), 0) >= txid_current()
"""
_REORDER = """
    ALTER TABLE event DISABLE TRIGGER USER;
    UPDATE webhook SET txid = 0, event_id = coalesce(
        (SELECT min(id) - 1 FROM event WHERE business_id = coalesce(webhook.business_id, event.business_id)
            AND (event.txid, event.id) > (webhook.txid, webhook.event_id)),
        (SELECT max(id) FROM event), 0);
    UPDATE event SET txid = 0;
    ALTER TABLE event ENABLE TRIGGER USER;
"""
_SKIP = """
    SELECT count(setval(place, nextval(place) + %s)) FROM (
        SELECT format('%%I.%%I', schemaname, sequencename)::regclass AS place
        FROM pg_sequences WHERE schemaname = current_schema()
    ) s
"""
_FOUND = """
    SELECT (SELECT count(*) FROM "order"),
        (SELECT to_char(to_timestamp(max(create_time)) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM "order"),
        (SELECT count(*) FROM sku WHERE stock <> (SELECT coalesce(sum(delta), 0) FROM stock_movement WHERE sku_id = sku.id))
"""
