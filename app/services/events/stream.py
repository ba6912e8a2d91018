"""A merchant's events in an order that never changes, for those who follow them live.

Events are walked by (txid, id), up to the oldest transaction still open: whatever commits late comes later, never in between.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.parameters import ACTOR_ID
from app.db.statement import Statement
from app.db.work import Work
from app.errors import BadCursor
from app.models import Event

EVENT = Event.__table__
BATCH = 200
HORIZON: Any = func.txid_snapshot_xmin(func.txid_current_snapshot())  # the oldest transaction still open
SHOWN = [column for column in EVENT.c if column.name not in ("txid", "business_id")]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the stream: everything up to it has been seen."""

    txid: int
    event_id: int

    def __str__(self) -> str:
        return f"{self.txid}-{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that was handed out as an event's id; raises BadCursor."""
        txid, _, event_id = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (txid, event_id)):
            raise BadCursor(field="Last-Event-ID")
        return cls(int(txid), int(event_id))


@dataclass(frozen=True, slots=True)
class News:
    """What came after a position: (position, verb, JSON) in order; `more` when there may be more to read at once."""

    events: list[tuple[Position, str, str]]
    more: bool


@dataclass(frozen=True, slots=True)
class Since:
    """Which merchants may have news, and the horizon to ask from next: every transaction below it has ended and been seen."""

    merchants: list[int]
    horizon: int


def since(work: Work, merchants: list[int], horizon: int | None) -> Since:
    """Those of `merchants` with events that may not have been there at the `horizon`; all of them when there is none."""
    if horizon is None:
        return Since(merchants, int(work.one(_HORIZON).horizon))
    row = work.one(_SINCE, merchants=merchants, txid=horizon)
    return Since(list(row.found), int(row.horizon))


def present(work: Work) -> Position:
    """The position from which everything is still to come."""
    return Position(int(work.one(_HORIZON).horizon), 0)


def after(work: Work, position: Position) -> News:
    """The events of the work's merchant after a position."""
    rows = work.all(_AFTER, txid=position.txid, event_id=position.event_id, batch=BATCH)
    events = [(Position(row.txid, row.id), str(row.verb), str(row.body)) for row in rows if row.settled]
    return News(events, more=len(events) == BATCH)


def _since() -> Statement:
    given = func.unnest(cast(bindparam("merchants"), ARRAY(Integer))).table_valued("id").render_derived(name="given")
    newer = EVENT.c.txid >= cast(bindparam("txid"), BigInteger)
    found = select(given.c.id).where(select(EVENT.c.id).where(EVENT.c.business_id == given.c.id, newer).exists())
    return Statement(select(func.array(found.scalar_subquery()).label("found"), HORIZON.label("horizon")), whole=True)


def body_of(name: str) -> Any:
    """The JSON text of an event as a follower sees it; `name` is that of a subquery of SHOWN, with or without txid."""
    return cast(func.to_jsonb(literal_column(name)).op("-")("txid"), Text)


def _after() -> Statement:
    since = tuple_(cast(bindparam("txid"), BigInteger), cast(bindparam("event_id"), BigInteger))
    rows = (
        select(EVENT.c.txid, *SHOWN)
        .where(EVENT.c.business_id == ACTOR_ID, tuple_(EVENT.c.txid, EVENT.c.id) > since)
        .order_by(EVENT.c.txid, EVENT.c.id)
        .limit(bindparam("batch"))
        .subquery("e")
    )
    settled: Any = rows.c.txid < HORIZON
    return Statement(select(rows.c.txid, rows.c.id, rows.c.verb, body_of("e").label("body"), settled.label("settled")))


_HORIZON = Statement(select(HORIZON.label("horizon")), whole=True)
_SINCE = _since()
_AFTER = _after()
