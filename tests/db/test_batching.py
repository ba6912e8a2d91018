"""What comes at the same time is done in one transaction, each part of it as if it had come alone."""

import asyncio
import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import psycopg2
import pytest

from app.db import batching
from app.db.async_driver import on_loop
from app.db.batching import MicroBatches
from tests.support.api import Caller, Platform
from tests.support.factories import REFUND, as_told, made, purchase
from tests.support.waiting import WAITING, eventually

TRANSACTIONS = 'SELECT count(DISTINCT xmin::text) FROM "order" WHERE id = ANY(%s)'
MOVEMENTS = "SELECT stock_after FROM stock_movement WHERE sku_id = %s ORDER BY id"


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served(), timeout=30, limits=httpx.Limits(max_connections=None)) as client:
        yield client


@pytest.fixture
def platform(client):
    return Platform(client, "platform")


@pytest.fixture
def blocked(migrated):
    """Holds what a statement locks, so that who wants it waits."""

    @contextmanager
    def hold(statement, *values):
        blocker = psycopg2.connect(migrated)
        with blocker.cursor() as cursor:
            cursor.execute(statement, values)
            yield blocker
        blocker.close()

    return hold


@pytest.fixture
def gathered(client, sql, blocked):
    """Sends requests so that they are one batch: while one before them waits. Their answers, after that one's."""

    def send(before, acts):
        with blocked("LOCK TABLE event IN SHARE MODE") as blocker, ThreadPoolExecutor(len(acts) + 1) as pool:
            answers = [pool.submit(before)]
            eventually(lambda: sql(WAITING))
            answers += [pool.submit(act) for act in acts]
            eventually(lambda: in_progress(client) == len(acts) + 2)
            blocker.commit()
            return [answer.result() for answer in answers]

    return send


@pytest.fixture
def at_once(platform, world, customer, gathered):
    """Places orders in one batch; the answers."""
    before = purchase(world.sku(world.merchant())["id"], customer.id)

    def place(bodies):
        first, *answers = gathered(*to_place(before), to_place(*bodies))
        made(first, 201)
        return answers

    def to_place(*bodies):
        return [partial(platform.post, "/orders", body) for body in bodies]

    return place


def in_progress(client):
    """How many requests the server is answering, this one too."""
    name = "meta_be_http_requests_in_progress "
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def transactions(sql, orders):
    """How many transactions wrote these orders last."""
    [(number,)] = sql(TRANSACTIONS, [order["id"] for order in orders])
    return number


def codes(answers):
    return [answer.status_code if answer.is_success else answer.json()["code"] for answer in answers]


