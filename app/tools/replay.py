"""Replays the orders of another marketplace through our own services, at the file's own times.

The times decide what happened, the status column only tells which orders were canceled. Every step is looked
up before it is made, so a replay that was interrupted, or is run again, goes on where it stood.
"""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy import Integer, Numeric, String, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.caller import ACCOUNTS
from app.db.statement import Statement
from app.db.work import CUSTOMER, MERCHANT, PLATFORM, SYSTEM, Actor, Work
from app.errors import AppError
from app.models import ExceptOrder, Order, Product, Sku, StockMovement
from app.models.order import REFUNDED, SHIPPED, TO_SHIP
from app.schemas.fields import Line
from app.security import NO_PASSWORD
from app.services.accounts import accounts
from app.services.catalogue import products, stock
from app.services.orders import placing, shipping
from app.services.orders.purchases import Purchase
from app.services.tickets import use_cases as tickets

ORDER = Order.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__
MOVEMENT = StockMovement.__table__
TICKET = ExceptOrder.__table__

CARRIER = "其他物流"
CHUNK = 1000
_MONEY = Numeric(18, 2)

OptionalTime = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, BeforeValidator(lambda text: text or None)]
Key = Annotated[str, Line(50)]


class Unreadable(Exception):
    """The file is not of the expected form."""


