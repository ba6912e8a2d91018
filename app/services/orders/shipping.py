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
from app.errors import AlreadyShipped, AppError, DuplicateRow, IllegalMove, OrderRefunding, UnknownOrder
from app.models import Order
from app.services import carriers
from app.services.batch_row import BatchRow, standing
from app.services.lifecycle.table import Arguments, State
from app.services.orders import postponing
from app.services.orders.states import LIFECYCLE, REFUNDING_SHIPPED, SHIPPED, TO_SHIP, TRACKING

ORDER = Order.__table__
MOST_SUGGESTED = 200  # rows of a batch whose unknown carrier is answered with the nearest known one
CORRECTABLE = {state.name: state for state in (SHIPPED, REFUNDING_SHIPPED)}  # where tracking can be corrected
TRIES = 3  # times that rows are carried out which other requests move meanwhile


class NamedOrder(NamedTuple):
    """An order that a row names, as `_NAMED` finds it; `state` is the name of the state that it is in."""

    id: int
    order_number: str
    logistic_id: int | None
    logistic_name: str | None
    logistic_order_id: str | None
    state: str


def ship(
    work: Work,
    order_id: int,
    *,
    logistic_id: int | None,
    logistic_name: str | None,
    logistic_order_id: str | None,
    deliver_address: str | None = None,
) -> JsonText:
    """Ship an order, or correct the tracking of a shipped one.

    Raises NotFound, IllegalMove, UnknownCarrier, CarrierMissing, CarrierDiffers, TrackingMissing.
    """
    carrier = carriers.named(work, logistic_id, logistic_name)
    carriers.check_tracking(carrier, logistic_order_id, field="logistic_order_id")

    def move(origin: State | None = None) -> JsonText:
        return LIFECYCLE.move(
            work,
            "ship",
            order_id,
            origin,
            logistic_id=carrier.id,
            logistic_name=carrier.name,
            logistic_order_id=logistic_order_id,
            deliver_address=deliver_address,
        )

    try:
        return move(TO_SHIP)
    except (AlreadyShipped, OrderRefunding):
        postponing.restart(work, [{"id": order_id, "logistic_id": carrier.id, "logistic_order_id": logistic_order_id}])
        return move()


def ship_many(work: Work, rows: list[BatchRow], *, dry_run: bool, correct: bool = False) -> None:
    """Ship the orders that the rows name by `order_id` or `order_number`; a row that is refused gets its error.

    The carrier is given as `carrier` (id, code or name of a known one), or as `logistic_id` and `logistic_name` as in `ship`.
    A row that says what its order was shipped with changes nothing; with `correct`, one that says otherwise mends it.
    """
    orders = _find(work, standing(rows))
    _fill_in_carriers(work, standing(rows))
    _refuse_duplicates(standing(rows))
    left = standing(rows)
    for _ in range(TRIES):
        left = _left_to_move(left, orders, correct=correct)
        if dry_run or not left:
            return
        moved = _move(work, left, orders)
        left = [row for row in left if row.values["order_id"] not in moved]
        orders = _find(work, left)  # another request has moved them
    for row in _left_to_move(left, orders, correct=correct):
        row.error = IllegalMove(field="order_number")


def unship(work: Work, order_id: int) -> JsonText:
    """Take back a shipment that was a mistake, within an hour, so that the order is to be shipped as before.

    Raises NotFound, IllegalMove, UnshipOver.
    """
    return LIFECYCLE.move(work, "unship", order_id)


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
    number = values.setdefault("logistic_order_id", None)
    try:
        carrier = carriers.chosen(known, word, name, suggest=suggest)
        carriers.check_tracking(carrier, number, field="logistic_order_id")
    except AppError as error:
        return error
    values |= {"logistic_id": carrier.id, "logistic_name": carrier.name}
    return None


def _refuse_duplicates(rows: Iterable[BatchRow]) -> None:
    seen = set()
    for row in rows:
        if row.values["order_id"] in seen:
            row.error = DuplicateRow(field="order_number")
        seen.add(row.values["order_id"])


def _left_to_move(rows: Iterable[BatchRow], orders: dict[int, NamedOrder], *, correct: bool) -> list[BatchRow]:
    """The rows that are still to be carried out; those that cannot be are refused."""
    left = []
    for row in rows:
        order = orders[row.values["order_id"]]
        if order.state == TO_SHIP.name:
            left.append(row)
        elif order.state not in CORRECTABLE:
            row.error = LIFECYCLE.refusal_of(order.state)(field="order_number")
        elif any(row.values[name] != getattr(order, name) for name in TRACKING):
            if correct:
                left.append(row)
            else:
                row.error = LIFECYCLE.refusal_of(order.state)(field="order_number")
    return left


def _move(work: Work, rows: list[BatchRow], orders: dict[int, NamedOrder]) -> set[int]:
    """Ship or correct the orders of the rows; the ids of those that were moved."""
    moved: set[int] = set()
    corrections = [_arguments(row) for row in rows if orders[row.values["order_id"]].state in CORRECTABLE]
    if corrections:
        postponing.restart(work, corrections)
    for origin in (TO_SHIP, *CORRECTABLE.values()):
        chosen = [_arguments(row) for row in rows if orders[row.values["order_id"]].state == origin.name]
        moved |= LIFECYCLE.move_many(work, "ship", chosen, origin=origin)
    return moved


def _arguments(row: BatchRow) -> Arguments:
    return {"id": row.values["order_id"], "deliver_address": None, **{name: row.values[name] for name in TRACKING}}


_NAMED = Statement(
    select(*(ORDER.c[name] for name in NamedOrder._fields if name in ORDER.c), LIFECYCLE.state_of(ORDER).label("state")).where(
        ORDER.c.business_id == ACTOR_ID,
        or_(
            is_among(ORDER.c.id, "ids"),
            is_among(ORDER.c.order_number, "numbers"),
        ),
    )
)