class TestPlacing:
    def test_they_share_a_transaction_and_each_is_as_it_was_sold(self, at_once, world, merchant, customer, sql):
        skus = [world.sku(merchant, stock=20, price=price) for price in (9.9, 0.1, 1234.56)]
        pairs = itertools.product((1, 2), skus)
        bodies = [purchase(sku["id"], customer.id, num=num, receiver_name=f"买家{num}") for num, sku in pairs]
        bodies[0] |= {"pay_count": 0.01, "create_time": 1_700_000_000}
        answers = at_once(bodies)
        for body, answer in zip(bodies, answers, strict=True):
            order = made(answer, 201)
            assert {name: order[name] for name in body} == body
            [event] = made(merchant.get(f"/orders/{order['id']}/events"))["items"]
            assert (event["verb"], event["request_id"]) == ("place", answer.headers["x-request-id"])
        assert [answer.json()["pay_count"] for answer in answers] == [0.01, 0.1, 1234.56, 19.8, 0.2, 2469.12]
        assert transactions(sql, [answer.json() for answer in answers]) < len(answers)
        for sku in skus:
            [first, (between,), last] = sql(MOVEMENTS, sku["id"])
            assert (first, last) == ((20,), (17,))
            assert between in (18, 19)  # whichever came first
            assert made(merchant.get(f"/skus/{sku['id']}"))["stock"] == 17

    def test_a_refused_one_stops_no_other(self, at_once, world, merchant, customer, sql):
        sku, large = world.sku(merchant, stock=5), world.sku(merchant, stock=100)
        closed = world.merchant()
        removed = world.sku(closed)
        assert closed.delete(f"/skus/{removed['id']}").status_code == 204
        made(world.admin().post(f"/users/{closed.id}/disable"))
        good = [purchase(large["id"], customer.id) for _ in range(3)]
        answers = at_once(
            [
                good[0],
                purchase(2**31 - 1, customer.id),
                purchase(large["id"], 2**31 - 1),
                good[1],
                purchase(removed["id"], customer.id),
                purchase(sku["id"], customer.id, num=6),
                purchase(large["id"], customer.id, create_time=int(time.time()) + 3600),
                good[2],
            ]
        )
        refused = ["unknown_sku", "unknown_customer", 201, 201, "out_of_stock", "future_time", 201]
        assert codes(answers) == [201, *refused]
        assert [answer.json()["errors"][0]["field"] for answer in (answers[1], answers[2])] == ["sku_id", "customer_id"]
        assert transactions(sql, [answer.json() for answer in answers if answer.is_success]) < len(good)
        assert sql(MOVEMENTS, sku["id"]) == [(5,)]
        assert sql(MOVEMENTS, large["id"]) == [(100,), (99,), (98,), (97,)]

    def test_the_last_ones_go_to_whom_they_suffice_for(self, at_once, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=4)
        answers = at_once([purchase(sku["id"], customer.id, num=num) for num in (5, 3, 3, 1)])
        sold = [answer.json()["num"] for answer in answers if answer.is_success]
        assert Counter(codes(answers)) == {201: len(sold), "out_of_stock": 4 - len(sold)}
        assert sum(sold) == 4
        assert made(merchant.get(f"/skus/{sku['id']}"))["stock"] == 0
        assert sql("SELECT sum(delta) FROM stock_movement WHERE sku_id = %s", sku["id"]) == [(0,)]

    def test_the_same_number_is_one_order(self, at_once, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=10)
        body = purchase(sku["id"], customer.id)
        answers = at_once([body, body, {**body, "num": 2}, {**body, "num": 2}, purchase(sku["id"], customer.id)])
        assert answers[4].status_code == 201
        [sold] = [answer.json() for answer in answers[:4] if answer.status_code == 201]
        again = [answer.json() for answer in answers[:4] if answer.status_code == 200]
        assert again == [sold]
        assert codes(answers).count("order_differs") == 2
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(10 - sold["num"] - 1,)]

    def test_repeated_ones_are_answered_beside_new_ones(self, at_once, platform, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=10)
        old = [purchase(sku["id"], customer.id) for _ in range(3)]
        first = [made(platform.post("/orders", body), 201) for body in old]
        answers = at_once([*old, {**old[0], "num": 2}, purchase(sku["id"], customer.id)])
        assert codes(answers) == [200, 200, 200, "order_differs", 201]
        assert [answer.json() for answer in answers[:3]] == first
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(6,)]

    def test_low_stock_is_told_by_the_one_that_crosses(self, at_once, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=14)
        answers = at_once([purchase(sku["id"], customer.id, num=2) for _ in range(4)])
        [(details, request_id)] = sql("SELECT details, request_id FROM event WHERE verb = 'low_stock'")
        assert details == {"stock": 10, "threshold": 10}
        [reference] = sql("SELECT reference FROM stock_movement WHERE sku_id = %s AND stock_after = 10", sku["id"])
        [crossed] = [answer for answer in answers if answer.json()["order_number"] == reference[0]]
        assert request_id == crossed.headers["x-request-id"]

    def test_more_than_a_batch_holds_are_placed_by_several(self, at_once, world, merchant, customer, sql):
        sku = world.sku(merchant, stock=1000)
        bodies = [purchase(sku["id"], customer.id) for _ in range(batching.MOST + 20)]
        answers = at_once(bodies)
        assert codes(answers) == [201] * len(bodies)
        assert 2 <= transactions(sql, [answer.json() for answer in answers]) < len(bodies) / 10
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(1000 - len(bodies),)]


