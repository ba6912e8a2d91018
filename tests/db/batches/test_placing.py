"""Orders placed at the same time: one transaction, each as if it had come alone."""

import itertools
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from app.db import batching
from tests.support.batches import codes, in_progress, transactions
from tests.support.factories import made, purchase
from tests.support.waiting import WAITING, eventually

MOVEMENTS = "SELECT stock_after FROM stock_movement WHERE sku_id = %s ORDER BY id"


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
