"""Shipping orders, one or many at once, and confirming their receipt.

Many are shipped by one statement, and each row gets its own result.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from app.db.parameters import ACTOR_ID
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import AlreadyShipped, AppError, DuplicateRow, IllegalMove, UnknownOrder
from app.models import Order
from app.models import order as stored
from app.services import carriers
from app.services.batch_row import BatchRow, standing
from app.services.lifecycle.table import Arguments
from app.services.orders.states import LIFECYCLE, TRACKING

ORDER = Order.__table__
MOST_SUGGESTED = 200  # rows of a batch whose unknown carrier is answered with the nearest known one


class NamedOrder(NamedTuple):
    """An order that a row names, as `_NAMED` finds it."""

    id: int
    order_number: str
    status: int
    logistic_order_id: str | None


def ship(
    work: Work,
    order_id: int,
    *,
    logistic_id: int | None,
    logistic_name: str | None,
    logistic_order_id: str,
    deliver_address: str | None = None,
) -> JsonText:
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


def ship_many(work: Work, rows: list[BatchRow], *, dry_run: bool) -> None:
    """Ship the orders that the rows name by `order_id` or `order_number`; a row that is refused gets its error.

    The carrier is given as `carrier` (id, code or name of a known one), or as `logistic_id` and `logistic_name` as in `ship`.
    """
    orders = _find(work, standing(rows))
    _fill_in_carriers(work, standing(rows))
    _refuse_duplicates(standing(rows))
    _refuse_by_status(standing(rows), orders)
    if dry_run:
        return
    left = standing(rows)
    moved = LIFECYCLE.move_many(work, "ship", [_arguments(row) for row in left])
    late = [row for row in left if row.values["order_id"] not in moved]
    if late:  # another request has moved them
        _refuse_by_status(late, _find(work, late))
    for row in standing(late):
        row.error = IllegalMove()


def receive(work: Work, order_id: int) -> JsonText:
    """Confirm receipt, for the buyer or when the deadline has passed; raises NotFound, IllegalMove."""
    return LIFECYCLE.move(work, "receive", order_id)


def _find(work: Work, rows: list[BatchRow]) -> dict[int, NamedOrder]:
    """The merchant's orders that the rows name, by id; fills in the rows' id and number, and refuses those that name none."""
    ids = [row.values["order_id"] for row in rows if row.values.get("order_id")]
    numbers = [row.values["order_number"] for row in rows if row.values.get("order_number")]
    found: list[NamedOrder] = work.all(_NAMED, ids=ids, numbers=numbers)
    by_id = {order.id: order for order in found}
    by_number = {order.order_number: order for order in found}
    for row in rows:
        order_id, number = row.values.get("order_id"), row.values.get("order_number")
        order = by_number.get(number or "") if order_id is None else by_id.get(order_id)
        if order is None or number not in (None, order.order_number):
            row.error = UnknownOrder(field="order_number")
        else:
            row.values |= {"order_id": order.id, "order_number": order.order_number}
    return by_id


def _fill_in_carriers(work: Work, rows: list[BatchRow]) -> None:
    known = carriers.known(work)
    unknown = 0
    for row in rows:
        row.error = _fill_in_carrier(row.values, known, suggest=unknown < MOST_SUGGESTED)
        unknown += row.error is not None


def _fill_in_carrier(values: dict[str, Any], known: carriers.Known, *, suggest: bool) -> AppError | None:
    word, name = values.get("carrier") or values.get("logistic_id"), values.get("logistic_name")
    try:
        values["logistic_id"], values["logistic_name"] = carriers.chosen(known, word, name, suggest=suggest)
    except AppError as error:
        return error
    return None


def _refuse_duplicates(rows: Iterable[BatchRow]) -> None:
    seen = set()
    for row in rows:
        if row.values["order_id"] in seen:
            row.error = DuplicateRow(field="order_number")
        seen.add(row.values["order_id"])


def _refuse_by_status(rows: Iterable[BatchRow], orders: dict[int, NamedOrder]) -> None:
    for row in rows:
        if row.error is None:
            row.error = _refusal(row.values["logistic_order_id"], orders[row.values["order_id"]])


def _refusal(tracking_number: str, order: NamedOrder) -> AppError | None:
    if order.status == stored.TO_SHIP:
        return None
    if order.status == stored.SHIPPED and order.logistic_order_id == tracking_number:
        return AlreadyShipped(field="order_number")
    return IllegalMove(field="order_number")


def _arguments(row: BatchRow) -> Arguments:
    return {"id": row.values["order_id"], "deliver_address": None, **{name: row.values[name] for name in TRACKING}}


_NAMED = Statement(
    select(*(ORDER.c[name] for name in NamedOrder._fields)).where(
        ORDER.c.business_id == ACTOR_ID,
        or_(
            is_among(ORDER.c.id, "ids"),
            is_among(ORDER.c.order_number, "numbers"),
        ),
    )
)