class TestPlacingBesideOthers:
    def test_a_locked_sku_holds_up_no_other(self, platform, world, merchant, customer, sql, blocked):
        locked, free = world.sku(merchant), world.sku(merchant)
        with blocked("SELECT FROM sku WHERE id = %s FOR UPDATE", locked["id"]) as blocker, ThreadPoolExecutor(5) as pool:
            bodies = [purchase(locked["id"], customer.id) for _ in range(5)]
            waiting = [pool.submit(platform.post, "/orders", body) for body in bodies]
            eventually(lambda: sql(WAITING))
            for _ in range(5):
                made(platform.post("/orders", purchase(free["id"], customer.id)), 201)
            assert not any(answer.done() for answer in waiting)
            blocker.commit()
            assert codes([answer.result() for answer in waiting]) == [201] * 5
        assert sql("SELECT stock FROM sku WHERE id = %s", locked["id"]) == [(95,)]

    def test_what_somebody_else_makes_of_the_same_number_meanwhile_spoils_no_other(
        self, platform, world, merchant, customer, sql, blocked
    ):
        sku = world.sku(merchant)
        old = made(platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        taken = purchase(sku["id"], customer.id)
        columns = "business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time"
        columns += ", receiver_name, receiver_phone, receiver_address"
        copied = f'INSERT INTO "order" (order_number, status, {columns}) SELECT %s, 0, {columns} FROM "order" WHERE id = %s'
        with blocked(copied, taken["order_number"], old["id"]) as blocker, ThreadPoolExecutor(3) as pool:
            bodies = [taken, *(purchase(sku["id"], customer.id) for _ in range(2))]
            waiting = [pool.submit(platform.post, "/orders", body) for body in bodies]
            eventually(lambda: sql(WAITING))
            blocker.commit()
            assert codes([answer.result() for answer in waiting]) == ["order_differs", 201, 201]
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(97,)]

    def test_a_connection_that_is_lost_under_way_is_told_to_all_and_nothing_is_placed(
        self, client, platform, world, merchant, customer, sql, blocked
    ):
        sku = world.sku(merchant)
        bodies = [purchase(sku["id"], customer.id) for _ in range(4)]
        with blocked("LOCK TABLE event IN SHARE MODE") as blocker, ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(platform.post, "/orders", body) for body in bodies]
            eventually(lambda: in_progress(client) == 5)
            terminate = f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS waiting"
            eventually(lambda: sql(terminate) is not None and all(answer.done() for answer in waiting), 30)
            assert codes([answer.result() for answer in waiting]) == ["unavailable"] * 4
            blocker.commit()
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(100,)]
        assert codes([platform.post("/orders", body) for body in bodies]) == [201] * 4


