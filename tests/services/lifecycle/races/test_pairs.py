"""Two things that exclude each other, at once: a deadline and a buyer, an import and a purchase, staff and a merchant."""

import io
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.services.sweeping import sweep
from tests.support.factories import made, purchase
from tests.support.invariants import broken
from tests.support.racing import ALIKE, ASKED, RACERS, ROUNDS, codes, stock_of

pytestmark = pytest.mark.hard
DAY = 86400
SHIP = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}


def test_the_deadline_and_the_buyer_receive_an_order_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, 1)
        with ThreadPoolExecutor(1) as worker:
            swept = worker.submit(sweep.sweep, int(time.time()) + 11 * DAY)
            answers = race.run([(customer, f"/orders/{order['id']}/receive", None)] * RACERS)
            swept.result()
        received = sql("SELECT actor_kind FROM event WHERE order_id = %s AND verb = 'receive'", order["id"])
        assert received in ([("customer",)], [("system",)])
        won = int(received == [("customer",)])
        assert codes(answers) == Counter({200: won, "order_completed": RACERS - won})
    assert broken(sql) == {}


def test_the_deadline_and_the_buyer_end_a_return_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        ticket = world.ticket(merchant, customer, "awaiting_return")
        path = f"/except-orders/{ticket['id']}"
        parcel = {"logistics_id": 2, "tracking_number": "YT123"}
        acts = [(customer, f"{path}/return", parcel), (customer, f"{path}/withdraw", None)] * (RACERS // 2)
        with ThreadPoolExecutor(1) as worker:
            swept = worker.submit(sweep.sweep, int(time.time()) + 8 * DAY)
            answers = race.run(acts)
            swept.result()
        steps = {answer.json()["step"] for answer in answers if answer.is_success} or {"lapsed"}
        assert {made(customer.get(path))["step"]} == steps
    assert broken(sql) == {}


def test_an_import_and_purchases_lose_no_piece(race, clients, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        sku = world.sku(merchant, stock=100)
        sheet = f"sku_id,stock,expected_stock\n{sku['id']},50,100\n".encode()

        def bring(content=sheet):
            racer = type(merchant)(clients[0], merchant.audience, merchant.token)
            return racer.call("POST", "/skus/import", files={"file": ("skus.csv", io.BytesIO(content), "text/csv")})

        with ThreadPoolExecutor(1) as other:
            brought = other.submit(bring)
            sell = [(world.api.platform, "/orders", purchase(sku["id"], customer.id)) for _ in range(RACERS)]
            answers = race.run(sell)
            refused = made(brought.result())["failed"]
        assert codes(answers) == {201: RACERS}
        assert stock_of(sql, sku["id"]) == (100 if refused else 50) - RACERS
    assert broken(sql) == {}


def test_a_merchant_who_is_disabled_ships_no_more(race, world, customer, sql):
    admin = world.admin()
    for _ in range(ROUNDS):
        merchant = world.merchant()
        orders = [world.order(merchant, customer) for _ in range(RACERS)]
        ships = [(merchant, f"/orders/{order['id']}/ship", SHIP) for order in orders]
        disable = (admin, f"/users/{merchant.id}/disable", None)
        answers = race.run([*ships[: RACERS // 2], disable, *ships[RACERS // 2 :]])
        assert answers[RACERS // 2].status_code == 200
        shipped = codes([answer for answer in answers if answer is not answers[RACERS // 2]])
        assert set(shipped) <= {200, "disabled"}
        late = race.run(ships)
        assert codes(late) == {"disabled": RACERS}
        counted = sql('SELECT count(*) FROM "order" WHERE business_id = %s AND status = 1', merchant.id)
        assert counted == [(shipped[200],)]
    assert broken(sql) == {}


def test_the_same_key_sent_many_times_is_one_ticket(race, world, merchant, customer, sql):
    for number in range(ROUNDS):
        order = world.order(merchant, customer)
        act = (customer, f"/orders/{order['id']}/except-orders", ASKED)
        answers = race.run([act] * ALIKE, headers={"Idempotency-Key": f"ask-{order['id']}-{number}"})
        assert set(codes(answers)) <= {201, "still_running"}
        assert len({answer.json()["id"] for answer in answers if answer.is_success}) == 1
        assert sql("SELECT count(*) FROM except_order WHERE order_id = %s", order["id"]) == [(1,)]


def test_one_number_with_many_bodies_is_one_order(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        sku = world.sku(merchant, stock=1000)
        sale = purchase(sku["id"], customer.id)
        answers = race.run([(world.api.platform, "/orders", {**sale, "num": number}) for number in range(1, ALIKE + 1)])
        assert codes(answers) == {201: 1, "order_differs": ALIKE - 1}
        ((sold,),) = sql('SELECT num FROM "order" WHERE sku_id = %s', sku["id"])
        assert stock_of(sql, sku["id"]) == 1000 - sold
    assert broken(sql) == {}
