"""Gauges of what is in the database, read by one statement that uses indexes and never scans a whole table."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import Boolean, Integer, and_, cast, column, false, func, literal_column, select, table

from app.db import pools
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression
from app.services.lifecycle.deadlines import Deadline
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.orders.states import RECEIPT
from app.services.refunds import states as refunds
from app.services.sweeping import heartbeat
from app.services.sweeping.sweep import REPORTED
from app.services.webhooks import fan_out

ARCHIVER = table("pg_stat_archiver", column("last_failed_time"), column("last_archived_time"))
STANDBY = table("pg_stat_replication", column("state"), column("application_name"), column("replay_lsn"))
MOST = 10_000  # rows that are counted, so that a scrape costs the same however much is overdue


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge: its name without the prefix, its help text, the scalar that reads it from the database, its labels."""

    name: str
    text: str
    value: Expression
    labels: dict[str, str] = field(default_factory=dict)


def read(now: int) -> Iterator[tuple[Gauge, float]]:
    """Each gauge that has a value, read over a separate connection, as the pool may be the problem."""
    with closing(pools.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SET statement_timeout = '3s'")
        cursor.execute(_ALL.sql, {**_ALL.values, "now": now})
        yield from ((gauge, float(value)) for gauge, value in zip(GAUGES, cursor.fetchone(), strict=True) if value is not None)


def _overdue(table: Columns, deadline: Deadline) -> Expression:
    """How many rows have missed the deadline, `MOST` at most.

    A deadline never starts before the row's `create_time`, so this is compared too: the indexes of open rows are sorted by it.
    """
    is_old = table.c.create_time < NOW - deadline.seconds
    return _counted(table, deadline.is_missed(table), is_old)


def _counted(table: Columns, *conditions: Condition) -> Expression:
    """How many rows meet the conditions, `MOST` at most."""
    rows = select(literal_column("1")).select_from(table).where(*conditions).limit(MOST)
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _lag(table: Columns, deadline: Deadline) -> Expression:
    """How many seconds ago the earliest missed deadline of the table's rows fell; 0 when none was missed."""
    missed = select(deadline.falls_at(table).label("fell")).where(deadline.is_missed(table))
    oldest = select(func.min(missed.order_by(deadline.start(table)).limit(MOST).subquery().c.fell)).scalar_subquery()
    late = NOW - oldest
    return func.greatest(func.coalesce(cast(late, Integer), 0), 0)


def _of_standbys(value: Expression) -> Expression:
    """What the server tells of its standbys, base backups aside; None where this role may not see them (docs/operations.md)."""
    follows = and_(STANDBY.c.state == "streaming", STANDBY.c.application_name != "pg_basebackup")
    may_see = func.pg_has_role("pg_read_all_stats", "USAGE", type_=Boolean)
    return select(value).select_from(STANDBY).where(follows).having(may_see).scalar_subquery()


def _archive_fails() -> Expression:
    """Whether the last attempt to archive WAL failed."""
    failed = ARCHIVER.c.last_failed_time > func.coalesce(ARCHIVER.c.last_archived_time, literal_column("'-infinity'"))
    return select(func.coalesce(failed, false())).select_from(ARCHIVER).scalar_subquery()


GAUGES = (
    Gauge("worker_last_sweep_timestamp_seconds", "When a worker last finished a sweep, Unix time", heartbeat.last()),
    Gauge(
        "worker_lag_seconds",
        "How long overdue the oldest order is that a sweep should have received",
        _lag(ORDERS.table, RECEIPT),
    ),
    Gauge(
        "refunds_overdue",
        f"Refunds that have been due for a day and are not paid, counted up to {MOST:,}",
        _counted(refunds.REFUND, refunds.overdue(refunds.REFUND)),
    ),
    Gauge("webhook_deliveries_pending", "Deliveries to webhooks that are due or still to be made", fan_out.pending()),
    Gauge("wal_archive_failing", "Whether the database's last attempt to archive WAL failed", _archive_fails()),
    Gauge("standbys", "Standbys that follow the database", _of_standbys(func.count())),
    Gauge(
        "standby_lag_bytes",
        "WAL that the standby furthest behind has not replayed",
        _of_standbys(func.coalesce(func.max(func.pg_wal_lsn_diff(func.pg_current_wal_lsn(), STANDBY.c.replay_lsn)), 0)),
    ),
    *(
        Gauge(
            "deadlines_overdue",
            f"Orders not shipped, tickets not answered and returns not confirmed in time, counted up to {MOST:,}",
            _overdue(lifecycle.table, deadline),
            {"deadline": deadline.name},
        )
        for lifecycle, deadline in REPORTED
    ),
)
_ALL = Statement(select(*(gauge.value.label(f"g{number}") for number, gauge in enumerate(GAUGES))))
