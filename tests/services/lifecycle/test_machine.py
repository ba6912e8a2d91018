"""Shops, orders, tickets and stock beside a plain model of them: hypothesis acts on both and compares.

The model is written from the rules of the business, in plain Python: it knows no table of moves. Every rule may meet
any order in any state, by its owner or by another; the model says whether that must succeed, or how it must fail.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from app.db.work import SYSTEM, Actor, Work
from app.errors import AppError
from app.services.orders import shipping
from app.services.tickets import use_cases as tickets
from tests.support.api import Api, Caller
from tests.support.factories import REFUND, RETURN, World, made, purchase

DAY = 86400
Refusals = dict[str, int]  # code: status
NOT_THERE: Refusals = {"not_found": 404}
OPEN_STEPS = ("applied", "awaiting_return", "awaiting_receipt")
TICKET_STATUS = {"applied": 0, "withdrawn": 0, "refused": 2}  # the others: 1
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
    shipped: bool = False
    received: bool = False
    days_since_shipping: int = 0
    days_since_receipt: int = 0
    days_granted: int = 0
    tracking: str | None = None
    tickets: list[Ticket] = field(default_factory=list)
    verbs: list[str] = field(default_factory=lambda: ["place"])
    paid_out: set[int] = field(default_factory=set)

    def ticket(self, newest: bool) -> Ticket:
        return self.tickets[-1 if newest else 0] if self.tickets else NO_TICKET

    def goes_back(self) -> None:
        self.status = 2 if self.received else 1 if self.shipped else 0

    def can_be_shipped(self) -> bool:
        """Whether it can be shipped, or its tracking corrected."""
        return self.status in (0, 1) or (self.status == -1 and self.shipped and not self.received)

    def refusal(self) -> str:
        names = {0: "not_shipped", 1: "already_shipped", 2: "order_completed", 3: "order_refunded", 4: "refund_refused"}
        return names.get(self.status, "order_refunding")

    def merchants_actions(self) -> list[str]:
        can_unship = self.status == 1 and not self.days_since_shipping
        can_extend = self.status == 1 and not self.days_granted
        return ["extend"] * can_extend + ["ship"] * self.can_be_shipped() + ["unship"] * can_unship

    def buyers_actions(self) -> list[str]:
        can_ask = self.status in (0, 1, 2) and self.days_since_receipt <= 7
        return ["except-orders"] * can_ask + ["receive"] * (self.status == 1)


mostly = st.sampled_from([True] * 7 + [False])
shares = st.sampled_from([None, None, None, 0.5, 1, 1.5])
amounts = st.none() | st.integers(1, 10_000).map(lambda cents: cents / 100)
maybe = st.sampled_from([None, None, True, False])


class Market(RuleBasedStateMachine):
    """Two shops with one SKU each, and two buyers."""

    api: Api
    sql: Callable[..., list[tuple]]
    sales = Bundle("sales")

    @initialize(target=sales, histories=st.lists(st.sampled_from(HISTORIES), min_size=4, max_size=4))
    def opens(self, histories: list[str]) -> Any:
        world = World(self.api)
        self.shops = [self._shop(world, price, stock) for price, stock in ((9.9, 9), (0.01, 4))]
        self.buyers = [world.customer(), world.customer()]
        return multiple(*(self._with_history(number % 2, history) for number, history in enumerate(histories)))

    def _with_history(self, which: int, history: str) -> Sale:
        sale = self.place(which, which, 1, 100.0)
        acts = {
            "ship": lambda: self.ship(sale, True, "SF1"),
            "receive": lambda: self.receive(sale, True),
            "cancel": lambda: self.ask(sale, True, REFUND, 0.5),
            "ask": lambda: self.ask(sale, True, RETURN, None),
            "agree": lambda: self.agree(sale, True, True, None, None),
            "return": lambda: self.send_back(sale, True, True),
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

    @rule(sale=sales, newest=mostly, own=mostly, share=shares, restock=maybe)
    def agree(self, sale: Sale, newest: bool, own: bool, share: float | None, restock: bool | None) -> None:
        ticket = sale.ticket(newest)
        amount = ticket.amount if share is None else max(0.01, round(sale.paid * share, 2))
        refused = legal(own and ticket is not NO_TICKET, ticket.step == "applied", ticket.refusal())
        if refused != NOT_THERE:
            if restock is not None and (ticket.kind == RETURN or restock == sale.shipped):
                refused["restock_fixed"] = 422
            if amount > sale.paid:
                refused["refund_too_large"] = 409
        body = {"restock": restock, **({} if share is None else {"back_cost": amount})}
        if happened(self._merchant(sale, own).post(f"/except-orders/{ticket.id}/agree", body), refused):
            ticket.amount = amount
            sale.verbs.append("agree")
            if ticket.kind == RETURN:
                ticket.step = "awaiting_return"
            else:
                self._refund(sale, ticket, restock=not sale.shipped)

    @rule(sale=sales, newest=mostly, own=mostly)
    def refuse(self, sale: Sale, newest: bool, own: bool) -> None:
        ticket = sale.ticket(newest)
        answer = self._merchant(sale, own).post(f"/except-orders/{ticket.id}/refuse", {"remark": "已使用"})
        if happened(answer, legal(own and ticket is not NO_TICKET, ticket.step == "applied", ticket.refusal())):
            ticket.step, sale.status = "refused", 4 if sale.shipped else 0
            sale.verbs += ["refuse", "refuse"]

    @rule(sale=sales, newest=mostly, own=mostly, restock=maybe)
    def receive_goods(self, sale: Sale, newest: bool, own: bool, restock: bool | None) -> None:
        ticket = sale.ticket(newest)
        body = {} if restock is None else {"restock": restock}
        answer = self._merchant(sale, own).post(f"/except-orders/{ticket.id}/receive", body)
        if happened(answer, legal(own and ticket is not NO_TICKET, ticket.step == "awaiting_receipt", ticket.refusal())):
            sale.verbs.append("receive")
            self._refund(sale, ticket, restock=restock is not False)

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

    @rule(sale=sales, own=mostly, kind=st.sampled_from([REFUND, RETURN]), share=shares)
    def ask(self, sale: Sale, own: bool, kind: str, share: float | None) -> None:
        amount = sale.paid if share is None else max(0.01, round(sale.paid * share, 2))
        reasons = {
            "open_ticket": sale.status == -1,
            sale.refusal(): sale.status not in (0, 1, 2),
            "after_sale_over": sale.days_since_receipt > 7,
            "nothing_to_return": kind == RETURN and not sale.shipped,
            "refund_too_large": amount > sale.paid,
        }
        refused = {code: 409 for code, holds in reasons.items() if holds} if own else NOT_THERE
        body = {"except_type": kind, "back_reason": "不想要了", **({} if share is None else {"back_cost": amount})}
        answer = self._buyer(sale, own).post(f"/orders/{sale.id}/except-orders", body)
        if happened(answer, refused, 201):
            sale.tickets.append(Ticket(answer.json()["id"], kind, amount, "applied"))
            sale.status = -1
            sale.verbs += ["apply", "except-orders"]

    @rule(sale=sales, newest=mostly, own=mostly)
    def withdraw(self, sale: Sale, newest: bool, own: bool) -> None:
        ticket = sale.ticket(newest)
        answer = self._buyer(sale, own).post(f"/except-orders/{ticket.id}/withdraw")
        if happened(
            answer, legal(own and ticket is not NO_TICKET, ticket.step in ("applied", "awaiting_return"), ticket.refusal())
        ):
            ticket.step = "withdrawn"
            sale.goes_back()
            sale.verbs += ["withdraw", "withdraw"]

    @rule(sale=sales, newest=mostly, own=mostly)
    def send_back(self, sale: Sale, newest: bool, own: bool) -> None:
        ticket = sale.ticket(newest)
        parcel = {"logistics_id": 2, "tracking_number": f"YT{ticket.id}"}
        answer = self._buyer(sale, own).post(f"/except-orders/{ticket.id}/return", parcel)
        may_send = ticket.step in ("awaiting_return", "awaiting_receipt")
        if happened(answer, legal(own and ticket is not NO_TICKET, may_send, ticket.refusal())):
            assert answer.json()["return_parcel"].items() >= parcel.items()
            ticket.step = "awaiting_receipt"
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
        refused = legal(ticket is not NO_TICKET, ticket.step == "awaiting_return", ticket.refusal())
        if by_itself(lambda work: tickets.lapse(work, ticket.id), refused):
            ticket.step = "lapsed"
            sale.goes_back()
            sale.verbs += ["lapse", "lapse"]

    @rule(sale=sales, days=st.sampled_from([4, 8]))
    def days_pass(self, sale: Sale, days: int) -> None:
        self._touch(sale)
        earlier = ", ".join(f"{name} = {name} - %s" for name in ("create_time", "deliver_time", "recv_time", "close_time"))
        self.sql(f'UPDATE "order" SET {earlier} WHERE id = %s', *[days * DAY] * 4, sale.id)
        sale.days_since_receipt += days if sale.received else 0
        sale.days_since_shipping += days if sale.shipped else 0

    @rule(sale=sales, kind=st.sampled_from([REFUND, RETURN]))
    def goes_on(self, sale: Sale, kind: str) -> None:
        """The usual next thing, so that runs get far."""
        step = sale.ticket(True).step
        if sale.status in (0, 1, 2):
            self.ask(sale, True, kind, None) if sale.shipped else self.ship(sale, True, "SF4")
        elif step == "applied":
            self.agree(sale, True, True, None, None)
        elif step == "awaiting_return":
            self.send_back(sale, True, True)
        elif step == "awaiting_receipt":
            self.receive_goods(sale, True, True, None)

    # What must hold: after each step for what it touched, at the end for all

    @invariant()
    def the_order_is_as_modelled(self) -> None:
        order = made(self.sale.shop.merchant.get(f"/orders/{self.sale.id}"))
        assert_order(order, self.sale, self.sale.merchants_actions())
        if self.sale.status == -1:
            merchants = {"applied": ["agree", "refuse"], "awaiting_receipt": ["receive"]}
            assert_ticket(order["except_order"], self.sale.ticket(True), merchants)

    @invariant()
    def its_buyer_sees_the_same(self) -> None:
        order = made(self.sale.buyer.get(f"/orders/{self.sale.id}"))
        assert_order(order, self.sale, self.sale.buyers_actions())
        if self.sale.status == -1:
            buyers = {"applied": ["withdraw"], "awaiting_return": ["return", "withdraw"], "awaiting_receipt": ["return"]}
            assert_ticket(order["except_order"], self.sale.ticket(True), buyers)

    @invariant()
    def stock_is_as_modelled_and_explained(self) -> None:
        sku = made(self.shop.merchant.get(f"/skus/{self.shop.sku_id}"))
        assert (sku["stock"], sku["status"]) == (self.shop.stock, 1 if self.shop.stock else 0)
        explained = "SELECT sku_id, sum(delta) FROM stock_movement WHERE sku_id = ANY(%s) GROUP BY sku_id"
        assert dict(self.sql(explained, [shop.sku_id for shop in self.shops])) == {s.sku_id: s.stock for s in self.shops}

    @invariant()
    def nobody_gets_back_more_than_was_paid(self) -> None:
        over = """SELECT order_id FROM except_order t JOIN "order" o ON o.id = t.order_id
            WHERE o.business_id = ANY(%s) AND t.status = 1 AND t.close_time IS NOT NULL
            AND (t.except_type = '仅退款' OR t.recv_time IS NOT NULL)
            GROUP BY order_id, pay_count HAVING sum(back_cost) > pay_count OR count(*) > 1"""
        assert self.sql(over, [shop.merchant.id for shop in self.shops]) == []

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
                assert_ticket(shown, ticket, {"applied": ["agree", "refuse"], "awaiting_receipt": ["receive"]})
            self.shop = shop
            self.stock_is_as_modelled_and_explained()

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

    def _refund(self, sale: Sale, ticket: Ticket, *, restock: bool) -> None:
        ticket.step, sale.status = "refunded", 3
        sale.verbs.append("refund")
        sale.shop.stock += sale.num if restock else 0


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
    assert order["deadline_at"] == (None if start is None else order[start] + days * DAY)
    if sale.status == -1:
        assert order["after_care_id"] == sale.ticket(True).id


def assert_ticket(shown: dict[str, Any], ticket: Ticket, actions: dict[str, list[str]]) -> None:
    assert (shown["id"], shown["step"], shown["except_type"]) == (ticket.id, ticket.step, ticket.kind)
    assert (shown["status"], shown["back_cost"]) == (TICKET_STATUS.get(ticket.step, 1), ticket.amount)
    assert (shown["close_time"] is None) == (ticket.step in OPEN_STEPS)
    assert sorted(shown["actions"]) == actions.get(ticket.step, [])


@pytest.fixture(autouse=True, scope="module")
def market(migrated_module: str) -> Iterator[None]:
    """One database for all runs of the machine: each opens shops of its own in it."""
    connection = psycopg2.connect(migrated_module)
    connection.autocommit = True

    def run(statement: str, *values: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    with Api() as api, start_blocking_portal() as api.client.portal:
        Market.api, Market.sql = api, staticmethod(run)
        yield
    connection.close()


TestMarket = pytest.mark.long(Market.TestCase)
TestMarket.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
