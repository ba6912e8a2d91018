"""What the database holds of a replayed file, counted there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Numeric, cast, func, select

from app.db.sql import is_among
from app.db.statement import Statement
from app.db.work import SYSTEM, Actor, Work
from app.models import ExceptOrder, Order, Sku, StockMovement
from app.services.tickets.states import SETTLED

ORDER = Order.__table__
SKU = Sku.__table__
MOVEMENT = StockMovement.__table__
TICKET = ExceptOrder.__table__

CHUNK = 1000  # names or ids in one statement
_MONEY = Numeric(18, 2)
Item = TypeVar("Item")


@dataclass(slots=True)
class Report:
    """The result of a replay: amounts in yuan; `refused` has the numbers of lines with the reason.

    `orders` counts by status; `skus_off` are the SKUs whose stock is not the sum of their movements.
    """

    lines: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    merchants: int = 0
    orders: Counter[int] = field(default_factory=Counter)
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    skus: int = 0
    skus_off: int = 0

    def reasons(self) -> dict[str, list[int]]:
        """The lines that were refused by their reason, the most frequent first."""
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for number, reason in self.refused:
            lines[reason].append(number)
        return dict(sorted(lines.items(), key=lambda each: -len(each[1])))

    def count(self, order_numbers: Iterable[str], sku_ids: Iterable[int]) -> None:
        """Add what the database holds of these orders and SKUs."""
        with Work(Actor(SYSTEM), writes=False) as work:
            for numbers in chunks(order_numbers):
                for row in work.all(_ORDERS, numbers=numbers):
                    self.orders[row.status] += row.orders
                    self.paid += row.paid
                    self.refunded += row.refunded
            for ids in chunks(sku_ids):
                for row in work.all(_STOCKS, ids=ids):
                    self.skus += 1
                    self.skus_off += row.stock != row.moved


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists that one statement can take."""
    everything = list(items)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]


def _orders() -> Statement:
    of_order = (TICKET.c.order_id == ORDER.c.id) & SETTLED.holds(TICKET)
    refunded = select(func.sum(cast(TICKET.c.back_cost, _MONEY))).where(of_order).correlate(ORDER).scalar_subquery()
    return Statement(
        select(
            ORDER.c.status,
            func.count().label("orders"),
            func.sum(cast(ORDER.c.pay_count, _MONEY)).label("paid"),
            func.sum(func.coalesce(refunded, 0)).label("refunded"),
        )
        .where(is_among(ORDER.c.order_number, "numbers"))
        .group_by(ORDER.c.status)
    )


def _stocks() -> Statement:
    moved = select(func.coalesce(func.sum(MOVEMENT.c.delta), 0)).where(MOVEMENT.c.sku_id == SKU.c.id).scalar_subquery()
    return Statement(select(SKU.c.stock, moved.label("moved")).where(is_among(SKU.c.id, "ids")))


_ORDERS = _orders()
_STOCKS = _stocks()
