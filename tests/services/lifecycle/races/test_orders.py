"""Moves of one order at once: each happens once."""

from collections import Counter

import pytest

from tests.support.factories import made
from tests.support.racing import ASKED, RACERS, ROUNDS, codes, events_of

pytestmark = pytest.mark.hard


def test_an_order_is_shipped_once_and_corrected_after(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer)
        numbers = [f"SF{number}" for number in range(RACERS)]
        ship = f"/orders/{order['id']}/ship"
        answers = race.run([(merchant, ship, {"logistic_id": 1, "logistic_order_id": number}) for number in numbers])
        assert codes(answers) == {200: RACERS}
        moves = sql(
            """SELECT from_status, to_status, time, details->>'logistic_order_id'
            FROM event WHERE order_id = %s AND verb = 'ship' ORDER BY id""",
            order["id"],
        )
        assert Counter(move[:2] for move in moves) == {(0, 1): 1, (1, 1): RACERS - 1}
        assert sorted(move[3] for move in moves) == numbers
        after = made(merchant.get(f"/orders/{order['id']}"))
        assert (after["status"], after["logistic_order_id"]) == (1, moves[-1][3])
        assert [after["deliver_time"]] == [move[2] for move in moves if move[0] == 0]


def test_goods_are_received_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, 1)
        answers = race.run([(customer, f"/orders/{order['id']}/receive", None)] * RACERS)
        assert codes(answers) == {200: 1, "order_completed": RACERS - 1}
        assert events_of(sql, order["id"])["receive", "order", 1, 2] == 1
        assert made(customer.get(f"/orders/{order['id']}"))["status"] == 2


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_refund_is_asked_for_once(race, world, merchant, customer, sql, status):
    order = world.order(merchant, customer, status)
    answers = race.run([(customer, f"/orders/{order['id']}/except-orders", ASKED)] * RACERS)
    assert codes(answers) == {201: 1, "open_ticket": RACERS - 1}
    assert sql("SELECT count(*) FROM except_order WHERE order_id = %s", order["id"]) == [(1,)]
    events = events_of(sql, order["id"])
    assert events["apply", "except_order", None, 0] == events["except-orders", "order", status, -1] == 1


def test_an_order_is_not_shipped_once_its_refund_is_asked_for(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer)
        path = f"/orders/{order['id']}"
        ship = (merchant, f"{path}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"})
        answers = race.run([ship, (customer, f"{path}/except-orders", ASKED)] * (RACERS // 2))
        assert codes(answers[1::2]) == {201: 1, "open_ticket": RACERS // 2 - 1}
        shipped = codes(answers[::2])
        assert set(shipped) <= {200, "order_refunding"}
        events = events_of(sql, order["id"])
        corrected = events["ship", "order", 1, 1] + events["ship", "order", -1, -1]
        assert events["ship", "order", 0, 1] + corrected == shipped[200]
        was = 1 if shipped[200] else 0
        assert events["except-orders", "order", was, -1] == 1
        after = made(customer.get(path))
        assert (after["status"], after["deliver_time"] is None) == (-1, was == 0)


def test_receipt_is_put_off_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, 1)
        path = f"/orders/{order['id']}"
        answers = race.run([(merchant, f"{path}/extend", {"days": days}) for days in range(1, RACERS + 1)])
        assert codes(answers) == {200: 1, "already_extended": RACERS - 1}
        (granted,) = [answer.json()["deadline_at"] for answer in answers if answer.is_success]
        assert made(merchant.get(path))["deadline_at"] == granted
        assert events_of(sql, order["id"])["extend", "order", 1, 1] == 1


def test_a_shipment_is_undone_once_and_not_after_receipt(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, 1)
        path = f"/orders/{order['id']}"
        acts = [(merchant, f"{path}/unship", None), (customer, f"{path}/receive", None)] * (RACERS // 2)
        answers = race.run(acts)
        after = made(merchant.get(path))
        refusal = {0: "not_shipped", 2: "order_completed"}[after["status"]]
        assert codes(answers) == {200: 1, refusal: RACERS - 1}
        assert (after["deliver_time"] is None) == (after["status"] == 0)
