"""Placing orders: a paid order of the platform takes its stock, once per order number."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import orjson
import psycopg2.errors
from sqlalchemy import bindparam, select

from app.db.batching import MicroBatches
from app.db.change_batches import batches
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import PLATFORM, Work
from app.errors import AppError, FutureTime, OrderDiffers, OutOfStock, UnknownCustomer, UnknownSku
from app.models import Order
from app.services.idempotency import BatchStatement, Claim, claim_of, columns_of, mark_kept, repeated
from app.services.lifecycle.table import Argument, Arguments
from app.services.orders.placing_sql import REMOVED, placement, placement_of_removed, verdict
from app.services.orders.purchases import Purchase
from app.services.orders.states import LIFECYCLE

ORDER = Order.__table__

CLOCK_SKEW = 300  # seconds that the platform's clock may run ahead of ours
TRIES = 2  # for one order, as somebody else may place the same number or buy the last item at the same moment


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as JSON, and whether it is new or was placed before by the same purchase."""

    body: JsonText
    is_new: bool


Outcome = Placed | AppError | None  # None if it has to be tried again


class Request(NamedTuple):
    """A purchase, the id of the request that sent it, and its claim to an Idempotency-Key."""

    purchase: Purchase
    request_id: str | None
    claim: Claim | None = None

    def columns(self, position: int) -> Arguments:
        """The row of the statement `placement`; `position` is its place among the others."""
        of_request = {"digest": self.purchase.digest(), "request_id": self.request_id, "position": position}
        return {**self.purchase.columns(), **of_request, **columns_of(self.claim)}


class Verdict(NamedTuple):
    """A row of the statement `verdict`."""

    order_number: str
    body: JsonText | None
    refusal: str | None


def place(work: Work, purchase: Purchase) -> Placed:
    """Take the stock and place the order, once per order number.

    `pay_count` defaults to price × num, `create_time` to now. It comes in though the goods were removed, without taking
    what stock is not there, or the merchant disabled. Raises FutureTime, OrderDiffers, UnknownSku, UnknownCustomer, OutOfStock.
    """
    request = Request(purchase, work.request_id, claim_of(work))
    outcome = (_unlocked.do(request) or _locked.do(request)) if work.may_join() else None
    outcome = outcome or _place_alone(work, request) or OutOfStock(refund_due=True)
    if isinstance(outcome, AppError):
        raise outcome
    return outcome


def get(work: Work, order_number: str) -> JsonText:
    """One order by its number, as JSON; raises NotFound."""
    return work.body(_BY_NUMBER, order_number=order_number)


def _place_alone(work: Work, request: Request) -> Outcome:
    for _ in range(TRIES):
        try:
            (outcome,) = _place(_PLACE, work, [request._replace(claim=None)])
        except psycopg2.errors.UniqueViolation:
            work.rollback()
        else:
            if outcome is not None:
                return outcome
    return None


def _place(statement: BatchStatement, work: Work, requests: list[Request]) -> list[Outcome]:
    latest = work.now + CLOCK_SKEW
    claims = [request.claim for request in requests]
    again = repeated(claims)
    firsts: dict[str, int] = {}  # positions by order number; of two requests with the same one, the second has to try again
    for position, request in enumerate(requests):
        if position not in again and not request.purchase.is_after(latest):
            firsts.setdefault(request.purchase.order_number, position)
    wanted = {number: requests[position].columns(position) for number, position in firsts.items()}
    rows = work.all(statement.of(claims), **_parameters(wanted))
    placed = {row.order_number: Placed(row.body, is_new=True) for row in rows}
    outcomes: dict[str, Outcome] = dict(placed)
    left = {number: row for number, row in wanted.items() if number not in placed and claims[firsts[number]] is None}
    if left:
        verdicts: list[Verdict] = work.all(_VERDICT, **_parameters(left))
        removed = {row.order_number: left[row.order_number] for row in verdicts if row.refusal == REMOVED}
        outcomes |= {row.order_number: _outcome(row) for row in verdicts if row.order_number not in removed}
        if removed:
            rows = work.all(_PLACE_REMOVED, **_parameters(removed))
            outcomes |= {row.order_number: Placed(row.body, is_new=True) for row in rows}
    found = {firsts[number]: outcome for number, outcome in outcomes.items()}
    mark_kept(claims, found)
    for position, request in enumerate(requests):
        if request.claim is None and request.purchase.is_after(latest):
            found[position] = FutureTime(field="create_time")
    return [found.get(position) for position in range(len(requests))]


def _parameters(purchases: dict[str, Arguments]) -> dict[str, str | list[Argument]]:
    rows = list(purchases.values())
    return {"purchases": orjson.dumps(rows).decode(), "sku_ids": [row["sku_id"] for row in rows]}


def _outcome(verdict: Verdict) -> Outcome:
    if verdict.body is not None:
        return Placed(verdict.body, is_new=False)
    return _REFUSALS[verdict.refusal]() if verdict.refusal is not None else None


_REFUSALS: dict[str, Callable[[], AppError]] = {
    OrderDiffers.code: OrderDiffers,
    UnknownSku.code: partial(UnknownSku, field="sku_id", refund_due=True),
    UnknownCustomer.code: partial(UnknownCustomer, field="customer_id", refund_due=True),
    OutOfStock.code: partial(OutOfStock, refund_due=True),
}
_PLACE = BatchStatement(placement(waits=True), placement(waits=True, keyed=True))
_PLACE_UNLOCKED = BatchStatement(placement(waits=False), placement(waits=False, keyed=True))
_PLACE_REMOVED = placement_of_removed()
_VERDICT = verdict()
_BY_NUMBER = Statement(
    select(
        json_of(select(*LIFECYCLE.view(ORDER, PLATFORM)).where(ORDER.c.order_number == bindparam("order_number"))).label("body")
    )
)
# Orders whose SKUs are locked go to a second batch, so that the others do not wait for those locks.
_unlocked: MicroBatches[Request, Outcome] = batches(PLATFORM, partial(_place, _PLACE_UNLOCKED), spoiled=None)
_locked: MicroBatches[Request, Outcome] = batches(PLATFORM, partial(_place, _PLACE), spoiled=None)