class FileLine(BaseModel):
    """One line of the file: an order of one merchant's product."""

    model_config = ConfigDict(frozen=True)

    order_id: Key
    seller_id: Key
    product_id: Key
    customer_id: Key
    unit_price: Annotated[Decimal, Field(gt=0, le=10_000_000, decimal_places=2)]
    freight: Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)]
    num: Annotated[int, Field(ge=1, le=1_000_000)]
    status: Key
    purchased_at: OptionalTime
    approved_at: OptionalTime
    shipped_at: OptionalTime
    delivered_at: OptionalTime

    @property
    def paid(self) -> float:
        return float((self.unit_price + self.freight) * self.num)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that can be replayed: its number in the file, and the number of its order."""

    number: int
    line: FileLine
    order_number: str


@dataclass(slots=True)
class Report:
    """What a replay came to: amounts in yuan; `refused` holds line numbers and reasons."""

    lines: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    merchants: int = 0
    orders: Counter[int] = field(default_factory=Counter)
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    skus: int = 0
    skus_off: int = 0


class Replay:
    """A replay of one file: `steps()` does the work and yields once per line, `report()` sums up."""

    def __init__(self, path: Path) -> None:
        self.refused: list[tuple[int, str]] = []
        self.entries = list(self._read(path))
        self.lines = len(self.entries) + len(self.refused)
        self._ids: dict[str, dict[str, int]] = {MERCHANT: {}, CUSTOMER: {}}
        self._skus: dict[tuple[str, str], int] = {}

    def steps(self) -> Iterator[Entry]:
        """Make what is missing, line by line."""
        self._look_up()
        self._stock_up()
        for entry in self.entries:
            try:
                self._retell(entry)
            except AppError as refusal:
                self.refused.append((entry.number, str(refusal)))
            yield entry

    def report(self) -> Report:
        """What the database holds of the file's orders, counted there."""
        report = Report(lines=self.lines, refused=sorted(self.refused))
        with Work(Actor(SYSTEM), writes=False) as work:
            for numbers in _chunks(entry.order_number for entry in self.entries):
                for row in work.all(_STATES, numbers=numbers):
                    report.orders[row.status] += row.orders
                    report.paid += row.paid
                    report.refunded += row.refunded
            stocks = [row for ids in _chunks(self._skus.values()) for row in work.all(_STOCKS, ids=ids)]
        report.merchants = len({entry.line.seller_id for entry in self.entries})
        report.skus, report.skus_off = len(stocks), sum(row.stock != row.moved for row in stocks)
        return report

    def _read(self, path: Path) -> Iterator[Entry]:
        seen: Counter[tuple[str, str, str]] = Counter()
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                missing = set(FileLine.model_fields) - set(reader.fieldnames or ())
                if missing:
                    raise Unreadable(f"{path}: no column {', '.join(sorted(missing))}")
                for number, values in enumerate(reader, 2):
                    line = self._line(number, values)
                    if line is not None:
                        key = (line.order_id, line.seller_id, line.product_id)
                        seen[key] += 1
                        yield Entry(number, line, _order_number(key, seen[key]))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise Unreadable(f"{path}: {error}") from error

    def _line(self, number: int, values: dict[str, Any]) -> FileLine | None:
        try:
            line = FileLine.model_validate(values)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            self.refused.append((number, f"{first['loc'][0]}: {first['msg']}"))
            return None
        if line.approved_at is None:
            self.refused.append((number, "approved_at: never paid"))
            return None
        return line

    def _look_up(self) -> None:
        """Find the accounts and goods that are there already."""
        with Work(Actor(SYSTEM), writes=False) as work:
            for kind, name in ((MERCHANT, "seller_id"), (CUSTOMER, "customer_id")):
                for names in _chunks({getattr(entry.line, name) for entry in self.entries}):
                    self._ids[kind] |= {row.name: row.id for row in work.all(_ACCOUNTS[kind], names=names)}
            for names in _chunks({entry.line.product_id for entry in self.entries}):
                found = work.all(_SKUS, names=names)
                self._skus |= {(row.seller, row.name): row.id for row in found}

    def _stock_up(self) -> None:
        """Make the goods, and stock what is still to be sold of them."""
        with Work(Actor(SYSTEM), writes=False) as work:
            numbers = _chunks(entry.order_number for entry in self.entries)
            placed = {row.order_number for chunk in numbers for row in work.all(_PLACED, numbers=chunk)}
        first: dict[tuple[str, str], Entry] = {}
        needed: defaultdict[tuple[str, str], int] = defaultdict(int)
        for entry in self.entries:
            goods = (entry.line.seller_id, entry.line.product_id)
            first.setdefault(goods, entry)
            needed[goods] += entry.line.num if entry.order_number not in placed else 0
        for goods, entry in first.items():
            self._provide(entry.line, goods, needed[goods])

    def _provide(self, line: FileLine, goods: tuple[str, str], needed: int) -> None:
        seller = Actor(MERCHANT, self._account(MERCHANT, line.seller_id, storename=line.seller_id))
        with Work(seller, writes=True, now=line.approved_at) as work:
            if goods not in self._skus:
                sku = {"sku_name": line.product_id, "sku_attr": None, "price": float(line.unit_price), "stock": needed}
                product = {"name": line.product_id, "desc": None, "unit": None, "meta_obj_id": None}
                self._skus[goods] = orjson.loads(products.create(work, product, [sku]))["skus"][0]["id"]
            else:
                short = needed - work.one(_STOCK, sku_id=self._skus[goods]).stock
                if short > 0:
                    stock.change(work, self._skus[goods], short, reason="replay")
            work.commit()

    def _retell(self, entry: Entry) -> None:
        """Bring one order to where the file says it stood."""
        line = entry.line
        seller = Actor(MERCHANT, self._account(MERCHANT, line.seller_id, storename=line.seller_id))
        buyer = Actor(CUSTOMER, self._account(CUSTOMER, line.customer_id, email_address=None, tel_phone=None))
        order = self._place(entry, buyer)
        order_id, status = order["id"], order["status"]
        if line.shipped_at is not None and status == TO_SHIP:
            with Work(seller, writes=True, now=line.shipped_at) as work:
                shipping.ship(work, order_id, logistic_id=None, logistic_name=CARRIER, logistic_order_id=entry.order_number)
                work.commit()
            status = SHIPPED
        if line.delivered_at is not None and status == SHIPPED:
            with Work(buyer, writes=True, now=line.delivered_at) as work:
                shipping.receive(work, order_id)
                work.commit()
        if line.status == "canceled" and order["after_care_id"] is None:
            self._refund(order_id, buyer, seller, line.delivered_at or line.shipped_at or line.approved_at)

    def _place(self, entry: Entry, buyer: Actor) -> dict[str, Any]:
        line = entry.line
        purchase = Purchase(
            order_number=entry.order_number,
            customer_id=buyer.id or 0,
            sku_id=self._skus[line.seller_id, line.product_id],
            num=line.num,
            receiver_name=line.customer_id[:30],
            receiver_phone="00000000000",
            receiver_address=line.customer_id,
            pay_count=line.paid,
            create_time=line.approved_at,
        )
        with Work(Actor(PLATFORM), writes=True) as work:
            order = placing.place(work, purchase)
            work.commit()
        return dict(orjson.loads(order.body))

    def _refund(self, order_id: int, buyer: Actor, seller: Actor, at: int | None) -> None:
        with Work(buyer, writes=True, now=at) as work:
            asked = tickets.ask(work, order_id, except_type="仅退款", back_reason="canceled", back_cost=None)
            work.commit()
        with Work(seller, writes=True, now=at) as work:
            tickets.agree(work, orjson.loads(asked)["id"])
            work.commit()

    def _account(self, kind: str, name: str, **values: Any) -> int:
        known = self._ids[kind]
        if name not in known:
            with Work(Actor(SYSTEM), writes=True) as work:
                made = accounts.create(work, kind, name=name, password_hash=NO_PASSWORD, **values)
                work.commit()
            known[name] = orjson.loads(made)["id"]
        return known[name]


