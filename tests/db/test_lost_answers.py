"""Answers of the database that are lost after the work was done: sending again settles each, and nothing is done twice."""

import itertools
import time

import pytest

from app.db import pools
from tests.conftest import environment_for, serving
from tests.support.api import Caller, Platform
from tests.support.effort import dice, often
from tests.support.factories import purchase
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.lossy import Lossy

SECONDS = often(3, 60)
CHANCE = 0.02


@pytest.mark.hard
def test_what_is_sent_again_with_its_number_or_key_is_done_once(world, merchant, customer, sql, migrated, tried):
    sku, counted = world.sku(merchant, stock=1_000_000), world.sku(merchant, stock=0)
    orders = [world.order(merchant, customer)["id"] for _ in range(often(20, 100))]
    to_ship = itertools.cycle(orders)
    pools.leave()

    def place(client, key):
        return Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))

    def stock_up(client, key):
        path, body = f"/skus/{counted['id']}/stock", {"delta": 1, "reason": "入库"}
        return Caller(client, "merchant", merchant.token).post(path, body, headers={"Idempotency-Key": key})

    def ship(client, key):
        body = {"logistic_id": 1, "logistic_order_id": f"SF{key[-6:]}"}
        return Caller(client, "merchant", merchant.token).post(f"/orders/{next(to_ship)}/ship", body)

    with Lossy(migrated, dice("lost answers")) as way, serving(environment_for(way.uri)) as url:
        load = Load(url)
        for number in range(3):
            load.start(place, f"order-{number}-")
            load.start(stock_up, f"stock-{number}-")
            load.start(ship, f"ship-{number}-")
        way.chance = CHANCE
        time.sleep(SECONDS)
        way.chance = 0
        done = [key for _, key, _ in load.stop()]
    assert load.faults == []
    assert way.lost > SECONDS
    placed = {number for (number,) in sql('SELECT order_number FROM "order" WHERE sku_id = %s', sku["id"])}
    assert placed == {key for key in done if key.startswith("order")}
    assert sql("SELECT stock FROM sku WHERE id = %s", counted["id"]) == [(sum(key.startswith("stock") for key in done),)]
    assert broken(sql) == {}
    tried("answers of the database lost", way.lost)
