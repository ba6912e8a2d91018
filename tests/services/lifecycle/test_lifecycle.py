"""The two state machines: their tables as data, and every state × every verb × every caller over HTTP."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.config import DAY, settings
from app.db.work import Actor, Work
from app.errors import AppError, IllegalMove
from app.main import app
from app.models import ExceptOrder, Order
from app.models.order import STATUS_NAMES
from app.services.lifecycle.engine import Lifecycle
from app.services.lifecycle.table import Move
from app.services.orders import shipping
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.tickets import use_cases as tickets
from app.services.tickets.states import LIFECYCLE as TICKETS
from app.services.tickets.states import STEPS as STATES_OF_TICKETS
from tests.conftest import ROOT
from tests.support.api import Api, Caller
from tests.support.factories import REFUND, RETURN, World, as_told, made

BOTH = pytest.mark.parametrize("lifecycle", [ORDERS, TICKETS], ids=["order", "ticket"])

# An order's standings: its status, and for a refund in progress the status from which it was asked for.
STANDINGS = {
    "to_ship": (0, None),
    "shipped": (1, None),
    "completed": (2, None),
    "after_sale_over": (2, None),
    "refunded": (3, None),
    "refund_refused": (4, None),
    "refunding_unshipped": (-1, 0),
    "refunding_shipped": (-1, 1),
    "refunding_received": (-1, 2),
}
ORDER_VERBS: dict[str, tuple[str, Any]] = {
    "ship": ("merchant", {"logistic_id": 2, "logistic_order_id": "YT42"}),
    "unship": ("merchant", None),
    "extend": ("merchant", {"days": 3}),
    "cancel": ("merchant", {"remark": "仓库破损"}),
    "receive": ("customer", None),
    "except-orders": ("customer", {"except_type": REFUND, "back_reason": "不想要了"}),
}
# Every move that a caller may make, and the status that it leads to.
LEGAL_FOR_ORDERS = {
    ("to_ship", "ship"): 1,
    ("to_ship", "cancel"): 3,
    ("shipped", "ship"): 1,
    ("refunding_shipped", "ship"): -1,
    ("shipped", "unship"): 0,
    ("shipped", "extend"): 1,
    ("shipped", "receive"): 2,
    ("to_ship", "except-orders"): -1,
    ("shipped", "except-orders"): -1,
    ("completed", "except-orders"): -1,
}
STATE_REFUSES = {
    "to_ship": "not_shipped",
    "shipped": "already_shipped",
    "completed": "order_completed",
    "after_sale_over": "order_completed",
    "refunded": "order_refunded",
    "refund_refused": "refund_refused",
    "refunding_unshipped": "order_refunding",
    "refunding_shipped": "order_refunding",
    "refunding_received": "order_refunding",
}
REFUSAL_OF_ORDERS = {
    ("refunding_unshipped", "except-orders"): "open_ticket",
    ("refunding_shipped", "except-orders"): "open_ticket",
    ("refunding_received", "except-orders"): "open_ticket",
    ("after_sale_over", "except-orders"): "after_sale_over",
}

# A ticket's steps: what was asked for, and the verbs that led there.
STEPS = {
    "applied for a refund": (REFUND, ()),
    "applied for a return": (RETURN, ()),
    "offered a refund": (REFUND, ("offer",)),
    "offered a return": (RETURN, ("offer",)),
    "awaiting_return": (RETURN, ("agree",)),
    "awaiting_receipt": (RETURN, ("agree", "return")),
    "refunded": (REFUND, ("agree",)),
    "refunded for a return": (RETURN, ("agree", "return", "receive")),
    "refused": (RETURN, ("refuse",)),
    "withdrawn": (RETURN, ("withdraw",)),
    "lapsed": (RETURN, ("agree", "lapse")),
    "refused after the goods came": (RETURN, ("agree", "return", "refuse")),
    "refunded for an offer": (REFUND, ("offer", "accept")),
    "withdrawn by silence": (REFUND, ("offer", "lapse")),
}
TICKET_VERBS: dict[str, tuple[str, Any]] = {
    "agree": ("merchant", {}),
    "refuse": ("merchant", {"remark": "已使用"}),
    "receive": ("merchant", {}),
    "return": ("customer", {"logistics_id": 2, "tracking_number": "YT123"}),
    "withdraw": ("customer", None),
    "accept": ("customer", None),
}
# An admin's verbs, each of which is also a merchant's.
RULINGS: dict[str, Any] = {verb: {"reason": "商家未处理"} for verb in ("agree", "refuse", "receive")}
# Every move that a caller may make, and the step that it leads to.
LEGAL_FOR_TICKETS = {
    ("applied for a refund", "agree"): "refunded",
    ("applied for a return", "agree"): "awaiting_return",
    ("applied for a refund", "refuse"): "refused",
    ("applied for a return", "refuse"): "refused",
    ("applied for a refund", "withdraw"): "withdrawn",
    ("applied for a return", "withdraw"): "withdrawn",
    ("awaiting_return", "withdraw"): "withdrawn",
    ("awaiting_return", "return"): "awaiting_receipt",
    ("awaiting_receipt", "return"): "awaiting_receipt",
    ("awaiting_receipt", "receive"): "refunded",
    ("awaiting_receipt", "refuse"): "refused",
    ("offered a refund", "agree"): "refunded",
    ("offered a return", "agree"): "awaiting_return",
    ("offered a refund", "accept"): "refunded",
    ("offered a return", "accept"): "awaiting_return",
    ("offered a refund", "withdraw"): "withdrawn",
    ("offered a return", "withdraw"): "withdrawn",
}
# An admin may also refuse where the merchant is bound by an offer.
LEGAL_FOR_ADMINS = {key: target for key, target in LEGAL_FOR_TICKETS.items() if key[1] in RULINGS} | {
    ("offered a refund", "refuse"): "refused",
    ("offered a return", "refuse"): "refused",
}
STORED_AS = {
    "applied": 0,
    "offered": 0,
    "awaiting_return": 1,
    "awaiting_receipt": 1,
    "refunded": 1,
    "refused": 2,
    "withdrawn": 0,
    "lapsed": 1,
}
# What the end of a ticket does to an order that was shipped: the order's verb and its new status.
END_OF_RECEIVED = {"refunded": ("refund", 3), "refused": ("refuse", 4), "withdrawn": ("withdraw", 2), "lapsed": ("lapse", 2)}

# An offer is of less than was paid: the order goes on.
END_OF_OFFERED = {**END_OF_RECEIVED, "refunded": ("refund_part", 2)}

# The two tables together: asked for, where the order stood, verbs; then the step, the order, goods back in stock.
OUTCOMES = [
    (REFUND, 0, ("agree",), "refunded", 3, True),
    (REFUND, 1, ("agree",), "refunded", 3, False),
    (REFUND, 2, ("agree",), "refunded", 3, False),
    (REFUND, 0, ("refuse",), "refused", 0, False),
    (REFUND, 1, ("refuse",), "refused", 4, False),
    (REFUND, 2, ("refuse",), "refused", 4, False),
    (REFUND, 0, ("withdraw",), "withdrawn", 0, False),
    (REFUND, 1, ("withdraw",), "withdrawn", 1, False),
    (REFUND, 2, ("withdraw",), "withdrawn", 2, False),
    (RETURN, 1, ("refuse",), "refused", 4, False),
    (RETURN, 2, ("refuse",), "refused", 4, False),
    (RETURN, 1, ("withdraw",), "withdrawn", 1, False),
    (RETURN, 2, ("withdraw",), "withdrawn", 2, False),
    (RETURN, 1, ("agree", "withdraw"), "withdrawn", 1, False),
    (RETURN, 2, ("agree", "withdraw"), "withdrawn", 2, False),
    (RETURN, 1, ("agree", "lapse"), "lapsed", 1, False),
    (RETURN, 2, ("agree", "lapse"), "lapsed", 2, False),
    (RETURN, 1, ("agree", "return", "receive"), "refunded", 3, True),
    (RETURN, 2, ("agree", "return", "receive"), "refunded", 3, True),
    (RETURN, 1, ("agree", "return", "refuse"), "refused", 4, False),
    (RETURN, 2, ("agree", "return", "refuse"), "refused", 4, False),
    (REFUND, 0, ("offer", "withdraw"), "withdrawn", 0, False),
    (REFUND, 1, ("offer", "withdraw"), "withdrawn", 1, False),
    (REFUND, 2, ("offer", "withdraw"), "withdrawn", 2, False),
    (REFUND, 0, ("offer", "lapse"), "withdrawn", 0, False),
    (REFUND, 1, ("offer", "lapse"), "withdrawn", 1, False),
    (RETURN, 2, ("offer", "lapse"), "withdrawn", 2, False),
    (REFUND, 0, ("offer", "agree"), "refunded", 3, True),
    (REFUND, 1, ("offer", "agree"), "refunded", 3, False),
    (REFUND, 0, ("offer", "accept"), "refunded", 0, False),
    (REFUND, 1, ("offer", "accept"), "refunded", 1, False),
    (REFUND, 2, ("offer", "accept"), "refunded", 2, False),
    (RETURN, 1, ("offer", "accept", "return", "receive"), "refunded", 3, True),
    (RETURN, 2, ("offer", "accept", "return", "receive"), "refunded", 3, True),
]


class Shop:
    """A merchant and a customer who trade, and everybody else who might try."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.merchant, self.customer = world.merchant(), world.customer()
        self.owner = {"merchant": self.merchant, "customer": self.customer}
        self.other = {"merchant": world.merchant(), "customer": world.customer()}
        self.admin = world.admin()

    def strangers(self, kind: str) -> list[tuple[Caller, int]]:
        """Those at the door of `kind` who may not move the owner's rows, and the status that tells them so."""
        client = self.merchant.client
        wrong = [caller.token for audience, caller in self.owner.items() if audience != kind] + [self.admin.token]
        return [(self.other[kind], 404), *((Caller(client, kind, token), 403) for token in wrong), (Caller(client, kind), 401)]

    def order_at(self, sql: Callable[..., Any], standing: str) -> dict[str, Any]:
        status, before = STANDINGS[standing]
        order = self.world.order(self.merchant, self.customer, status if before is None else before)
        if before is not None:
            self.world.ask(self.customer, order)
        if standing == "after_sale_over":
            over = settings.after_sale_days * DAY + 60
            sql('UPDATE "order" SET recv_time = recv_time - %s WHERE id = %s', over, order["id"])
        return order

    def ticket_at(self, step: str) -> dict[str, Any]:
        except_type, verbs = STEPS[step]
        ticket = self.world.ask(self.customer, self.world.order(self.merchant, self.customer, 2), except_type)
        self.play(ticket, verbs)
        return ticket

    def play(self, ticket: dict[str, Any], verbs: tuple[str, ...]) -> None:
        for verb in verbs:
            if verb == "lapse":
                lapse(ticket)
            elif verb == "offer":
                self.world.offer(self.merchant, ticket)
            else:
                made(self.move_ticket(ticket, verb))

    def move_ticket(self, ticket: dict[str, Any], verb: str, **body: Any) -> Any:
        kind, usual = TICKET_VERBS[verb]
        return self.owner[kind].post(f"/except-orders/{ticket['id']}/{verb}", body or usual)


