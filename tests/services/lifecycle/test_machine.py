"""Shops, orders, tickets and stock beside a plain model of them: hypothesis acts on both and compares.

The model is written from the rules of the business, in plain Python: it knows no table of moves. Every rule may meet
any order in any state, by its owner or by another; the model says whether that must succeed, or how it must fail.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from app.db.work import SYSTEM, Actor, Work
from app.errors import AppError
from app.services.orders import shipping
from app.services.tickets import use_cases as tickets
from tests.support.api import Api, Caller
from tests.support.asking import Beside
from tests.support.effort import often
from tests.support.factories import REFUND, RETURN, World, made, purchase
from tests.support.invariants import broken

DAY = 86400
Refusals = dict[str, int]  # code: status
NOT_THERE: Refusals = {"not_found": 404}
OPEN_STEPS = ("applied", "offered", "awaiting_return", "awaiting_receipt")
TICKET_STATUS = {"applied": 0, "offered": 0, "withdrawn": 0, "refused": 2}  # the others: 1
MERCHANTS = {"applied": ["agree", "refuse"], "offered": ["agree"], "awaiting_receipt": ["receive", "refuse"]}
BUYERS = {
    "applied": ["withdraw"],
    "offered": ["accept", "withdraw"],
    "awaiting_return": ["return", "withdraw"],
    "awaiting_receipt": ["return"],
}
DEADLINES = {0: ("create_time", 2), 1: ("deliver_time", 10), 2: ("recv_time", 7)}  # days


HISTORIES = (
    "",
    "cancel",
    "ship",
    "ship cancel",
    "ship ask",
    "ship ask agree",
    "ship receive",
    "ship receive cancel",
    "ship receive ask",
    "ship receive ask agree",
    "ship receive ask agree return",
)


@dataclass
class Ticket:
    id: int
    kind: str
    amount: float
    step: str
    pieces: int | None = None  # asked for, then sent
    offer: float | None = None
    open_days: int = 0
    asked_for: int = 0  # pieces

    def refusal(self) -> str:
        return f"ticket_{self.step}"


NO_TICKET = Ticket(2**31 - 1, REFUND, 1, "absent")


@dataclass
class Shop:
    merchant: Caller
    sku_id: int
    price: float
    stock: int
    sales: list["Sale"] = field(default_factory=list)


@dataclass
class Sale:
    id: int
    body: dict[str, Any]
    shop: Shop
    buyer: Caller
    num: int
    paid: float
    status: int = 0
    back: float = 0  # yuan refunded
    pieces_back: int = 0
    shipped: bool = False
    received: bool = False
    days_since_shipping: int = 0
    days_since_receipt: int = 0
    days_granted: int = 0
    tracking: str | None = None
    paused_days: int = 0
    paused_in: int | None = None
    tickets: list[Ticket] = field(default_factory=list)
    verbs: list[str] = field(default_factory=lambda: ["place"])
    paid_out: set[int] = field(default_factory=set)

    def ticket(self, newest: bool) -> Ticket:
        return self.tickets[-1 if newest else 0] if self.tickets else NO_TICKET

    @property
    def left(self) -> float:
        return round(self.paid - self.back, 2)

    @property
    def pieces_left(self) -> int:
        return self.num - self.pieces_back

    def goes_back(self, ticket: Ticket) -> None:
        """Where it was before, with clocks that stood still while the ticket was open."""
        self.status = 2 if self.received else 1 if self.shipped else 0
        before = self.paused_days if self.paused_in == self.status else 0
        self.paused_days, self.paused_in = before + ticket.open_days, self.status

    def can_be_shipped(self) -> bool:
        """Whether it can be shipped, or its tracking corrected."""
        return self.status in (0, 1) or (self.status == -1 and self.shipped and not self.received)

    def refusal(self) -> str:
        names = {0: "not_shipped", 1: "already_shipped", 2: "order_completed", 3: "order_refunded", 4: "refund_refused"}
        return names.get(self.status, "order_refunding")

    def merchants_actions(self) -> list[str]:
        can_unship = self.status == 1 and not self.days_since_shipping
        can_extend = self.status == 1 and not self.days_granted
        can_cancel = self.status == 0
        return ["cancel"] * can_cancel + ["extend"] * can_extend + ["ship"] * self.can_be_shipped() + ["unship"] * can_unship

    def buyers_actions(self) -> list[str]:
        can_ask = self.status in (0, 1, 2) and self.days_since_receipt <= 7
        return ["except-orders"] * can_ask + ["receive"] * (self.status == 1)


mostly = st.sampled_from([True] * 7 + [False])
shares = st.sampled_from([None, None, None, 0.2, 0.5, 1, 1.5])
seldom = st.sampled_from([False] * 5 + [True])
counts = st.sampled_from([None, None, None, 1, 1, 2, 4])
amounts = st.none() | st.integers(1, 10_000).map(lambda cents: cents / 100)
maybe = st.sampled_from([None, None, True, False])


class Market(RuleBasedStateMachine):
    """Two shops with one SKU each, and two buyers."""

    steps = 0
    api: Api
    sql: Callable[..., list[tuple]]
    sales = Bundle("sales")

    @initialize(target=sales, histories=st.lists(st.sampled_from(HISTORIES), min_size=4, max_size=4))
    def opens(self, histories: list[str]) -> Any:
        world = World(self.api)
        self.shops = [self._shop(world, price, stock) for price, stock in ((9.9, 9), (0.01, 4))]
        self.buyers = [world.customer(), world.customer()]
        self.admin = world.admin()
        return multiple(*(self._with_history(number % 2, history) for number, history in enumerate(histories)))

    def _with_history(self, which: int, history: str) -> Sale:
        sale = self.place(which, which, 1, 100.0)
        acts = {
            "ship": lambda: self.ship(sale, True, "SF1"),
            "receive": lambda: self.receive(sale, True),
            "cancel": lambda: self.ask(sale, True, REFUND, 0.5, None),
            "ask": lambda: self.ask(sale, True, RETURN, None, None),
            "agree": lambda: self.agree(sale, True, True, None, None),
            "return": lambda: self.send_back(sale, True, True, None),
        }
        for act in history.split():
            acts[act]()
        return sale

    def _shop(self, world: World, price: float, stock: int) -> Shop:
        merchant = world.merchant()
        return Shop(merchant, world.sku(merchant, price=price, stock=stock)["id"], price, stock)

    # The platform

    @rule(target=sales, shop=st.integers(0, 1), buyer=st.integers(0, 1), num=st.integers(1, 4), paid=amounts)
    def place(self, shop: int, buyer: int, num: int, paid: float | None) -> Any:
        seller, given = self.shops[shop], {} if paid is None else {"pay_count": paid}
        body = purchase(seller.sku_id, self.buyers[buyer].id, num=num, **given)
        answer = self.api.platform.post("/orders", body)
        if not happened(answer, {"out_of_stock": 409} if seller.stock < num else {}, 201):
            return multiple()
        seller.stock -= num
        paid = round(seller.price * num, 2) if paid is None else paid
        sale = Sale(answer.json()["id"], body, seller, self.buyers[buyer], num, paid)
        seller.sales.append(sale)
        self._touch(sale)
        return sale

    @rule(sale=sales, same=st.booleans())
    def place_again(self, sale: Sale, same: bool) -> None:
        body = sale.body if same else {**sale.body, "receiver_name": "李四"}
        answer = self.api.platform.post("/orders", body)
        if happened(answer, {} if same else {"order_differs": 409}):
            assert answer.json()["id"] == sale.id

    # Merchants

    @rule(sale=sales, own=mostly, tracking=st.sampled_from(["SF2", "SF3"]))
    def ship(self, sale: Sale, own: bool, tracking: str) -> None:
        """Ships an order, or corrects the tracking of one under way."""
        body = {"logistic_id": 1, "logistic_order_id": tracking}
        answer = self._merchant(sale, own).post(f"/orders/{sale.id}/ship", body)
        if happened(answer, legal(own, sale.can_be_shipped(), sale.refusal())):
            sale.days_since_shipping = sale.days_since_shipping if sale.shipped else 0
            sale.status, sale.shipped, sale.tracking = sale.status or 1, True, tracking
            sale.verbs.append("ship")

    @rule(sale=sales, own=mostly)
    def unship(self, sale: Sale, own: bool) -> None:
        answer = self._merchant(sale, own).post(f"/orders/{sale.id}/unship")
        refused = legal(own, sale.status == 1, sale.refusal())
        if not refused and sale.days_since_shipping:
            refused = {"unship_over": 409}
        if happened(answer, refused):
            sale.status, sale.shipped, sale.tracking = 0, False, None
            sale.verbs.append("unship")

    @rule(sale=sales, own=mostly, days=st.integers(1, 30))
    def extend(self, sale: Sale, own: bool, days: int) -> None:
        answer = self._merchant(sale, own).post(f"/orders/{sale.id}/extend", {"days": days})
        refused = legal(own, sale.status == 1, sale.refusal())
        if not refused and sale.days_granted:
            refused = {"already_extended": 409}
        if happened(answer, refused):
            sale.days_granted = days
            sale.verbs.append("extend")

    @rule(sale=sales, own=mostly, restock=maybe)
    def cancel(self, sale: Sale, own: bool, restock: bool | None) -> None:
        body = {"remark": "断货", **({} if restock is None else {"restock": restock})}
        if happened(
            self._merchant(sale, own).post(f"/orders/{sale.id}/cancel", body), legal(own, sale.status == 0, sale.refusal())
        ):
            ticket = Ticket(0, REFUND, sale.left, "refunded")
            sale.verbs += ["cancel", "cancel"]
            sale.shop.stock += sale.pieces_left if restock is not False else 0
            sale.status, sale.back, sale.pieces_back = 3, sale.paid, sale.num
            ticket.id = made(sale.buyer.get(f"/orders/{sale.id}"))["after_care_id"]
            sale.tickets.append(ticket)

    @rule(sale=sales, newest=mostly, own=mostly, share=shares, restock=maybe, by_admin=seldom)
    def agree(
        self, sale: Sale, newest: bool, own: bool, share: float | None, restock: bool | None, by_admin: bool = False
    ) -> None:
        ticket = sale.ticket(newest)
        amount = ticket.amount if share is None else max(0.01, round(sale.paid * share, 2))
        is_there = ticket is not NO_TICKET and (own or by_admin)
        refused = legal(is_there, ticket.step in ("applied", "offered"), ticket.refusal())
        is_offer = amount < ticket.amount and not by_admin
        comes_back = self._never_sent(sale, ticket, amount)
        if refused != NOT_THERE:
            if restock is not None and (ticket.kind == RETURN or restock != (comes_back > 0)):
                refused["restock_fixed"] = 422
            if amount > sale.left:
                refused["refund_too_large"] = 409
            if is_offer and ticket.offer is not None and amount <= ticket.offer:
                refused["offer_not_raised"] = 409
        body: dict[str, Any] = {"restock": restock, **({} if share is None else {"back_cost": amount})}
        caller = self._judge(sale, own, by_admin, body)
        if not happened(caller.post(f"/except-orders/{ticket.id}/agree", body), refused):
            return
        if is_offer:
            ticket.step, ticket.offer = "offered", amount
            sale.verbs.append("offer")
        else:
            sale.verbs.append("agree")
            self._agreed(sale, ticket, amount)

    @rule(sale=sales, newest=mostly, own=mostly, by_admin=seldom)
    def refuse(self, sale: Sale, newest: bool, own: bool, by_admin: bool) -> None:
        ticket = sale.ticket(newest)
        steps = ("applied", "awaiting_receipt", *(["offered"] if by_admin else []))
        is_there = ticket is not NO_TICKET and (own or by_admin)
        body: dict[str, Any] = {} if by_admin else {"remark": "已使用"}
        caller = self._judge(sale, own, by_admin, body)
        refused = legal(is_there, ticket.step in steps, ticket.refusal())
        if happened(caller.post(f"/except-orders/{ticket.id}/refuse", body), refused):
            ticket.step = "refused"
            if sale.shipped:
                sale.status = 4
            else:
                sale.goes_back(ticket)
            sale.verbs += ["refuse", "refuse"]

    @rule(
        sale=sales,
        newest=mostly,
        own=mostly,
        restock=maybe,
        share=shares,
        pieces=counts,
        says_why=st.booleans(),
        by_admin=seldom,
    )
    def receive_goods(
        self,
        sale: Sale,
        newest: bool,
        own: bool,
        restock: bool | None,
        share: float | None = None,
        pieces: int | None = None,
        says_why: bool = True,
        by_admin: bool = False,
    ) -> None:
        ticket = sale.ticket(newest)
        amount = ticket.amount if share is None else max(0.01, round(ticket.amount * share, 2))
        sent = ticket.pieces or 0
        is_there = ticket is not NO_TICKET and (own or by_admin)
        refused = legal(is_there, ticket.step == "awaiting_receipt", ticket.refusal())
        if not refused and amount > ticket.amount:
            refused["refund_above_agreed"] = 409
            refused["refund_too_large"] = 409
        if not refused and amount < ticket.amount and not says_why and not by_admin:
            refused["reason_missing"] = 422
        if not refused and pieces is not None and pieces > sent:
            refused["too_many_pieces"] = 409
        given = {"restock": restock, "back_cost": None if share is None else amount, "pieces": pieces}
        body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if says_why and not by_admin:
            body["remark"] = "有划痕"
        caller = self._judge(sale, own, by_admin, body)
        if happened(caller.post(f"/except-orders/{ticket.id}/receive", body), refused):
            sale.verbs.append("receive")
            came = pieces or sent
            ticket.amount = amount
            self._refund(sale, ticket, pieces=came, restocked=0 if restock is False else came)

    @rule(shop=st.integers(0, 1), own=mostly, delta=st.sampled_from([-6, -2, -1, 1, 4]))
    def change_stock(self, shop: int, own: bool, delta: int) -> None:
        self.shop = self.shops[shop]
        merchant = self.shops[shop if own else 1 - shop].merchant
        answer = merchant.post(f"/skus/{self.shop.sku_id}/stock", {"delta": delta, "reason": "盘点"})
        if happened(answer, ({"out_of_stock": 409} if self.shop.stock + delta < 0 else {}) if own else NOT_THERE):
            self.shop.stock += delta

    @rule(shop=st.integers(0, 1), own=mostly, stock=st.integers(0, 9), off_by=st.sampled_from([0, 0, 1]))
    def set_stock(self, shop: int, own: bool, stock: int, off_by: int) -> None:
        self.shop = self.shops[shop]
        merchant = self.shops[shop if own else 1 - shop].merchant
        body = {"stock": stock, "expected_stock": self.shop.stock + off_by, "reason": "盘点"}
        answer = merchant.post(f"/skus/{self.shop.sku_id}/stock", body)
        if happened(answer, ({"stock_changed": 409} if off_by else {}) if own else NOT_THERE):
            self.shop.stock = stock

    @rule(sale=sales, newest=mostly, works=mostly)
    def the_platform_pays(self, sale: Sale, newest: bool, works: bool) -> None:
        self._touch(sale)
        ticket = sale.ticket(newest)
        refused = {} if ticket.step == "refunded" else NOT_THERE
        verb, body = ("paid", {"reference": f"R{ticket.id}"}) if works else ("failed", {"reason": "账户冻结"})
        if ticket.id in sale.paid_out and not works:
            refused = {"refund_paid": 409}
        if happened(self.api.platform.post(f"/refunds/{ticket.id}/{verb}", body), refused) and works:
            sale.paid_out.add(ticket.id)

    # Buyers

    @rule(sale=sales, own=mostly)
    def receive(self, sale: Sale, own: bool) -> None:
        if happened(self._buyer(sale, own).post(f"/orders/{sale.id}/receive"), legal(own, sale.status == 1, sale.refusal())):
            sale.status, sale.received = 2, True
            sale.verbs.append("receive")

    @rule(sale=sales, own=mostly, kind=st.sampled_from([REFUND, RETURN]), share=shares, pieces=counts)
    def ask(self, sale: Sale, own: bool, kind: str, share: float | None, pieces: int | None) -> None:
        amount = share_of(sale, pieces) if share is None else max(0.01, round(sale.paid * share, 2))
        reasons = {
            "open_ticket": sale.status == -1,
            sale.refusal(): sale.status not in (0, 1, 2),
            "after_sale_over": sale.days_since_receipt > 7,
            "nothing_to_return": kind == RETURN and not sale.shipped,
            "pieces_fixed": pieces is not None and kind == REFUND and sale.shipped,
            "too_many_pieces": pieces is not None and pieces > sale.pieces_left,
            "refund_too_large": amount > sale.left,
        }
        codes = {"pieces_fixed": 422}
        refused = {code: codes.get(code, 409) for code, holds in reasons.items() if holds} if own else NOT_THERE
        given = {"back_cost": None if share is None else amount, "pieces": pieces}
        body = {"except_type": kind, "back_reason": "不想要了", **{k: v for k, v in given.items() if v is not None}}
        answer = self._buyer(sale, own).post(f"/orders/{sale.id}/except-orders", body)
        if happened(answer, refused, 201):
            asked = pieces or (sale.pieces_left if kind == RETURN else None)
            sale.tickets.append(Ticket(answer.json()["id"], kind, amount, "applied", asked, asked_for=asked or 0))
            sale.status = -1
            sale.verbs += ["apply", "except-orders"]

    @rule(sale=sales, newest=mostly, own=mostly)
    def accept(self, sale: Sale, newest: bool, own: bool) -> None:
        ticket = sale.ticket(newest)
        answer = self._buyer(sale, own).post(f"/except-orders/{ticket.id}/accept")
        if happened(answer, legal(own and ticket is not NO_TICKET, ticket.step == "offered", ticket.refusal())):
            sale.verbs.append("accept")
            assert ticket.offer is not None
            self._agreed(sale, ticket, ticket.offer)

    @rule(sale=sales, newest=mostly, own=mostly)
    def withdraw(self, sale: Sale, newest: bool, own: bool) -> None:
        ticket = sale.ticket(newest)
        answer = self._buyer(sale, own).post(f"/except-orders/{ticket.id}/withdraw")
        steps = ("applied", "offered", "awaiting_return")
        if happened(answer, legal(own and ticket is not NO_TICKET, ticket.step in steps, ticket.refusal())):
            ticket.step = "withdrawn"
            sale.goes_back(ticket)
            sale.verbs += ["withdraw", "withdraw"]

    @rule(sale=sales, newest=mostly, own=mostly, pieces=counts)
    def send_back(self, sale: Sale, newest: bool, own: bool, pieces: int | None) -> None:
        ticket = sale.ticket(newest)
        parcel = {"logistics_id": 2, "tracking_number": f"YT{ticket.id}"}
        body = {**parcel, **({} if pieces is None else {"pieces": pieces})}
        answer = self._buyer(sale, own).post(f"/except-orders/{ticket.id}/return", body)
        may_send = ticket.step in ("awaiting_return", "awaiting_receipt")
        refused = legal(own and ticket is not NO_TICKET, may_send, ticket.refusal())
        if not refused and pieces is not None and pieces > ticket.asked_for:
            refused["too_many_pieces"] = 409
        if happened(answer, refused):
            assert answer.json()["return_parcel"].items() >= parcel.items()
            ticket.step, ticket.pieces = "awaiting_receipt", pieces or ticket.pieces
            sale.verbs.append("return")

    # What happens by itself

    @rule(sale=sales)
    def is_received_by_deadline(self, sale: Sale) -> None:
        self._touch(sale)
        if by_itself(lambda work: shipping.receive(work, sale.id), legal(True, sale.status == 1, sale.refusal())):
            sale.status, sale.received = 2, True
            sale.verbs.append("receive")

    @rule(sale=sales, newest=mostly)
    def lapses(self, sale: Sale, newest: bool) -> None:
        self._touch(sale)
        ticket = sale.ticket(newest)
        ends = {"awaiting_return": "lapsed", "offered": "withdrawn"}
        refused = legal(ticket is not NO_TICKET, ticket.step in ends, ticket.refusal())
        if by_itself(lambda work: tickets.lapse(work, ticket.id), refused):
            ticket.step = ends[ticket.step]
            sale.goes_back(ticket)
            sale.verbs += ["lapse", "lapse"]

    @rule(sale=sales, newest=mostly)
    def is_confirmed_by_deadline(self, sale: Sale, newest: bool) -> None:
        self._touch(sale)
        ticket = sale.ticket(newest)
        refused = legal(ticket is not NO_TICKET, ticket.step == "awaiting_receipt", ticket.refusal())
        if by_itself(lambda work: tickets.confirm(work, ticket.id), refused):
            sale.verbs.append("receive")
            self._refund(sale, ticket, pieces=ticket.pieces or 0, restocked=0)

    @rule(sale=sales, days=st.sampled_from([4, 8]))
    def days_pass(self, sale: Sale, days: int) -> None:
        self._touch(sale)
        earlier = ", ".join(f"{name} = {name} - %s" for name in ("create_time", "deliver_time", "recv_time", "close_time"))
        self.sql(f'UPDATE "order" SET {earlier} WHERE id = %s', *[days * DAY] * 4, sale.id)
        sale.days_since_shipping += days if sale.shipped else 0
        if sale.status == -1:
            self.sql("UPDATE except_order SET create_time = create_time - %s WHERE id = %s", days * DAY, sale.ticket(True).id)
            sale.ticket(True).open_days += days
        elif sale.received:
            sale.days_since_receipt += days

    @rule(sale=sales, kind=st.sampled_from([REFUND, RETURN]))
    def goes_on(self, sale: Sale, kind: str) -> None:
        """The usual next thing, so that runs get far."""
        step = sale.ticket(True).step
        if sale.status in (0, 1, 2):
            self.ask(sale, True, kind, None, None) if sale.shipped else self.ship(sale, True, "SF4")
        elif step == "applied":
            self.agree(sale, True, True, None, None)
        elif step == "offered":
            self.accept(sale, True, True)
        elif step == "awaiting_return":
            self.send_back(sale, True, True, None)
        elif step == "awaiting_receipt":
            self.receive_goods(sale, True, True, None)

    # What must hold: after each step for what it touched, at the end for all

    @invariant()
    def the_order_is_as_modelled(self) -> None:
        Market.steps += 1
        order = made(self.sale.shop.merchant.get(f"/orders/{self.sale.id}"))
        assert_order(order, self.sale, self.sale.merchants_actions())
        if self.sale.status == -1:
            assert_ticket(order["except_order"], self.sale.ticket(True), MERCHANTS)

    @invariant()
    def its_buyer_sees_the_same(self) -> None:
        order = made(self.sale.buyer.get(f"/orders/{self.sale.id}"))
        assert_order(order, self.sale, self.sale.buyers_actions())
        if self.sale.status == -1:
            assert_ticket(order["except_order"], self.sale.ticket(True), BUYERS)

    @invariant()
    def stock_is_as_modelled_and_explained(self) -> None:
        sku = made(self.shop.merchant.get(f"/skus/{self.shop.sku_id}"))
        assert (sku["stock"], sku["status"]) == (self.shop.stock, 1 if self.shop.stock else 0)
        explained = "SELECT sku_id, sum(delta) FROM stock_movement WHERE sku_id = ANY(%s) GROUP BY sku_id"
        assert dict(self.sql(explained, [shop.sku_id for shop in self.shops])) == {s.sku_id: s.stock for s in self.shops}

    @invariant()
    def every_settled_ticket_is_owed_once_and_nobody_is_paid_more_than_was_paid(self) -> None:
        shops = [shop.merchant.id for shop in self.shops]
        unowed = """SELECT t.id, t.back_cost, p.amount FROM except_order t FULL JOIN refund_payment p ON p.ticket_id = t.id
            JOIN "order" o ON o.id = coalesce(p.order_id, t.order_id) WHERE o.business_id = ANY(%s) AND (t.status = 1
            AND t.close_time IS NOT NULL AND (t.except_type = '仅退款' OR t.recv_time IS NOT NULL), t.back_cost, t.order_id)
            IS DISTINCT FROM (p.ticket_id IS NOT NULL, coalesce(p.amount, t.back_cost), coalesce(p.order_id, t.order_id))"""
        assert self.sql(unowed, shops) == []
        over = """SELECT o.id FROM "order" o JOIN refund_payment p ON p.order_id = o.id WHERE o.business_id = ANY(%s)
            GROUP BY o.id HAVING sum(p.amount::numeric) > o.pay_count::numeric"""
        assert self.sql(over, shops) == []

    @invariant()
    def stock_is_what_its_events_say(self) -> None:
        told = """SELECT subject_id, sum((details->>'delta')::int), (array_agg((details->>'stock')::int ORDER BY id DESC))[1]
            FROM event WHERE subject = 'sku' AND verb = 'stock' AND subject_id = ANY(%s) GROUP BY 1"""
        stocks = {shop.sku_id: (shop.stock, shop.stock) for shop in self.shops}
        assert {sku: (total, last) for sku, total, last in self.sql(told, [shop.sku_id for shop in self.shops])} == stocks

    def teardown(self) -> None:
        for shop in getattr(self, "shops", []):
            statuses = [sale.status for sale in shop.sales]
            counts = {str(status): statuses.count(status) for status in (0, 1, 2, 3, 4, -1)}
            assert made(shop.merchant.get("/orders/counts")) == counts
            listed = made(shop.merchant.get("/orders", size=100))
            assert listed["total"] == len(shop.sales)
            for order, sale in paired(listed["items"], shop.sales):
                assert_order(order, sale, sale.merchants_actions())
                events = made(shop.merchant.get(f"/orders/{sale.id}/events", size=100))["items"]
                assert [event["verb"] for event in reversed(events) if event["subject"] != "refund"] == sale.verbs
            tickets = [ticket for sale in shop.sales for ticket in sale.tickets]
            for shown, ticket in paired(made(shop.merchant.get("/except-orders", size=100))["items"], tickets):
                assert_ticket(shown, ticket, MERCHANTS)
            self.shop = shop
            self.stock_is_as_modelled_and_explained()
        assert broken(self.sql) == {}

    def _touch(self, sale: Sale) -> None:
        self.sale, self.shop = sale, sale.shop

    def _merchant(self, sale: Sale, own: bool) -> Caller:
        """The order's merchant, or the other one."""
        self._touch(sale)
        return next(shop.merchant for shop in self.shops if (shop is sale.shop) == own)

    def _buyer(self, sale: Sale, own: bool) -> Caller:
        """The order's buyer, or the other one."""
        self._touch(sale)
        return next(buyer for buyer in self.buyers if (buyer is sale.buyer) == own)

    def _judge(self, sale: Sale, own: bool, by_admin: bool, body: dict[str, Any]) -> Caller:
        """Who decides: the order's merchant, the other one, or an admin, who says why."""
        merchant = self._merchant(sale, own)
        if not by_admin:
            return merchant
        body["reason"] = "商家未处理"
        return self.admin

    def _never_sent(self, sale: Sale, ticket: Ticket, amount: float) -> int:
        """How many pieces go back to stock with a refund of an order that was not shipped."""
        if sale.shipped:
            return 0
        cancelled = ticket.pieces or 0
        return sale.pieces_left if amount >= sale.left or cancelled >= sale.pieces_left else cancelled

    def _agreed(self, sale: Sale, ticket: Ticket, amount: float) -> None:
        ticket.amount = amount
        if ticket.kind == RETURN:
            ticket.step = "awaiting_return"
        else:
            pieces = self._never_sent(sale, ticket, amount)
            self._refund(sale, ticket, pieces=pieces, restocked=pieces)

    def _refund(self, sale: Sale, ticket: Ticket, *, pieces: int, restocked: int) -> None:
        ticket.step = "refunded"
        sale.back = round(sale.back + ticket.amount, 2)
        sale.pieces_back += pieces
        sale.shop.stock += restocked
        if sale.left == 0 or sale.pieces_left == 0:
            sale.status = 3
            sale.verbs.append("refund")
        else:
            sale.goes_back(ticket)
            sale.verbs.append("refund_part")