def _order_number(key: tuple[str, str, str], occurrence: int) -> str:
    """The same line always gets the same number, and no two lines of a file share one."""
    return "R" + hashlib.sha256("|".join((*key, str(occurrence))).encode()).hexdigest()[:29]


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    everything = list(items)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]


def _any_of(column: Any, name: str, kind: Any) -> Any:
    return column == func.any(cast(bindparam(name), ARRAY(kind)))


def _states() -> Statement:
    refunded = func.sum(cast(func.coalesce(TICKET.c.back_cost, 0), _MONEY))
    joined = ORDER.outerjoin(TICKET, (TICKET.c.id == ORDER.c.after_care_id) & (ORDER.c.status == REFUNDED))
    return Statement(
        select(
            ORDER.c.status,
            func.count().label("orders"),
            func.sum(cast(ORDER.c.pay_count, _MONEY)).label("paid"),
            refunded.label("refunded"),
        )
        .select_from(joined)
        .where(_any_of(ORDER.c.order_number, "numbers", String))
        .group_by(ORDER.c.status)
    )


def _stocks() -> Statement:
    moved = select(func.coalesce(func.sum(MOVEMENT.c.delta), 0)).where(MOVEMENT.c.sku_id == SKU.c.id).scalar_subquery()
    return Statement(select(SKU.c.stock, moved.label("moved")).where(_any_of(SKU.c.id, "ids", Integer)))


def _skus_by_name() -> Statement:
    sellers = ACCOUNTS[MERCHANT]
    goods = SKU.join(PRODUCT, SKU.c.product_id == PRODUCT.c.id).join(sellers, PRODUCT.c.business_id == sellers.c.id)
    columns = (SKU.c.id, PRODUCT.c.name, sellers.c.name.label("seller"))
    return Statement(select(*columns).select_from(goods).where(_any_of(PRODUCT.c.name, "names", String)))


_ACCOUNTS = {
    kind: Statement(select(table.c.id, table.c.name).where(_any_of(table.c.name, "names", String)))
    for kind, table in ACCOUNTS.items()
}
_SKUS = _skus_by_name()
_STOCK = Statement(select(SKU.c.stock).where(SKU.c.id == bindparam("sku_id")))
_PLACED = Statement(select(ORDER.c.order_number).where(_any_of(ORDER.c.order_number, "numbers", String)))
_STATES = _states()
_STOCKS = _stocks()