@pytest.fixture(scope="module")
def migrated(migrated_module: str) -> str:
    """One database for this module: its tests make rows of their own and leave the others' alone."""
    return migrated_module


@pytest.fixture(scope="module")
def shop(migrated: str) -> Iterator[Shop]:
    with Api() as api:
        world = World(api)
        for _ in range(3):
            world.customer()  # so that no customer bears a merchant's id
        yield Shop(world)


def lapse(ticket: dict[str, Any]) -> None:
    with Work(Actor("system"), writes=True) as work:
        tickets.lapse(work, ticket["id"])
        work.commit()


def stored(sql: Callable[..., Any], order_id: int) -> dict[str, Any]:
    """All that a move may touch: the order, its tickets and its SKU, and how many rows of anything else there are."""
    return sql(
        """
        WITH o AS (SELECT * FROM "order" WHERE id = %s)
        SELECT jsonb_build_object(
            'order', (SELECT to_jsonb(o) FROM o),
            'tickets', (SELECT jsonb_agg(t ORDER BY t.id) FROM except_order t WHERE t.order_id = (SELECT id FROM o)),
            'sku', (SELECT to_jsonb(s) FROM sku s WHERE s.id = (SELECT sku_id FROM o)),
            'events', (SELECT count(*) FROM event),
            'movements', (SELECT count(*) FROM stock_movement),
            'parcels', (SELECT count(*) FROM return_parcel),
            'offers', (SELECT jsonb_agg(f ORDER BY f.ticket_id) FROM refund_offer f),
            'pieces', (SELECT jsonb_agg(q ORDER BY q.ticket_id) FROM return_quantity q),
            'clock', (SELECT to_jsonb(c) FROM order_clock c WHERE c.order_id = (SELECT id FROM o)))
        """,
        order_id,
    )[0][0]


