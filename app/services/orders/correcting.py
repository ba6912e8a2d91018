"""Correcting the receiver of an order, until it is shipped."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from sqlalchemy import Text, bindparam, cast, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert

from app.db.statement import Statement
from app.db.types import Condition
from app.db.work import Work
from app.errors import NotFound, ReceiverFixed
from app.models import Order
from app.services.events.record import noted_from
from app.services.orders.receivers import WHOLE, Receiver, whole
from app.services.ownership import ORDERS, owned

ORDER = Order.__table__


class LockedOrder(Protocol):
    """The order whose receiver is corrected, locked."""

    id: int
    deliver_time: int | None
    close_time: int | None


def correct(work: Work, given: Mapping[str, str], *, order_id: int | None = None, order_number: str | None = None) -> int:
    """Change those of `name`, `phone` and `address` that are given, for the order of this id or number; returns its id.

    The event keeps the receiver of before. Raises NotFound, ReceiverFixed.
    """
    by = "id" if order_number is None else "order_number"
    order: LockedOrder | None = work.one(_lock(work.actor.kind, by), value=order_id if order_number is None else order_number)
    if order is None:
        raise NotFound
    if order.deliver_time is not None or order.close_time is not None:
        raise ReceiverFixed
    former = Receiver(*work.one(_FORMER, order_id=order.id))
    now = former._replace(**given)
    if now != former:
        columns = {f"receiver_{name}": value for name, value in now.columns()._asdict().items()}
        before = {f"former_{name}": value for name, value in former._asdict().items()}
        work.one(_CORRECT, order_id=order.id, **columns, **now._asdict(), **before)
    return order.id


@cache
def _lock(kind: str, by: str) -> Statement:
    this: Condition = ORDER.c[by] == bindparam("value")
    columns = (ORDER.c.id, ORDER.c.deliver_time, ORDER.c.close_time)
    return Statement(select(*columns).where(this, owned(ORDERS, kind, ORDER)).with_for_update(of=ORDER, key_share=True))


def _correct() -> Statement:
    names = Receiver._fields
    changed = (
        update(ORDER)
        .where(ORDER.c.id == bindparam("order_id"))
        .values(**{f"receiver_{name}": bindparam(f"receiver_{name}") for name in names})
        .returning(ORDER.c.id, ORDER.c.business_id)
        .cte("changed")
    )
    given = [cast(bindparam(name), Text).label(name) for name in names]
    row = insert(WHOLE).from_select(["order_id", *names], select(changed.c.id, *given))
    kept = row.on_conflict_do_update(index_elements=["order_id"], set_={name: row.excluded[name] for name in names})
    kept = kept.returning(WHOLE.c.order_id).cte("kept")
    former = [part for name in names for part in (literal(name), cast(bindparam(f"former_{name}"), Text))]
    noted = noted_from(
        changed,
        verb="change",
        subject=ORDER.name,
        details=func.jsonb_build_object(literal("former_receiver"), func.jsonb_build_object(*former)),
        business_id=changed.c.business_id,
        order_id=changed.c.id,
    )
    return Statement(select(changed.c.id).select_from(changed.join(kept, true()).join(noted, true())))


_FORMER = Statement(select(*(whole(name) for name in Receiver._fields)).where(ORDER.c.id == bindparam("order_id")))
_CORRECT = _correct()