def share_of(sale: Sale, pieces: int | None) -> float:
    """What is refunded when no amount is named: all that is left, or the share of the pieces, rounded half up."""
    if pieces is None or pieces >= sale.pieces_left:
        return sale.left
    cents = (Decimal(str(sale.paid)) * 100 * pieces / sale.num).quantize(Decimal(1), ROUND_HALF_UP)
    return min(sale.left, max(0.01, float(cents) / 100))


def legal(is_there: bool, is_open: bool, code: str) -> Refusals:
    """How a move must be refused, if it must: what is another's is not there, and `code` says what state it is in."""
    if not is_there:
        return dict(NOT_THERE)
    return {} if is_open else {code: 409}


def happened(answer: httpx.Response, refused: Refusals, status: int = 200) -> bool:
    """Whether it was done, which must be as the model says; of several reasons to refuse it any may be named."""
    said = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}, not {refused or status}"
    if refused:
        assert answer.status_code == refused.get(answer.json().get("code")), said
    else:
        assert answer.status_code == status, said
    return not refused


def by_itself(act: Callable[[Work], str], refused: Refusals) -> bool:
    """The same for what the service does by itself."""
    code = None
    try:
        with Work(Actor(SYSTEM), now=int(time.time()), writes=True) as work:
            act(work)
            work.commit()
    except AppError as error:
        code = error.code
    assert (code in refused) if refused else (code is None)
    return code is None


