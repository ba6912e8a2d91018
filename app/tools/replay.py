"""Replays the orders of another marketplace through our own services, at the file's own times.

The times say what happened; the status column is only read for canceled orders, and what was refunded has a column of its
own. Each step first looks whether it was made before, so an interrupted replay, or one that is run again, continues where it
stopped.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, select

from app.db.caller import ACCOUNTS
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.work import CUSTOMER, MERCHANT, PLATFORM, SYSTEM, Actor, Work
from app.errors import AppError
from app.models import ExceptOrder, Order, Product, Sku
from app.models.except_order import REFUND_ONLY
from app.models.order import SHIPPED, TO_SHIP
from app.security import NO_PASSWORD
from app.services.accounts import accounts
from app.services.catalogue import products, stock
from app.services.orders import placing, shipping
from app.services.orders.purchases import Purchase
from app.services.tickets import use_cases as tickets
from app.tools.replay_file import Entry, FileLine, read
from app.tools.replay_report import Report, chunks

ORDER = Order.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__
TICKET = ExceptOrder.__table__

CARRIER = "其他物流"


class Ticket(NamedTuple):
    """The refund of an order, and whether the merchant has still to agree to it."""

    id: int
    open: bool


class Replay:
    """The replay of one file: `steps()` does the work and yields once per line, `report()` sums up.

    Raises Unreadable if the file does not have the expected form.
    """

    def __init__(self, path: Path) -> None:
        lines = read(path)
        self.entries, self.refused = lines.entries, lines.refused
        self.lines = len(self.entries) + len(self.refused)
        self._ids: dict[str, dict[str, int]] = {MERCHANT: {}, CUSTOMER: {}}
        self._skus: dict[tuple[str, str], int] = {}
        self._tickets: dict[str, Ticket] = {}

    def steps(self) -> Iterator[Entry]:
        """Make what the database lacks, line by line."""
        self._look_up()
        self._stock_up()
        for entry in self.entries:
            try:
                self._replay(entry)
            except AppError as refusal:
                self.refused.append((entry.number, str(refusal)))
            yield entry

    def report(self) -> Report:
        """What was refused, and what the database holds of the file's orders."""
        merchants = len({entry.line.seller_id for entry in self.entries})
        report = Report(lines=self.lines, refused=sorted(self.refused), merchants=merchants)
        report.count((entry.order_number for entry in self.entries), self._skus.values())
        return report

    def _look_up(self) -> None:
        """Find the accounts and goods that exist already."""
        with Work(Actor(SYSTEM), writes=False) as work:
            for kind, name in ((MERCHANT, "seller_id"), (CUSTOMER, "customer_id")):
                for names in chunks({getattr(entry.line, name) for entry in self.entries}):
                    self._ids[kind] |= {row.name: row.id for row in work.all(_ACCOUNTS[kind], names=names)}
            for names in chunks({entry.line.product_id for entry in self.entries}):
                found = work.all(_SKUS, names=names)
                self._skus |= {(row.seller, row.name): row.id for row in found}
            for numbers in chunks(entry.order_number for entry in self.entries):
                self._tickets |= {row.order_number: Ticket(*row[1:]) for row in work.all(_TICKETS, numbers=numbers)}

    def _stock_up(self) -> None:
        """Make the goods, and stock them for the orders that are still to be placed."""
        with Work(Actor(SYSTEM), writes=False) as work:
            numbers = chunks(entry.order_number for entry in self.entries)
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

    def _replay(self, entry: Entry) -> None:
        """Bring one order to the state that the file gives it."""
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
        if line.to_refund:
            self._refund(entry, order_id, buyer, seller)

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
            pay_count=float(line.paid),
            create_time=line.approved_at,
        )
        with Work(Actor(PLATFORM), writes=True) as work:
            order = placing.place(work, purchase)
            work.commit()
        return dict(orjson.loads(order.body))

    def _refund(self, entry: Entry, order_id: int, buyer: Actor, seller: Actor) -> None:
        line = entry.line
        at, amount = line.delivered_at or line.shipped_at or line.approved_at, float(line.to_refund)
        ticket = self._tickets.get(entry.order_number)
        if ticket is None:
            with Work(buyer, writes=True, now=at) as work:
                asked = tickets.ask(work, order_id, except_type=REFUND_ONLY, back_reason=line.status, back_cost=amount)
                work.commit()
            ticket = self._tickets[entry.order_number] = Ticket(orjson.loads(asked)["id"], open=True)
        if ticket.open:
            with Work(seller, writes=True, now=at) as work:
                tickets.agree(work, ticket.id)
                work.commit()

    def _account(self, kind: str, name: str, **values: Any) -> int:
        known = self._ids[kind]
        if name not in known:
            with Work(Actor(SYSTEM), writes=True) as work:
                made = accounts.create(work, kind, name=name, password_hash=NO_PASSWORD, **values)
                work.commit()
            known[name] = orjson.loads(made)["id"]
        return known[name]


def _skus_by_name() -> Statement:
    sellers = ACCOUNTS[MERCHANT]
    goods = SKU.join(PRODUCT, SKU.c.product_id == PRODUCT.c.id).join(sellers, PRODUCT.c.business_id == sellers.c.id)
    columns = (SKU.c.id, PRODUCT.c.name, sellers.c.name.label("seller"))
    return Statement(select(*columns).select_from(goods).where(is_among(PRODUCT.c.name, "names")))


_ACCOUNTS = {
    kind: Statement(select(table.c.id, table.c.name).where(is_among(table.c.name, "names"))) for kind, table in ACCOUNTS.items()
}
_SKUS = _skus_by_name()
_STOCK = Statement(select(SKU.c.stock).where(SKU.c.id == bindparam("sku_id")))
_TICKETS = Statement(
    select(ORDER.c.order_number, TICKET.c.id, TICKET.c.close_time.is_(None))
    .select_from(TICKET.join(ORDER, ORDER.c.id == TICKET.c.order_id))
    .where(is_among(ORDER.c.order_number, "numbers"))
)
_PLACED = Statement(select(ORDER.c.order_number).where(is_among(ORDER.c.order_number, "numbers")))
