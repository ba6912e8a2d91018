"""Moves of one ticket at once: one wins."""

import pytest

from tests.support.factories import RETURN, made
from tests.support.racing import RACERS, ROUNDS, assert_refunded_once, codes, events_of, stock_of

pytestmark = pytest.mark.hard
PARCEL = {"logistics_id": 2, "tracking_number": "YT123"}


def test_a_merchant_agrees_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, num=3)
        ticket = world.ask(customer, order)
        answers = race.run([(merchant, f"/except-orders/{ticket['id']}/agree", {})] * RACERS)
        assert codes(answers) == {200: 1, "ticket_refunded": RACERS - 1}
        assert_refunded_once(sql, order, "agree", from_status=0)


def test_a_merchant_receives_the_goods_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        ticket = world.ticket(merchant, customer, "awaiting_receipt", num=3)
        answers = race.run([(merchant, f"/except-orders/{ticket['id']}/receive", {})] * RACERS)
        assert codes(answers) == {200: 1, "ticket_refunded": RACERS - 1}
        assert_refunded_once(sql, made(merchant.get(f"/orders/{ticket['order_id']}")), "receive", from_status=1)


def test_a_merchant_refuses_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        order = world.order(merchant, customer)
        ticket = world.ask(customer, order)
        answers = race.run([(merchant, f"/except-orders/{ticket['id']}/refuse", {"remark": "已备货"})] * RACERS)
        assert codes(answers) == {200: 1, "ticket_refused": RACERS - 1}
        events = events_of(sql, order["id"])
        assert events["refuse", "except_order", 0, 2] == events["refuse", "order", -1, 0] == 1
        assert stock_of(sql, order["sku_id"]) == 99


def test_goods_are_sent_back_once_and_their_parcel_corrected_after(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        ticket = world.ticket(merchant, customer, "awaiting_return")
        path = f"/except-orders/{ticket['id']}"
        numbers = [f"SF{number}" for number in range(RACERS)]
        parcels = [{"logistics_id": 1, "tracking_number": number} for number in numbers]
        answers = race.run([(customer, f"{path}/return", parcel) for parcel in parcels])
        assert codes(answers) == {200: RACERS}
        assert {answer.json()["deliver_time"] for answer in answers} == {made(customer.get(path))["deliver_time"]}
        sent = sql(
            """SELECT tracking_number FROM event JOIN return_parcel p ON p.id = (details->>'logistics_order_id')::int
            WHERE order_id = %s AND verb = 'return' ORDER BY event.id""",
            ticket["order_id"],
        )
        assert sorted(number for (number,) in sent) == numbers
        assert made(customer.get(path))["return_parcel"]["tracking_number"] == sent[-1][0]


def test_a_buyer_withdraws_once(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        ticket = world.ticket(merchant, customer)
        answers = race.run([(customer, f"/except-orders/{ticket['id']}/withdraw", None)] * RACERS)
        assert codes(answers) == {200: 1, "ticket_withdrawn": RACERS - 1}
        events = events_of(sql, ticket["order_id"])
        assert events["withdraw", "except_order", 0, 0] == events["withdraw", "order", -1, 2] == 1


def test_agreeing_refusing_and_withdrawing_at_once_one_wins(race, world, merchant, customer, sql):
    ends = {"agree": (1, 3, 100), "refuse": (2, 0, 99), "withdraw": (0, 0, 99)}
    refusals = {"agree": "ticket_refunded", "refuse": "ticket_refused", "withdraw": "ticket_withdrawn"}
    for _ in range(2 * ROUNDS):
        order = world.order(merchant, customer)
        path = f"/except-orders/{world.ask(customer, order)['id']}"
        acts = [(merchant, "agree", {}), (merchant, "refuse", {"remark": "已备货"}), (customer, "withdraw", None)]
        verbs = [verb for _, verb, _ in acts] * 3
        answers = race.run([(caller, f"{path}/{verb}", body) for caller, verb, body in acts] * 3)
        (won,) = [verb for verb, answer in zip(verbs, answers, strict=True) if answer.is_success]
        assert codes(answers) == {200: 1, refusals[won]: len(verbs) - 1}
        ticket, after = made(merchant.get(path)), made(merchant.get(f"/orders/{order['id']}"))
        assert (ticket["status"], after["status"], stock_of(sql, order["sku_id"])) == ends[won]


def test_withdrawing_as_the_goods_are_sent_back_one_wins(race, world, merchant, customer):
    for _ in range(ROUNDS):
        ticket = world.ticket(merchant, customer, "awaiting_return", except_type=RETURN)
        path = f"/except-orders/{ticket['id']}"
        acts = [(customer, f"{path}/withdraw", None), (customer, f"{path}/return", PARCEL)] * (RACERS // 2)
        answers = race.run(acts)
        steps = [answer.json()["step"] for answer in answers if answer.is_success]
        (won,) = set(steps)
        refusal = {"withdrawn": "ticket_withdrawn", "awaiting_receipt": "ticket_awaiting_receipt"}[won]
        right = 1 if won == "withdrawn" else RACERS // 2
        assert codes(answers) == {200: right, refusal: RACERS - right}
        assert made(customer.get(path))["step"] == won
        status = made(customer.get(f"/orders/{ticket['order_id']}"))["status"]
        assert (won, status) in {("withdrawn", 2), ("awaiting_receipt", -1)}
