"""Moves made at the same time: one transaction, each as if it had come alone."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.api import Caller
from tests.support.batches import codes, transactions
from tests.support.factories import REFUND, as_told, made, new_key, with_key
from tests.support.waiting import WAITING, eventually


def test_each_is_made_by_who_asked_for_it(shipped, world, customer, sql):
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
def test_nobody_ships_or_sees_the_order_of_another(shipped, world, merchant, customer, sql, first):
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


def test_who_may_not_stops_no_other(shipped, world, merchant, customer):
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


def test_a_key_of_the_same_shop_lets_in_no_session_that_ended(shipped, world, merchant, customer):
    machine = with_key(merchant, new_key(merchant)["key"])
    deleted = new_key(merchant)
    late = with_key(merchant, deleted["key"])
    orders = [world.order(merchant, customer) for _ in range(4)]
    assert merchant.delete(f"/api-keys/{deleted['id']}").status_code == 204
    assert merchant.post("/logout").status_code == 204
    callers = [machine, merchant, late, machine]
    answers = shipped([(caller, order, f"SF{order['id']}") for caller, order in zip(callers, orders, strict=True)])
    assert codes(answers) == [200, "not_authenticated", "not_authenticated", 200]


def test_the_same_order_twice_is_shipped_once_and_corrected_once(shipped, world, merchant, customer, sql):
    order = world.order(merchant, customer)
    answers = shipped([(merchant, order, "SF1"), (merchant, order, "SF2")])
    assert codes(answers) == [200, 200]
    moves = sql("SELECT from_status, to_status FROM event WHERE order_id = %s AND verb = 'ship' ORDER BY id", order["id"])
    assert moves == [(0, 1), (1, 1)]


def test_what_buyers_receive(client, world, merchant, gathered, sql):
    buyers = [world.customer() for _ in range(4)]
    orders = [world.order(merchant, buyer, 1) for buyer in buyers]
    asked = [*zip(buyers, orders, strict=True), (buyers[1], orders[2])]
    acts = [partial(Caller(client, "customer", buyer.token).post, f"/orders/{order['id']}/receive") for buyer, order in asked]
    answers = gathered(acts[0], acts[1:])
    assert codes(answers) == [200, 200, 200, 200, "not_found"]
    assert [answer.json()["id"] for answer in answers[:4]] == [order["id"] for order in orders]
    assert transactions(sql, orders[1:]) < len(orders[1:])
    events = sql("SELECT order_id, actor_id FROM event WHERE verb = 'receive' ORDER BY order_id")
    assert events == [(order["id"], buyer.id) for buyer, order in zip(buyers, orders, strict=True)]


def test_a_locked_order_holds_up_no_other(client, world, merchant, customer, sql, blocked):
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
