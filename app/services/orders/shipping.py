"""Shipping many orders at once: one statement moves them all, and each row is told what became of it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.parameters import ACTOR_ID
from app.db.statement import Statement
from app.db.work import MERCHANT, Work
from app.errors import AlreadyShipped, AppError, DuplicateRow, IllegalMove, NotFound
from app.models import Order
from app.models import order as stored
from app.services import carriers
from app.services.batch_row import Row, standing
from app.services.orders.states import LIFECYCLE, TO_SHIP

ORDER = Order.__table__


def ship(
    work: Work,
    order_id: int,
    *,
    logistic_id: int | None,
    logistic_name: str | None,
    logistic_order_id: str,
    deliver_address: str | None = None,
) -> str:
    """Ship an order, or correct the tracking of a shipped one; raises NotFound, IllegalMove, UnknownCarrier, CarrierMissing."""
    carrier_id, carrier_name = carriers.named(work, logistic_id, logistic_name)
    return LIFECYCLE.move(
        work,
        "ship",
        order_id,
        logistic_id=carrier_id,
        logistic_name=carrier_name,
        logistic_order_id=logistic_order_id,
        deliver_address=deliver_address,
    )


def ship_many(work: Work, rows: list[Row], *, dry_run: bool) -> None:
    """Ship the orders that the rows name by `order_id` or `order_number`; the rows that are refused get their error.

    A carrier goes by `carrier` (id, code or name of a known one), or by `logistic_id` and `logistic_name` as in `orders.ship`.
    """
    orders = _find(work, standing(rows))
    _name_carriers(work, standing(rows))
    _tell_duplicates(standing(rows))
    _tell_states(standing(rows), orders)
    if dry_run:
        return
    left = standing(rows)
    moved = LIFECYCLE.move_many(work, _SHIP, **_arrays(left), deliver_address=None)
    late = [row for row in left if row.values["order_id"] not in moved]
    if late:  # somebody else moved them meanwhile
        _tell_states(late, _find(work, late))
    for row in standing(late):
        row.error = IllegalMove()


def receive(work: Work, order_id: int) -> str:
    """Confirm receipt, for the buyer or when the deadline has passed; raises NotFound, IllegalMove."""
    return LIFECYCLE.move(work, "receive", order_id)


def _find(work: Work, rows: list[Row]) -> dict[int, Any]:
    """The merchant's orders that the rows name, by id; fills in id and number, and tells the rows that name none."""
    ids = [row.values["order_id"] for row in rows if row.values.get("order_id")]
    numbers = [row.values["order_number"] for row in rows if row.values.get("order_number")]
    found = work.all(_NAMED, ids=ids, numbers=numbers)
    by_id = {order.id: order for order in found}
    by_number = {order.order_number: order for order in found}
    for row in rows:
        order_id, number = row.values.get("order_id"), row.values.get("order_number")
        order = by_number.get(number) if order_id is None else by_id.get(order_id)
        if order is None or number not in (None, order.order_number):
            row.error = NotFound()
        else:
            row.values |= {"order_id": order.id, "order_number": order.order_number}
    return by_id


def _tell_duplicates(rows: Iterable[Row]) -> None:
    seen = set()
    for row in rows:
        if row.values["order_id"] in seen:
            row.error = DuplicateRow()
        seen.add(row.values["order_id"])


def _name_carriers(work: Work, rows: list[Row]) -> None:
    known = carriers.known(work)
    for row in rows:
        row.error = _name_carrier(row.values, known)


def _name_carrier(values: dict[str, Any], known: carriers.Known) -> AppError | None:
    word = values.get("carrier") or values.get("logistic_id")
    try:
        values["logistic_id"], values["logistic_name"] = carriers.chosen(known, word, values.get("logistic_name"))
    except AppError as error:
        return error
    return None


def _tell_states(rows: Iterable[Row], orders: dict[int, Any]) -> None:
    for row in rows:
        if row.error is None:
            row.error = _why_not(row.values, orders[row.values["order_id"]])


def _why_not(values: dict[str, Any], order: Any) -> AppError | None:
    if order.status == stored.TO_SHIP:
        return None
    if order.status == stored.SHIPPED and order.logistic_order_id == values["logistic_order_id"]:
        return AlreadyShipped()
    return IllegalMove()


def _arrays(rows: list[Row]) -> dict[str, list[Any]]:
    names = ("logistic_id", "logistic_name", "logistic_order_id")
    return {"ids": [row.values["order_id"] for row in rows], **{name: [row.values[name] for row in rows] for name in names}}


_SHIP = LIFECYCLE.batch("ship", TO_SHIP, MERCHANT, "logistic_id", "logistic_name", "logistic_order_id")
_NAMED = Statement(
    select(ORDER.c.id, ORDER.c.order_number, ORDER.c.status, ORDER.c.logistic_order_id).where(
        ORDER.c.business_id == ACTOR_ID,
        or_(
            ORDER.c.id == func.any(cast(bindparam("ids"), ARRAY(Integer))),
            ORDER.c.order_number == func.any(cast(bindparam("numbers"), ARRAY(ORDER.c.order_number.type))),
        ),
    )
)
