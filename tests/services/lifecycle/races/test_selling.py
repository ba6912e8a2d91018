"""Purchases of the same goods at once: what is in stock is sold, and nothing twice."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.support.api import Platform
from tests.support.effort import often
from tests.support.factories import made, purchase
from tests.support.racing import CLIENTS, RACERS, ROUNDS, codes, stock_of

pytestmark = pytest.mark.hard
STOCK, PURCHASES = 500, 640
SALES = pytest.mark.parametrize("sale", range(often(1, 20)))


@SALES
def test_what_is_in_stock_is_sold_and_no_more(race, world, customer, sql, sale):
    merchant = world.merchant()
    sku = world.sku(merchant, stock=STOCK, price=0.1)
    gate = Barrier(CLIENTS)

    def buy(client: httpx.Client) -> list[httpx.Response]:
        platform = Platform(client, "platform")
        gate.wait()
        return [platform.post("/orders", purchase(sku["id"], customer.id)) for _ in range(PURCHASES // CLIENTS)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(itertools.chain.from_iterable(pool.map(buy, race.crowd(PURCHASES))))

    assert codes(answers) == {201: STOCK, "out_of_stock": PURCHASES - STOCK}
    assert stock_of(sql, sku["id"]) == 0
    assert made(merchant.get(f"/skus/{sku['id']}"))["status"] == 0
    assert sql('SELECT count(*), count(DISTINCT order_number), sum(num) FROM "order" WHERE sku_id = %s', sku["id"]) == [
        (STOCK, STOCK, STOCK)
    ]
    assert sql("SELECT min(stock_after), count(*) FROM stock_movement WHERE sku_id = %s", sku["id"]) == [(0, STOCK + 1)]
    assert made(merchant.get("/orders/counts"))["0"] == STOCK


@SALES
def test_many_skus_in_any_order_are_sold_to_the_last_one(race, world, merchant, customer, sql, sale):
    skus = [world.sku(merchant, stock=CLIENTS // 2 + n) for n in range(6)]
    gate = Barrier(CLIENTS)

    def buy(client: httpx.Client, number: int) -> list[httpx.Response]:
        platform = Platform(client, "platform")
        turn = skus[number % 6 :] + skus[: number % 6]
        gate.wait()
        return [platform.post("/orders", purchase(sku["id"], customer.id)) for sku in turn[:: 1 if number % 2 else -1]]

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(itertools.chain.from_iterable(pool.map(buy, race.crowd(6 * CLIENTS), range(CLIENTS))))

    sold = sum(sku["stock"] for sku in skus)
    assert codes(answers) == {201: sold, "out_of_stock": 6 * CLIENTS - sold}
    assert [stock_of(sql, sku["id"]) for sku in skus] == [0] * 6
    assert sql('SELECT count(*) FROM "order" WHERE sku_id = ANY(%s)', [sku["id"] for sku in skus]) == [(sold,)]


@pytest.mark.parametrize("stock", [100, 1])
def test_one_order_number_is_one_order(race, world, merchant, customer, sql, stock):
    for _ in range(ROUNDS):
        sku = world.sku(merchant, stock=stock)
        sale = purchase(sku["id"], customer.id)
        answers = race.run([(world.api.platform, "/orders", sale)] * RACERS)
        assert codes(answers) == {201: 1, 200: RACERS - 1}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert stock_of(sql, sku["id"]) == stock - 1


def test_one_order_number_for_two_sales_is_the_first_of_them(race, world, merchant, customer, sql):
    sku = world.sku(merchant)
    sale = purchase(sku["id"], customer.id)
    sales = [sale, {**sale, "num": 2}] * (RACERS // 2)
    answers = race.run([(world.api.platform, "/orders", one) for one in sales])
    assert codes(answers) == {201: 1, 200: RACERS // 2 - 1, "order_differs": RACERS // 2}
    ((sold,),) = sql('SELECT num FROM "order" WHERE sku_id = %s', sku["id"])
    assert stock_of(sql, sku["id"]) == 100 - sold


def test_selling_while_the_merchant_restocks_loses_nothing(race, world, merchant, customer, sql):
    sku = world.sku(merchant, stock=RACERS)
    sell = [(world.api.platform, "/orders", purchase(sku["id"], customer.id)) for _ in range(RACERS)]
    fill = [(merchant, f"/skus/{sku['id']}/stock", {"delta": 5, "reason": "入库"})] * RACERS
    assert codes(race.run(sell + fill)) == {201: RACERS, 200: RACERS}
    assert stock_of(sql, sku["id"]) == 5 * RACERS