def events_of(sql: Callable[..., Any], order_id: int) -> list[tuple]:
    return sql(
        """SELECT verb, subject, subject_id, from_status, to_status, actor_kind, actor_id
        FROM event WHERE order_id = %s AND subject <> 'refund' ORDER BY id""",
        order_id,
    )


def all_moves(lifecycle: Lifecycle) -> list[Move]:
    return [move for move in lifecycle.moves if move.source]


class TestTables:
    @BOTH
    def test_no_two_lines_say_what_the_same_caller_does_from_the_same_state(self, lifecycle):
        keys = [(move.verb, move.source, kind) for move in lifecycle.moves for kind in move.who]
        assert len(keys) == len(set(keys))

    @BOTH
    def test_every_state_is_reached_from_birth(self, lifecycle):
        reached = {move.target.name for move in lifecycle.moves if move.source is None}
        assert reached == ({"to_ship"} if lifecycle is ORDERS else {"applied", "refunded"})
        for _ in lifecycle.moves:
            reached |= {move.target.name for move in all_moves(lifecycle) if move.source.name in reached}
        assert reached == {state.name for move in all_moves(lifecycle) for state in (move.source, move.target)}

    def test_every_status_of_an_order_and_every_step_of_a_ticket_is_in_its_table(self):
        assert {move.target.status for move in ORDERS.moves} == set(STATUS_NAMES)
        assert {move.target.name for move in TICKETS.moves} == {state.name for state in STATES_OF_TICKETS} == set(STORED_AS)

    def test_only_final_states_have_no_way_out(self):
        def ends(lifecycle: Lifecycle) -> set[tuple[str, int]]:
            left = {move.source.name for move in all_moves(lifecycle)}
            return {(move.target.name, move.target.status) for move in lifecycle.moves if move.target.name not in left}

        assert ends(ORDERS) == {("refunded", 3), ("refund_refused", 4)}
        assert ends(TICKETS) == {("refunded", 1), ("refused", 2), ("withdrawn", 0), ("lapsed", 1)}

    @BOTH
    def test_every_guard_has_an_error_of_its_own(self, lifecycle):
        guards = {guard for move in lifecycle.moves for guard in move.guards}
        assert guards
        assert len({guard.error.code for guard in guards}) == len(guards)

    @BOTH
    def test_every_state_says_what_it_refuses_a_move_with(self, lifecycle):
        states = {state for move in lifecycle.moves for state in (move.source, move.target) if state is not None}
        assert IllegalMove not in {state.refusal for state in states}

    def test_a_code_has_one_status(self):
        def kinds(error: type[AppError]) -> list[type[AppError]]:
            return [each for kind in error.__subclasses__() for each in (kind, *kinds(kind))]

        codes = {(error.code, error.status) for error in kinds(AppError)}
        assert len(codes) == len({code for code, _ in codes})

    @BOTH
    def test_every_verb_of_a_caller_is_the_last_word_of_a_route_of_theirs(self, lifecycle):
        posts = [route.path.split("/") for route in app.routes if isinstance(route, APIRoute) and "POST" in route.methods]
        routes = {(path[3], path[-1]) for path in posts}
        people = ("merchant", "customer", "admin")
        verbs = {(kind, move.verb) for move in all_moves(lifecycle) for kind in move.who if kind in people}
        assert verbs
        assert verbs <= routes