def paired(shown: list[dict], modelled: list[Any]) -> Iterator[tuple[dict, Any]]:
    by_id = {row["id"]: row for row in shown}
    assert by_id.keys() == {row.id for row in modelled}
    return ((by_id[row.id], row) for row in modelled)


def assert_order(order: dict[str, Any], sale: Sale, actions: list[str]) -> None:
    assert (order["status"], sorted(order["actions"])) == (sale.status, actions)
    assert (order["num"], order["pay_count"], order["logistic_order_id"]) == (sale.num, sale.paid, sale.tracking)
    assert (order["deliver_time"] is not None) == sale.shipped
    assert (order["recv_time"] is not None) == sale.received
    assert (order["close_time"] is not None) == (sale.status in (2, 3, 4))
    assert sale.status != 2 or order["close_time"] == order["recv_time"]
    start, days = DEADLINES.get(sale.status, (None, 0))
    days += sale.days_granted if sale.status == 1 else 0
    if start is None:
        assert order["deadline_at"] is None
    else:
        paused = sale.paused_days if sale.paused_in == sale.status else 0
        seconds = order["deadline_at"] - order[start] - (days + paused) * DAY
        assert 0 <= seconds < 60, "tickets were open for moments"
    assert (order["refunded"], order["pieces_left"]) == (sale.back, sale.pieces_left)
    if sale.status == -1:
        assert order["after_care_id"] == sale.ticket(True).id


def assert_ticket(shown: dict[str, Any], ticket: Ticket, actions: dict[str, list[str]]) -> None:
    assert (shown["id"], shown["step"], shown["except_type"]) == (ticket.id, ticket.step, ticket.kind)
    assert (shown["status"], shown["back_cost"]) == (TICKET_STATUS.get(ticket.step, 1), ticket.amount)
    assert (shown["close_time"] is None) == (ticket.step in OPEN_STEPS)
    assert sorted(shown["actions"]) == actions.get(ticket.step, [])


@pytest.fixture(autouse=True)
def counted(tried: Callable[[str, int], None]) -> Iterator[None]:
    """Tell after how many steps the model and the service were compared."""
    yield
    tried("steps of the state machine", Market.steps)


@pytest.fixture(autouse=True, scope="module")
def market(migrated_module: str, sql_connection: Beside) -> Iterator[None]:
    """One database for all runs of the machine: each opens shops of its own in it."""
    with sql_connection.asking(migrated_module) as run, Api() as api:
        Market.api, Market.sql = api, staticmethod(run)
        yield


TestMarket = pytest.mark.hard(pytest.mark.long(Market.TestCase))
TestMarket.settings = settings(
    max_examples=often(20, 600),
    stateful_step_count=often(30, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
