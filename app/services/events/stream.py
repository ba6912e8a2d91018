"""A merchant's events in an order that never changes, for those who follow them live.

Events are ordered by (txid, id) and read up to the oldest transaction that is still open, so an event that commits late
always comes after those that were read before it.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, column, func, literal_column, select, tuple_

from app.db.parameters import ACTOR_ID
from app.db.sql import unnest
from app.db.statement import Statement
from app.db.types import Condition, Expression
from app.db.work import Work
from app.errors import BadCursor
from app.models import Event
from app.services.events.view import shown

EVENT = Event.__table__
BATCH = 200
HORIZON: Expression = func.txid_snapshot_xmin(func.txid_current_snapshot())  # the oldest transaction still open


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the stream: everything up to it has been seen."""

    txid: int
    event_id: int

    def __str__(self) -> str:
        return f"{self.txid}-{self.event_id}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that `text`, the id of an event in the stream, stands for; raises BadCursor."""
        txid, _, event_id = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (txid, event_id)):
            raise BadCursor(field="Last-Event-ID")
        return cls(int(txid), int(event_id))


@dataclass(frozen=True, slots=True)
class News:
    """The events after a position, in order: (position, type, JSON). `more` says that there may be more to read at once."""

    events: list[tuple[Position, str, str]]
    more: bool


@dataclass(frozen=True, slots=True)
class Since:
    """Which merchants may have news, and the horizon to ask from next: every transaction below it has ended and been read."""

    merchants: list[int]
    horizon: int


def since(work: Work, merchants: list[int], horizon: int | None) -> Since:
    """Those of `merchants` that may have new events since the `horizon`; all of them when there is no horizon.

    So it is when the horizon has gone back: after a failover, the ids of transactions that were rolled back are given again.
    """
    if horizon is None:
        return Since(merchants, int(work.one(_HORIZON).horizon))
    row = work.one(_SINCE, merchants=merchants, txid=horizon)
    return Since(list(row.found) if row.horizon >= horizon else merchants, int(row.horizon))


def present(work: Work) -> Position:
    """The position now of the work's merchant: every later event comes after it.

    It is that of an event, for the server that takes over from a lost one has the event, but may not have the horizon.
    """
    newest = work.one(_NEWEST)
    return Position(0, 0) if newest is None else Position(newest.txid, newest.id)


def after(work: Work, position: Position) -> News:
    """The events of the work's merchant after a position, up to BATCH of them."""
    rows = work.all(_AFTER, txid=position.txid, event_id=position.event_id, batch=BATCH)
    events = [(Position(row.txid, row.id), str(row.type), str(row.body)) for row in rows if row.settled]
    return News(events, more=len(events) == BATCH)


def _since() -> Statement:
    given = unnest({"merchants": column("id", Integer)})
    newer = EVENT.c.txid >= cast(bindparam("txid"), BigInteger)
    found = select(given.c.id).where(select(EVENT.c.id).where(EVENT.c.business_id == given.c.id, newer).exists())
    return Statement(select(func.array(found.scalar_subquery()).label("found"), HORIZON.label("horizon")), whole=True)


def body_of(name: str) -> Expression:
    """An event as a follower sees it, as JSON text; `name` is the name of a subquery of `shown`, with or without txid."""
    return cast(func.to_jsonb(literal_column(name)).op("-")("txid"), Text)


def _newest() -> Statement:
    mine = select(EVENT.c.txid, EVENT.c.id).where(EVENT.c.business_id == ACTOR_ID, EVENT.c.txid < HORIZON)
    return Statement(mine.order_by(EVENT.c.txid.desc(), EVENT.c.id.desc()).limit(1))


def _after() -> Statement:
    since = tuple_(cast(bindparam("txid"), BigInteger), cast(bindparam("event_id"), BigInteger))
    rows = (
        select(EVENT.c.txid, *shown(EVENT))
        .where(EVENT.c.business_id == ACTOR_ID, tuple_(EVENT.c.txid, EVENT.c.id) > since)
        .order_by(EVENT.c.txid, EVENT.c.id)
        .limit(bindparam("batch"))
        .subquery("e")
    )
    settled: Condition = rows.c.txid < HORIZON
    return Statement(select(rows.c.txid, rows.c.id, rows.c.type, body_of("e").label("body"), settled.label("settled")))


_HORIZON = Statement(select(HORIZON.label("horizon")), whole=True)
_SINCE = _since()
_NEWEST = _newest()
_AFTER = _after()