class TestOrders:
    @pytest.mark.parametrize("standing", STANDINGS)
    def test_nobody_but_its_owner_moves_an_order(self, shop, sql, standing):
        order = shop.order_at(sql, standing)
        before = stored(sql, order["id"])
        for verb, (kind, body) in ORDER_VERBS.items():
            for caller, status in shop.strangers(kind):
                answer = caller.post(f"/orders/{order['id']}/{verb}", body)
                assert answer.status_code == status, (verb, answer.text)
        assert stored(sql, order["id"]) == before

    @pytest.mark.parametrize("verb", ORDER_VERBS)
    @pytest.mark.parametrize("standing", STANDINGS)
    def test_its_owner_moves_an_order_as_the_table_says(self, shop, sql, standing, verb):
        order_id = shop.order_at(sql, standing)["id"]
        kind, body = ORDER_VERBS[verb]
        owner = shop.owner[kind]
        shown = made(owner.get(f"/orders/{order_id}"))["actions"]
        before, happened = stored(sql, order_id), len(events_of(sql, order_id))

        answer = owner.post(f"/orders/{order_id}/{verb}", body)

        assert (verb in shown) == answer.is_success
        after = stored(sql, order_id)
        if (standing, verb) in LEGAL_FOR_ORDERS:
            status = LEGAL_FOR_ORDERS[standing, verb]
            assert answer.status_code == (201 if verb == "except-orders" else 200), answer.text
            assert after["order"]["status"] == status
            for untouched in ("parcels", *(("sku", "movements") if verb != "cancel" else ())):
                assert after[untouched] == before[untouched]
            moved = (verb, "order", order_id, before["order"]["status"], status, kind, owner.id)
            applied = []
            if verb in ("except-orders", "cancel"):
                ticket_id, birth = after["order"]["after_care_id"], {"except-orders": ("apply", 0), "cancel": ("cancel", 1)}
                applied = [(birth[verb][0], "except_order", ticket_id, None, birth[verb][1], kind, owner.id)]
            assert events_of(sql, order_id)[happened:] == [*applied, moved]
        else:
            assert answer.status_code == 409, answer.text
            assert answer.json()["code"] == REFUSAL_OF_ORDERS.get((standing, verb), STATE_REFUSES[standing])
            assert after == before
            assert answer.json().get("actions") == shown

    @pytest.mark.parametrize("standing", STANDINGS)
    def test_each_caller_is_shown_the_verbs_that_are_open_to_them(self, shop, sql, standing):
        order = shop.order_at(sql, standing)
        path = f"/orders/{order['id']}"
        for kind, owner in shop.owner.items():
            legal = {verb for verb, (who, _) in ORDER_VERBS.items() if who == kind and (standing, verb) in LEGAL_FOR_ORDERS}
            listed = next(item for item in made(owner.get("/orders"))["items"] if item["id"] == order["id"])
            assert sorted(made(owner.get(path))["actions"]) == sorted(listed["actions"]) == sorted(legal)
        assert made(shop.admin.get(path))["actions"] == []
        assert made(shop.world.api.platform.get(f"/orders/{order['order_number']}"))["actions"] == []

    def test_a_move_answers_with_what_is_open_next(self, shop, sql):
        order_id = shop.order_at(sql, "to_ship")["id"]
        shipped = made(shop.merchant.post(f"/orders/{order_id}/ship", ORDER_VERBS["ship"][1]))
        assert shipped["actions"] == made(shop.merchant.get(f"/orders/{order_id}"))["actions"] == ["ship", "unship", "extend"]
        received = made(shop.customer.post(f"/orders/{order_id}/receive"))
        assert received["actions"] == made(shop.customer.get(f"/orders/{order_id}"))["actions"] == ["except-orders"]

    def test_shipping_again_corrects_the_tracking_and_keeps_the_time(self, shop, sql):
        order_id = shop.order_at(sql, "shipped")["id"]
        sql('UPDATE "order" SET deliver_time = deliver_time - 1000 WHERE id = %s', order_id)
        before = stored(sql, order_id)["order"]
        carrier = {"logistic_id": None, "logistic_name": "同城快递", "logistic_order_id": "TC-7"}
        made(shop.merchant.post(f"/orders/{order_id}/ship", carrier))
        assert stored(sql, order_id)["order"] == {**before, **carrier}
        noted = sql("SELECT details FROM event WHERE order_id = %s AND verb = 'ship' ORDER BY id", order_id)
        assert [details["logistic_order_id"] for (details,) in noted] == [before["logistic_order_id"], "TC-7"]

    def test_shipping_and_receiving_write_their_times(self, shop, sql):
        order_id = shop.order_at(sql, "to_ship")["id"]
        made(shop.merchant.post(f"/orders/{order_id}/ship", ORDER_VERBS["ship"][1]))
        sql('UPDATE "order" SET create_time = create_time - 2000, deliver_time = deliver_time - 1000 WHERE id = %s', order_id)
        shipped = stored(sql, order_id)["order"]
        made(shop.customer.post(f"/orders/{order_id}/receive"))
        ((at,),) = sql("SELECT time FROM event WHERE order_id = %s AND verb = 'receive'", order_id)
        assert stored(sql, order_id)["order"] == {**shipped, "status": 2, "recv_time": at, "close_time": at}

    @pytest.mark.parametrize("standing", STANDINGS)
    def test_the_deadline_receives_only_what_was_shipped(self, shop, sql, standing):
        order_id = shop.order_at(sql, standing)["id"]
        before = stored(sql, order_id)
        with Work(Actor("system"), writes=True) as work:
            if standing == "shipped":
                shipping.receive(work, order_id)
                assert stored(sql, order_id)["order"]["status"] == 2
                assert events_of(sql, order_id)[-1] == ("receive", "order", order_id, 1, 2, "system", None)
            else:
                with pytest.raises(IllegalMove):
                    shipping.receive(work, order_id)
                assert stored(sql, order_id) == before


