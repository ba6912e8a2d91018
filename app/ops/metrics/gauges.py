"""What operations watch in the database, all of it asked for by one statement that reads indexes, never a whole table."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, literal_column, select

from app.db import pools
from app.db.parameters import NOW, ambient, deadlines
from app.db.statement import Statement
from app.models import Order
from app.models.order import SHIPPED
from app.services.sweeping import heartbeat
from app.services.sweeping.sweep import WATCHED
from app.services.webhooks import fan_out

ORDER = Order.__table__
MOST = 10_000  # rows that are counted, so that a scrape costs the same however much is overdue


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure: its name without the prefix, what it says, a scalar over the database's tables, its labels."""

    name: str
    text: str
    value: Any
    labels: dict[str, str] = field(default_factory=dict)


def read(now: int) -> Iterator[tuple[Gauge, float]]:
    """Each gauge with its value, over a connection of its own: the pool may be what is in trouble."""
    with closing(pools.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SET statement_timeout = '3s'")
        cursor.execute(_ALL.sql, {**_ALL.values, **deadlines(), "now": now})
        yield from zip(GAUGES, map(float, cursor.fetchone()), strict=True)


def _overdue(table: Any, start: Any, name: str, state: Any) -> Any:
    """How many rows in `state` are past their deadline, `MOST` at most.

    A row is never older than its `create_time`, which is what the indexes of open rows are sorted by.
    """
    before = NOW - bindparam(name)
    rows = select(literal_column("1")).where(state, bindparam(name) > 0, start < before, table.c.create_time < before)
    return select(func.count()).select_from(rows.limit(MOST).subquery()).scalar_subquery()


def _lag() -> Any:
    """How long overdue the oldest order is that a sweep should have received; 0 when none is."""
    oldest = select(func.min(ORDER.c.deliver_time)).where(ORDER.c.status == SHIPPED, ambient("auto_receive") > 0)
    late = NOW - ambient("auto_receive") - oldest.scalar_subquery()
    return func.greatest(func.coalesce(cast(late, Integer), 0), 0)


GAUGES = (
    Gauge("worker_last_sweep_timestamp_seconds", "When a worker last finished a sweep, Unix time", heartbeat.last()),
    Gauge("worker_lag_seconds", "How long overdue the oldest order is that a sweep should have received", _lag()),
    Gauge("webhook_deliveries_pending", "Deliveries to webhooks that are due or still to be made", fan_out.pending()),
    *(
        Gauge(
            "deadlines_overdue",
            f"Orders not shipped, tickets not answered and returns not confirmed in time, counted up to {MOST:,}",
            _overdue(table, start, name, state),
            {"deadline": name},
        )
        for table, _, start, name, state in WATCHED
    ),
)
_ALL = Statement(select(*(gauge.value.label(f"g{number}") for number, gauge in enumerate(GAUGES))))
