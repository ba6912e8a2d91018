"""Money and goods of one order, settled by several at the same moment."""

import pytest

from tests.support.factories import made
from tests.support.invariants import broken
from tests.support.racing import ASKED, RACERS, ROUNDS, codes, stock_of

pytestmark = pytest.mark.hard
REASON = {"reason": "商家未处理"}


@pytest.fixture(scope="class")
def admin(world):
    return world.admin()


def test_an_order_is_cancelled_shipped_or_asked_about(race, world, merchant, customer, sql):
    for _ in range(2 * ROUNDS):
        order = world.order(merchant, customer, num=3)
        path = f"/orders/{order['id']}"
        acts = [
            (merchant, f"{path}/cancel", {"remark": "断货"}),
            (merchant, f"{path}/ship", {"logistic_id": 1, "logistic_order_id": "SF1"}),
            (customer, f"{path}/except-orders", ASKED),
        ] * 3
        answers = race.run(acts)
        cancelled, shipped, asked = (codes(answers[number::3]) for number in range(3))
        assert cancelled[200] + asked[201] == 1
        assert not (cancelled[200] and shipped[200])
        after = made(merchant.get(path))
        assert (after["status"], after["refunded"]) == ((3, 29.7) if cancelled[200] else (-1, 0))
        assert stock_of(sql, order["sku_id"]) == (100 if cancelled[200] else 97)
        assert broken(sql) == {}


def test_an_offer_is_accepted_withdrawn_raised_or_decided(race, world, merchant, customer, admin, sql):
    ends = {"accept": (5, "refunded"), "withdraw": (0, "withdrawn"), "agree": (10, "refunded"), "refuse": (0, "refused")}
    for _ in range(2 * ROUNDS):
        order = world.order(merchant, customer, 2, num=3)
        ticket = world.ask(customer, order, back_cost=10)
        path = f"/except-orders/{ticket['id']}"
        world.offer(merchant, ticket, 5)
        one = [
            (customer, "accept", None),
            (customer, "withdraw", None),
            (merchant, "agree", {}),
            (admin, "refuse", REASON),
        ]
        acts = one * 2
        answers = race.run([(caller, f"{path}/{verb}", body) for caller, verb, body in acts])
        assert codes(answers) == {200: 1, f"ticket_{made(customer.get(path))['step']}": 7}
        (won,) = [verb for (_, verb, _), answer in zip(acts, answers, strict=True) if answer.is_success]
        assert (made(customer.get(f"/orders/{order['id']}"))["refunded"], made(customer.get(path))["step"]) == ends[won]
        assert broken(sql) == {}


def test_a_buyer_gets_no_less_than_what_they_saw(race, world, merchant, customer, sql):
    for _ in range(ROUNDS):
        ticket = world.ask(customer, world.order(merchant, customer, 2, num=3), back_cost=10)
        path = f"/except-orders/{ticket['id']}"
        world.offer(merchant, ticket, 5)
        raises = [(merchant, f"{path}/agree", {"back_cost": 5 + number / 10}) for number in range(1, RACERS)]
        answers = race.run([(customer, f"{path}/accept", None), *raises])
        assert answers[0].status_code == 200
        assert answers[0].json()["back_cost"] >= 5
        assert made(customer.get(path))["back_cost"] == answers[0].json()["back_cost"]
        assert broken(sql) == {}


def test_goods_are_received_or_refused_once_whoever_decides(race, world, merchant, customer, admin, sql):
    for _ in range(2 * ROUNDS):
        ticket = world.ticket(merchant, customer, "awaiting_receipt", num=3)
        path = f"/except-orders/{ticket['id']}"
        acts = [
            (merchant, f"{path}/receive", {"pieces": 2, "back_cost": 10, "remark": "少一件"}),
            (admin, f"{path}/receive", {**REASON, "pieces": 1}),
            (merchant, f"{path}/refuse", {"remark": "空箱"}),
            (admin, f"{path}/refuse", REASON),
        ]
        answers = race.run(acts * 2)
        step = made(customer.get(f"/except-orders/{ticket['id']}"))["step"]
        assert codes(answers) == {200: 1, f"ticket_{step}": 7}
        back = sql("SELECT received, restocked FROM return_quantity WHERE ticket_id = %s", ticket["id"])
        assert back in ([(2, 2)], [(1, 1)], [(None, None)])
        assert broken(sql) == {}


def test_part_after_part_is_refunded_and_never_more_than_all(race, world, merchant, customer, admin, sql):
    order = world.order(merchant, customer, 1, num=3)
    for expected in (
        {201: 1, "open_ticket": RACERS - 1},
        {201: 1, "open_ticket": RACERS - 1},
        {"refund_too_large": RACERS},
    ):
        asked = race.run([(customer, f"/orders/{order['id']}/except-orders", {**ASKED, "back_cost": 11})] * RACERS)
        assert codes(asked) == expected
        for answer in (answer for answer in asked if answer.is_success):
            path = f"/except-orders/{answer.json()['id']}/agree"
            agreed = race.run([(merchant, path, {}), (admin, path, REASON)] * (RACERS // 2))
            assert codes(agreed) == {200: 1, "ticket_refunded": RACERS - 1}
    after = made(merchant.get(f"/orders/{order['id']}"))
    assert (after["status"], after["refunded"]) == (1, 22)
    assert broken(sql) == {}


def test_an_ask_that_waited_for_a_settlement_sees_what_is_left(race, world, merchant, customer, sql):
    for _ in range(2 * ROUNDS):
        order = world.order(merchant, customer, 1, num=3)
        path = f"/except-orders/{world.ask(customer, order, back_cost=20)['id']}/agree"
        answers = race.run([(merchant, path, {}), *[(customer, f"/orders/{order['id']}/except-orders", ASKED)] * 5])
        assert answers[0].status_code == 200
        for answer in answers[1:]:
            assert answer.json().get("code") == "open_ticket" or answer.json()["back_cost"] == 9.7
        assert broken(sql) == {}