class TestTickets:
    @pytest.mark.parametrize("step", STEPS)
    def test_nobody_but_its_owner_moves_a_ticket(self, shop, sql, step):
        ticket = shop.ticket_at(step)
        before = stored(sql, ticket["order_id"])
        for verb, (kind, body) in TICKET_VERBS.items():
            for caller, status in shop.strangers(kind):
                answer = caller.post(f"/except-orders/{ticket['id']}/{verb}", body)
                assert answer.status_code == status, (verb, answer.text)
        assert stored(sql, ticket["order_id"]) == before

    @pytest.mark.parametrize("verb", TICKET_VERBS)
    @pytest.mark.parametrize("step", STEPS)
    def test_its_owner_moves_a_ticket_as_the_table_says(self, shop, sql, step, verb):
        ticket = shop.ticket_at(step)
        ticket_id, order_id = ticket["id"], ticket["order_id"]
        kind = TICKET_VERBS[verb][0]
        shown = made(shop.owner[kind].get(f"/except-orders/{ticket_id}"))["actions"]
        before, happened = stored(sql, order_id), len(events_of(sql, order_id))

        answer = shop.move_ticket(ticket, verb)

        assert (verb in shown) == answer.is_success
        after = stored(sql, order_id)
        if (step, verb) in LEGAL_FOR_TICKETS:
            target = LEGAL_FOR_TICKETS[step, verb]
            assert answer.status_code == 200, answer.text
            assert answer.json() == as_told(answer.json(), made(shop.owner[kind].get(f"/except-orders/{ticket_id}")))
            assert answer.json()["step"] == target
            assert after["tickets"][0]["status"] == STORED_AS[target]
            ends = END_OF_OFFERED if verb == "accept" else END_OF_RECEIVED
            order_verb, status = ends.get(target, (None, -1))
            assert after["order"]["status"] == status
            was = before["tickets"][0]["status"]
            by = (kind, shop.owner[kind].id)
            moved = [(verb, "except_order", ticket_id, was, STORED_AS[target], *by)]
            if order_verb:
                moved.append((order_verb, "order", order_id, -1, status, *by))
            assert events_of(sql, order_id)[happened:] == moved
        else:
            assert answer.status_code == 409, answer.text
            assert answer.json()["code"] == f"ticket_{made(shop.owner[kind].get(f'/except-orders/{ticket_id}'))['step']}"
            assert after == before
            assert answer.json().get("actions") == shown

    @pytest.mark.parametrize("verb", RULINGS)
    @pytest.mark.parametrize("step", STEPS)
    def test_an_admin_decides_a_ticket_as_the_table_says(self, shop, sql, step, verb):
        ticket = shop.ticket_at(step)
        ticket_id, order_id = ticket["id"], ticket["order_id"]
        before, happened = stored(sql, order_id), len(events_of(sql, order_id))
        for reason in ({}, {"reason": " "}, {"remark": "商家未处理"}):
            assert shop.admin.post(f"/except-orders/{ticket_id}/{verb}", reason).status_code == 422
        assert stored(sql, order_id) == before

        answer = shop.admin.post(f"/except-orders/{ticket_id}/{verb}", RULINGS[verb])

        if (step, verb) in LEGAL_FOR_ADMINS:
            target = LEGAL_FOR_ADMINS[step, verb]
            assert answer.status_code == 200, answer.text
            shown = made(shop.customer.get(f"/except-orders/{ticket_id}"))
            assert (shown["step"], shown["remark"]) == (target, "商家未处理")
            order_verb, status = END_OF_RECEIVED.get(target, (None, -1))
            assert stored(sql, order_id)["order"]["status"] == status
            was, by = before["tickets"][0]["status"], ("admin", shop.admin.id)
            moved = [(verb, "except_order", ticket_id, was, STORED_AS[target], *by)]
            if order_verb:
                moved.append((order_verb, "order", order_id, -1, status, *by))
            assert events_of(sql, order_id)[happened:] == moved
            told = (
                "SELECT business_id, details->>'remark' FROM event WHERE order_id = %s AND verb = %s AND actor_kind = 'admin'"
            )
            assert sql(f"{told} AND subject = 'except_order'", order_id, verb) == [(shop.merchant.id, "商家未处理")]
        else:
            shown = made(shop.customer.get(f"/except-orders/{ticket_id}"))
            assert (answer.status_code, answer.json()["code"]) == (409, f"ticket_{shown['step']}")
            assert stored(sql, order_id) == before

    @pytest.mark.parametrize("step", STEPS)
    def test_only_a_return_that_is_awaited_and_an_offer_lapse(self, shop, sql, step):
        ticket = shop.ticket_at(step)
        before = stored(sql, ticket["order_id"])
        ends = {"awaiting_return": ("lapsed", 1), "offered a refund": ("withdrawn", 0), "offered a return": ("withdrawn", 0)}
        if step in ends:
            end, status = ends[step]
            lapse(ticket)
            assert made(shop.customer.get(f"/except-orders/{ticket['id']}"))["step"] == end
            assert events_of(sql, ticket["order_id"])[-2:] == [
                ("lapse", "except_order", ticket["id"], status, status, "system", None),
                ("lapse", "order", ticket["order_id"], -1, 2, "system", None),
            ]
        else:
            with pytest.raises(IllegalMove):
                lapse(ticket)
            assert stored(sql, ticket["order_id"]) == before

    @pytest.mark.parametrize("step", STEPS)
    def test_each_caller_is_shown_the_step_and_the_verbs_that_are_open_to_them(self, shop, step):
        ticket = shop.ticket_at(step)
        name = step.split()[0]
        for kind, owner in shop.owner.items():
            legal = {verb for verb, (who, _) in TICKET_VERBS.items() if who == kind and (step, verb) in LEGAL_FOR_TICKETS}
            found = made(owner.get(f"/except-orders/{ticket['id']}"))
            assert sorted(found["actions"]) == sorted(legal)
            assert (found["step"], found["status"]) == (name, STORED_AS[name])
            if name not in ("withdrawn", "lapsed"):  # which leave the order as it was before
                told = made(owner.get(f"/orders/{ticket['order_id']}"))["except_order"]
                assert told == as_told(told, found)
        listed = made(shop.merchant.get("/except-orders", order_id=ticket["order_id"]))["items"]
        assert listed == [made(shop.merchant.get(f"/except-orders/{ticket['id']}"))]
        (seen,) = made(shop.admin.get("/except-orders", order_id=ticket["order_id"]))["items"]
        assert sorted(seen["actions"]) == sorted(verb for verb in RULINGS if (step, verb) in LEGAL_FOR_ADMINS)