class TestMoves:
    @pytest.fixture
    def shipped(self, client, world, customer, gathered):
        """Ships orders in one batch, of (merchant, order, tracking number); the answers."""
        other = world.merchant()
        before = other, world.order(other, customer), "SF0"

        def ship(shipments):
            first, *answers = gathered(*to_ship(before), to_ship(*shipments))
            made(first)
            return answers

        def to_ship(*shipments):
            return [
                partial(
                    Caller(client, "merchant", merchant.token).post,
                    f"/orders/{order['id']}/ship",
                    {"logistic_id": 1, "logistic_order_id": number},
                )
                for merchant, order, number in shipments
            ]

        return ship

    def test_each_is_made_by_who_asked_for_it(self, shipped, world, customer, sql):
        shops = [world.merchant(), world.merchant()]
        shipments = [(shop, world.order(shop, customer), f"SF{n}") for n, shop in enumerate(shops * 3, start=1)]
        answers = shipped(shipments)
        for (shop, order, number), answer in zip(shipments, answers, strict=True):
            after = made(answer)
            assert (after["id"], after["status"], after["logistic_order_id"]) == (order["id"], 1, number)
            assert after["logistic_name"] == "顺丰速运"
            assert after == as_told(after, made(shop.get(f"/orders/{order['id']}")))
            event = made(shop.get(f"/orders/{order['id']}/events"))["items"][0]
            assert (event["verb"], event["actor_kind"], event["actor_id"]) == ("ship", "merchant", shop.id)
            assert (event["from_status"], event["to_status"]) == (0, 1)
            assert event["details"]["logistic_order_id"] == number
            assert event["request_id"] == answer.headers["x-request-id"]
        assert transactions(sql, [order for _, order, _ in shipments]) < len(shipments)

    @pytest.mark.parametrize("first", [True, False], ids=["before the owner", "after the owner"])
    def test_nobody_ships_or_sees_the_order_of_another(self, shipped, world, merchant, customer, sql, first):
        order, intruder = world.order(merchant, customer), world.merchant()
        mine = world.order(intruder, customer)
        theirs = [(intruder, order, "EVIL"), (merchant, order, "SF1")]
        answers = shipped([*(theirs if first else theirs[::-1]), (intruder, mine, "SF2")])
        refused, owned = answers[:2] if first else answers[1::-1]
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert made(owned)["logistic_order_id"] == "SF1"
        assert made(answers[2])["id"] == mine["id"]
        moves = sql("SELECT actor_id FROM event WHERE order_id = %s AND verb = 'ship'", order["id"])
        assert moves == [(merchant.id,)]

    def test_who_may_not_stops_no_other(self, shipped, world, merchant, customer):
        gone, disabled = world.merchant(), world.merchant()
        orders = [world.order(shop, customer) for shop in (merchant, gone, disabled, merchant)]
        assert gone.post("/logout").status_code == 204
        made(world.admin().post(f"/users/{disabled.id}/disable"))
        asking = world.order(merchant, customer)
        world.ask(customer, asking, REFUND)
        answers = shipped(
            [
                (gone, orders[1], "SF1"),
                (merchant, orders[0], "SF2"),
                (disabled, orders[2], "SF3"),
                (merchant, asking, "SF4"),
                (merchant, {"id": 2**31 - 1}, "SF5"),
                (merchant, orders[3], "SF6"),
            ]
        )
        assert codes(answers) == ["not_authenticated", 200, "disabled", "order_refunding", "not_found", 200]
        assert answers[3].json()["actions"] == []
        assert made(merchant.get(f"/orders/{asking['id']}"))["status"] == -1

    def test_the_same_order_twice_is_shipped_once_and_corrected_once(self, shipped, world, merchant, customer, sql):
        order = world.order(merchant, customer)
        answers = shipped([(merchant, order, "SF1"), (merchant, order, "SF2")])
        assert codes(answers) == [200, 200]
        moves = sql("SELECT from_status, to_status FROM event WHERE order_id = %s AND verb = 'ship' ORDER BY id", order["id"])
        assert moves == [(0, 1), (1, 1)]

    def test_what_buyers_receive(self, client, world, merchant, gathered, sql):
        buyers = [world.customer() for _ in range(4)]
        orders = [world.order(merchant, buyer, 1) for buyer in buyers]
        asked = [*zip(buyers, orders, strict=True), (buyers[1], orders[2])]
        acts = [
            partial(Caller(client, "customer", buyer.token).post, f"/orders/{order['id']}/receive") for buyer, order in asked
        ]
        answers = gathered(acts[0], acts[1:])
        assert codes(answers) == [200, 200, 200, 200, "not_found"]
        assert [answer.json()["id"] for answer in answers[:4]] == [order["id"] for order in orders]
        assert transactions(sql, orders[1:]) < len(orders[1:])
        events = sql("SELECT order_id, actor_id FROM event WHERE verb = 'receive' ORDER BY order_id")
        assert events == [(order["id"], buyer.id) for buyer, order in zip(buyers, orders, strict=True)]

    def test_a_locked_order_holds_up_no_other(self, client, world, merchant, customer, sql, blocked):
        locked, *free = [world.order(merchant, customer) for _ in range(5)]
        shop = Caller(client, "merchant", merchant.token)

        def ship(order):
            return shop.post(f"/orders/{order['id']}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"})

        with blocked('SELECT FROM "order" WHERE id = %s FOR UPDATE', locked["id"]) as blocker, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ship, locked)
            eventually(lambda: sql(WAITING))
            assert codes([ship(order) for order in free]) == [200] * 4
            assert not waiting.done()
            blocker.commit()
            assert made(waiting.result())["status"] == 1


class TestMicroBatches:
    def test_who_leaves_before_it_begins_has_asked_for_nothing(self):
        done = []

        def act(asked):
            done.append(asked)
            return [each * 2 for each in asked]

        async def ask():
            doubled = MicroBatches(act)
            asking = [asyncio.create_task(on_loop(doubled.do, number)) for number in range(3)]
            await asyncio.sleep(0)
            asking[1].cancel()
            return await asyncio.gather(*asking, return_exceptions=True)

        first, left, last = asyncio.run(ask())
        assert (first, type(left), last) == (0, asyncio.CancelledError, 4)
        assert done == [[0, 2]]

    def test_an_error_is_told_to_all_and_the_next_batch_is_done(self):
        def act(asked):
            if "bad" in asked:
                raise ValueError
            return asked

        async def ask(*words):
            return await asyncio.gather(*(on_loop(echo.do, word) for word in words), return_exceptions=True)

        echo = MicroBatches(act)
        assert [type(told) for told in asyncio.run(ask("good", "bad"))] == [ValueError, ValueError]
        assert asyncio.run(ask("good", "better")) == ["good", "better"]
