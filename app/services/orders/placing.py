"""Orders in: paid orders of the platform take their stock and are born."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import psycopg2.errors
from sqlalchemy import bindparam, select

from app.db.batching import MicroBatches, batches
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import PLATFORM, Work
from app.errors import AppError, FutureTime, MerchantDisabled, OrderDiffers, OutOfStock, UnknownCustomer, UnknownSku
from app.models import Order
from app.services.orders.placing_sql import placement, verdict
from app.services.orders.purchases import Purchase
from app.services.orders.states import LIFECYCLE

ORDER = Order.__table__

CLOCK_SKEW = 300  # seconds that the platform's clock may run ahead of ours
TRIES = 2  # at one order: somebody else may place the same number, or buy what was left, at this moment


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as JSON, and whether it was placed now or before, by the same purchase."""

    body: str
    is_new: bool


Sent = tuple[Purchase, str | None]  # with the id of the request
Told = Placed | AppError | None  # nothing, where it has to be tried again


def place(work: Work, purchase: Purchase) -> Placed:
    """Take the stock and place the order, once per order number.

    `pay_count` defaults to price × num, `create_time` to now. Raises FutureTime, OrderDiffers, UnknownSku,
    UnknownCustomer, MerchantDisabled, OutOfStock.
    """
    sent = purchase, work.request_id
    told = (_unlocked.do(sent) or _locked.do(sent)) if work.may_join() else None
    told = told or _place_alone(work, sent) or OutOfStock()
    if isinstance(told, AppError):
        raise told
    return told


def get(work: Work, order_number: str) -> str:
    """One order by its number, as JSON; raises NotFound."""
    return work.body(_BY_NUMBER, order_number=order_number)


def _place_alone(work: Work, sent: Sent) -> Told:
    for _ in range(TRIES):
        try:
            (told,) = _place(_PLACE, work, [sent])
        except psycopg2.errors.UniqueViolation:
            work.rollback()
        else:
            if told is not None:
                return told
    return None


def _place(statement: Statement, work: Work, sent: list[Sent]) -> list[Told]:
    latest = work.now + CLOCK_SKEW
    asked: dict[str, dict[str, Any]] = {}  # by number: of two that bear the same, the second is told nothing
    for purchase, request_id in sent:
        if not purchase.is_after(latest):
            more = {"digest": purchase.digest(), "request_id": request_id, "position": len(asked)}
            asked.setdefault(purchase.order_number, {**purchase.values(), **more})
    told: dict[str, Told] = {row.order_number: Placed(row.body, is_new=True) for row in work.all(statement, **_given(asked))}
    left = {number: purchase for number, purchase in asked.items() if number not in told}
    if left:
        told |= {row.order_number: _verdict(row) for row in work.all(_VERDICT, **_given(left))}
    return [
        FutureTime(field="create_time") if purchase.is_after(latest) else told.pop(purchase.order_number, None)
        for purchase, _ in sent
    ]


def _given(purchases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    asked = list(purchases.values())
    return {"purchases": orjson.dumps(asked).decode(), "sku_ids": [each["sku_id"] for each in asked]}


def _verdict(row: Any) -> Told:
    if row.body is not None:
        return Placed(row.body, is_new=False)
    return _REFUSALS[row.refusal]() if row.refusal is not None else None


_REFUSALS: dict[str, Callable[[], AppError]] = {
    OrderDiffers.code: OrderDiffers,
    UnknownSku.code: partial(UnknownSku, field="sku_id"),
    UnknownCustomer.code: partial(UnknownCustomer, field="customer_id"),
    MerchantDisabled.code: MerchantDisabled,
    OutOfStock.code: OutOfStock,
}
_PLACE = placement(waits=True)
_PLACE_UNLOCKED = placement(waits=False)
_VERDICT = verdict()
_BY_NUMBER = Statement(
    select(
        json_of(select(*LIFECYCLE.view(ORDER, PLATFORM)).where(ORDER.c.order_number == bindparam("order_number"))).label("body")
    )
)
# Orders of SKUs that are locked go on by themselves, so that the others need not wait with them.
_unlocked: MicroBatches[Sent, Told] = batches(PLATFORM, partial(_place, _PLACE_UNLOCKED), spoiled=None)
_locked: MicroBatches[Sent, Told] = batches(PLATFORM, partial(_place, _PLACE), spoiled=None)
