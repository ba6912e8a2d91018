"""Tables of events and stock movements with a long history, plain or in range partitions by id."""

from itertools import pairwise

from bench.servers import execute

LEDGERS = ("event", "stock_movement")
ROOM = 100_000_000  # ids of the partition that is being written
AHEAD = 2  # empty partitions behind it

# What stands in a table's history belongs to orders that are long gone: four events for each, one of them of its stock.
_HISTORY = {
    "event": """
        INSERT INTO event (id, txid, time, actor_kind, actor_id, verb, subject, subject_id, business_id, order_id, to_status,
            details, request_id) OVERRIDING SYSTEM VALUE
        SELECT g, past, 1600000000 - (%(rows)s - g), CASE WHEN g %% 4 < 2 THEN 'platform' ELSE 'merchant' END,
            CASE WHEN g %% 4 > 1 THEN 1 + g / 4 %% 10 END, (ARRAY['place', 'stock', 'ship', 'receive'])[1 + g %% 4],
            CASE WHEN g %% 4 = 1 THEN 'sku' ELSE 'order' END, CASE WHEN g %% 4 = 1 THEN 1 + g / 4 %% 200 ELSE past END,
            1 + g / 4 %% 10, CASE WHEN g %% 4 <> 1 THEN past END, CASE g %% 4 WHEN 0 THEN 0 WHEN 2 THEN 1 WHEN 3 THEN 2 END,
            CASE g %% 4 WHEN 0 THEN jsonb_build_object('digest', md5(g::text), 'sku_id', 1 + g / 4 %% 200, 'num', 1)
                WHEN 1 THEN jsonb_build_object('stock', 1000, 'delta', -1, 'reason', 'order', 'reference', 'H' || g / 4) END,
            'request-' || lpad((g / 4)::text, 24, '0')
        FROM generate_series(%(first)s, %(last)s) g, LATERAL (SELECT g / 4 - %(rows)s AS past) p
    """,
    "stock_movement": """
        INSERT INTO stock_movement (id, sku_id, delta, stock_after, reason, reference, actor_kind, create_time, business_id)
            OVERRIDING SYSTEM VALUE
        SELECT g, 1 + g %% 200, -1, 1000, 'order', 'H' || g, 'platform', 1600000000 - (%(rows)s - g), 1 + g %% 10
        FROM generate_series(%(first)s, %(last)s) g
    """,
}
_INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary"
_KEYS = """
    SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'f') ORDER BY contype DESC
"""
_TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
_SIZE = """
    SELECT sum(pg_total_relation_size(part)) FROM (
        SELECT %(table)s::regclass AS part UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = %(table)s::regclass
    ) parts
"""


def build(uri: str, table: str, rows: int, partitions: int) -> list[str]:
    """Make the empty `table` anew with `rows` of history, in as many partitions as asked, plain if 0.

    Returns the keys to other tables, as statements that add them once those are filled.
    """
    indexes, keys, triggers = ([text for (text,) in execute(uri, of, (table,))] for of in (_INDEXES, _KEYS, _TRIGGERS))
    kept = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY"
    by = "PARTITION BY RANGE (id)" if partitions else ""
    execute(uri, f"CREATE TABLE made (LIKE {table} {kept}) {by}; DROP TABLE {table}; ALTER TABLE made RENAME TO {table}")
    if partitions:
        size = rows // partitions
        edges = [*range(1, rows + 1, size), *(rows + 1 + ROOM * number for number in range(AHEAD + 2))]
        for number, (first, after) in enumerate(pairwise(edges)):
            execute(uri, f"CREATE TABLE {table}_{number} PARTITION OF {table} FOR VALUES FROM ({first}) TO ({after})")
    write(uri, table, 1, rows, rows)
    execute(uri, f"ALTER TABLE {table} ALTER id RESTART WITH {rows + 1}")
    own, foreign = keys[:1], keys[1:]
    for text in (*own, *indexes, *triggers):
        execute(uri, text)
    return foreign


def write(uri: str, table: str, first: int, last: int, rows: int) -> None:
    """Write history with the ids from `first` to `last`, of a table that has `rows` of it."""
    execute(uri, "SET session_replication_role = replica;" + _HISTORY[table], {"first": first, "last": last, "rows": rows})


def size_of(uri: str, table: str) -> float:
    """The table's megabytes, with indexes and partitions."""
    return float(execute(uri, _SIZE, {"table": table})[0][0]) / 1e6