class TestOutcomes:
    @pytest.mark.parametrize(("except_type", "stood", "verbs", "step", "status", "goods_back"), OUTCOMES)
    def test_the_end_of_a_ticket_settles_its_order_and_the_stock(
        self, shop, sql, except_type, stood, verbs, step, status, goods_back
    ):
        order = shop.world.order(shop.merchant, shop.customer, stood, num=3)
        order_id = order["id"]
        sql(
            """UPDATE "order" SET create_time = create_time - 3000, deliver_time = deliver_time - 2000,
            recv_time = recv_time - 1000, close_time = close_time - 1000 WHERE id = %s""",
            order_id,
        )
        stood_at = stored(sql, order_id)
        ticket = shop.world.ask(shop.customer, order, except_type)
        asked = {"after_care_id": ticket["id"], "back_reason": "不想要了"}
        assert stored(sql, order_id)["order"] == {**stood_at["order"], **asked, "status": -1, "close_time": None}

        shop.play(ticket, verbs)

        after = stored(sql, order_id)
        ((at,),) = sql("SELECT time FROM event WHERE order_id = %s AND subject = 'order' ORDER BY id DESC LIMIT 1", order_id)
        found = made(shop.merchant.get(f"/except-orders/{ticket['id']}"))
        assert (found["step"], found["close_time"]) == (step, at)
        if step in ("withdrawn", "lapsed"):
            assert after["order"] == stood_at["order"]
        else:
            closed = at if status in (3, 4) else stood_at["order"]["recv_time"]
            assert after["order"] == {**stood_at["order"], **asked, "status": status, "close_time": closed}
        assert_stock(sql, order, 100 if goods_back else 97)

    @pytest.mark.parametrize(
        ("body", "goods_back"), [(None, True), ({}, True), ({"restock": True}, True), ({"restock": False}, False)]
    )
    def test_goods_that_came_back_go_to_stock_as_the_merchant_says(self, shop, sql, body, goods_back):
        ticket = shop.ticket_at("awaiting_receipt")
        made(shop.merchant.post(f"/except-orders/{ticket['id']}/receive", body))
        order = stored(sql, ticket["order_id"])["order"]
        assert order["status"] == 3
        assert_stock(sql, order, 100 if goods_back else 99)

    def test_goods_sold_out_are_for_sale_again_when_they_come_back(self, shop, sql):
        sku = shop.world.sku(shop.merchant, stock=1)
        order = shop.world.order(shop.merchant, shop.customer, sku=sku)
        assert made(shop.merchant.get(f"/skus/{sku['id']}"))["status"] == 0
        shop.play(shop.world.ask(shop.customer, order), ("agree",))
        after = made(shop.merchant.get(f"/skus/{sku['id']}"))
        assert after == {**sku, "updated_at": after["updated_at"]}

    def test_a_buyer_who_withdrew_may_ask_again(self, shop, sql):
        order = shop.world.order(shop.merchant, shop.customer, 2)
        first = shop.world.ask(shop.customer, order)
        shop.play(first, ("withdraw",))
        second = shop.world.ask(shop.customer, order)
        assert made(shop.customer.get(f"/orders/{order['id']}"))["after_care_id"] == second["id"] != first["id"]

    def test_an_order_whose_refund_was_refused_before_shipping_is_shipped_and_received(self, shop, sql):
        order = shop.world.order(shop.merchant, shop.customer, 0)
        shop.play(shop.world.ask(shop.customer, order), ("refuse",))
        shop.world.ship(shop.merchant, order)
        assert made(shop.customer.post(f"/orders/{order['id']}/receive"))["status"] == 2

    def test_nothing_is_returned_that_was_not_shipped(self, shop, sql):
        order_id = shop.order_at(sql, "to_ship")["id"]
        before = stored(sql, order_id)
        answer = shop.customer.post(f"/orders/{order_id}/except-orders", {"except_type": RETURN, "back_reason": "不想要了"})
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_return")
        assert stored(sql, order_id) == before

    @pytest.mark.parametrize("body", [{}, {"remark": ""}, {"remark": "  "}, {"remark": None}])
    def test_a_refusal_says_why(self, shop, sql, body):
        ticket = shop.ticket_at("applied for a return")
        before = stored(sql, ticket["order_id"])
        answer = shop.merchant.post(f"/except-orders/{ticket['id']}/refuse", body)
        assert answer.status_code == 422
        assert stored(sql, ticket["order_id"]) == before


class TestRefund:
    @pytest.mark.parametrize(
        ("back_cost", "status", "code"),
        [
            (0, 422, "refund_zero"),
            (-1, 422, "invalid_input"),
            (1.234, 422, "invalid_input"),
            ("5", 422, "invalid_input"),
            (9.91, 409, "refund_too_large"),
        ],
    )
    def test_an_amount_that_is_no_refund_is_refused(self, shop, sql, back_cost, status, code):
        order_id = shop.order_at(sql, "completed")["id"]
        before = stored(sql, order_id)
        body = {"except_type": REFUND, "back_reason": "不想要了"}
        answer = shop.customer.post(f"/orders/{order_id}/except-orders", {**body, "back_cost": back_cost})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert stored(sql, order_id) == before

        ticket = made(shop.customer.post(f"/orders/{order_id}/except-orders", body), 201)
        before = stored(sql, order_id)
        answer = shop.move_ticket(ticket, "agree", back_cost=back_cost)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert stored(sql, order_id) == before

    @pytest.mark.parametrize(
        ("asked", "agreed", "settled"),
        [
            ({}, {}, 29.7),
            ({"back_cost": 29.7}, {}, 29.7),
            ({"back_cost": 0.01}, {}, 0.01),
            ({"back_cost": 10}, {}, 10),
            ({"back_cost": 10}, {"back_cost": 7.5}, 7.5),
            ({"back_cost": 10}, {"back_cost": 29.7}, 29.7),
            ({}, {"back_cost": 0.01}, 0.01),
        ],
    )
    @pytest.mark.parametrize(("except_type", "rest"), [(REFUND, ()), (RETURN, ("return", "receive"))])
    def test_what_was_paid_is_refunded_unless_less_was_asked_or_agreed(
        self, shop, sql, except_type, rest, asked, agreed, settled
    ):
        order = shop.world.order(shop.merchant, shop.customer, 2, num=3)
        ticket = shop.world.ask(shop.customer, order, except_type, **asked)
        assert ticket["back_cost"] == asked.get("back_cost", order["pay_count"])
        answer = made(shop.merchant.post(f"/except-orders/{ticket['id']}/agree", agreed))
        if settled < ticket["back_cost"]:  # is only offered
            assert (answer["step"], answer["back_cost"], answer["offer"]["back_cost"]) == (
                "offered",
                ticket["back_cost"],
                settled,
            )
            shop.play(ticket, ("accept",))
        shop.play(ticket, rest)
        after = stored(sql, order["id"])
        assert after["tickets"][0]["back_cost"] == settled
        ends = settled == 29.7 or except_type == RETURN  # all the money, or all the pieces
        assert (after["order"]["pay_count"], after["order"]["status"]) == (29.7, 3 if ends else 2)

    @pytest.mark.parametrize(
        ("except_type", "stood", "restock"),
        [(REFUND, 0, False), (REFUND, 1, True), (REFUND, 2, True), (RETURN, 1, True), (RETURN, 1, False), (RETURN, 2, True)],
    )
    def test_agreeing_can_not_turn_the_rule_of_the_stock(self, shop, sql, except_type, stood, restock):
        order = shop.world.order(shop.merchant, shop.customer, stood)
        ticket = shop.world.ask(shop.customer, order, except_type)
        before = stored(sql, order["id"])
        answer = shop.move_ticket(ticket, "agree", restock=restock)
        assert (answer.status_code, answer.json()["code"]) == (422, "restock_fixed")
        assert stored(sql, order["id"]) == before

    @pytest.mark.parametrize(("stood", "restock"), [(0, True), (1, False), (2, False)])
    def test_agreeing_may_repeat_the_rule_of_the_stock(self, shop, sql, stood, restock):
        order = shop.world.order(shop.merchant, shop.customer, stood)
        made(shop.move_ticket(shop.world.ask(shop.customer, order), "agree", restock=restock))
        assert_stock(sql, order, 100 if restock else 99)


def assert_stock(sql: Callable[..., Any], order: dict[str, Any], expected: int) -> None:
    """The SKU of the order has `expected` of its first 100 again; the movements add up, the goods came back once or never."""
    ((stock, moved),) = sql(
        "SELECT stock, (SELECT sum(delta) FROM stock_movement WHERE sku_id = sku.id) FROM sku WHERE id = %s", order["sku_id"]
    )
    back = sql("SELECT delta FROM stock_movement WHERE reference = %s AND delta > 0", order["order_number"])
    assert stock == moved == expected
    assert back == ([(order["num"],)] if expected == 100 else [])


class TestOneWriter:
    """No statement outside services/lifecycle/engine.py writes the status of an order or a ticket, but for their births."""

    WRITERS = ("update", "insert")
    BIRTH = re.compile(r"literal\((LIFECYCLE|ORDERS|TICKETS)\.opening\((verb)?\)\)")

    def test_only_the_lifecycle_assigns_a_status(self):
        births = set()
        for path in sorted((ROOT / "app").rglob("*.py")):
            if path == ROOT / "app/services/lifecycle/engine.py":
                continue
            module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            for statement in _parsed(path).body:
                for verb in self._writers_in(statement, module):
                    for value in self._statuses_in(statement):
                        assert verb == "insert", f"{module}:{statement.lineno} updates a status"
                        assert self.BIRTH.fullmatch(ast.unparse(value)), f"{module}:{statement.lineno} inserts a status"
                        births.add(module)
        assert births >= {"app.services.orders.placing_sql", "app.services.tickets.births"}

    def test_no_row_object_is_given_a_status(self):
        for path, node in _nodes():
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                assert node.attr != "status", f"{path}:{node.lineno}"

    def test_no_sql_text_writes_an_order_or_a_ticket(self):
        writing = re.compile(r'\b(update|insert\s+into)\s+"?(order|except_order)\b', re.IGNORECASE)
        for path, node in _nodes():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not writing.search(node.value), f"{path}:{node.lineno}"

    def _writers_in(self, statement: ast.stmt, module: str) -> list[str]:
        """The names of the calls in a top-level statement that write one of the two tables."""
        tables = (Order.__table__, ExceptOrder.__table__, Order, ExceptOrder)
        found = []
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.WRITERS and node.args:
                name = ast.unparse(node.args[0]).removesuffix(".__table__")
                table = getattr(importlib.import_module(module), name, None)
                if any(table is one for one in tables):
                    found.append(node.func.id)
        return found

    def _statuses_in(self, statement: ast.stmt) -> list[ast.expr]:
        """What a top-level statement gives to anything called status."""
        found: list[ast.expr] = []
        for node in ast.walk(statement):
            if isinstance(node, ast.keyword) and node.arg == "status":
                found.append(node.value)
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                found += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "status"]
            elif isinstance(node, ast.Assign):
                found += [node.value for target in node.targets if ast.unparse(target).endswith("['status']")]
            elif isinstance(node, ast.Tuple | ast.List):
                found += [item for item in node.elts if isinstance(item, ast.Constant) and item.value == "status"]
        return found


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(_parsed(path)):
            yield path.relative_to(ROOT), node
