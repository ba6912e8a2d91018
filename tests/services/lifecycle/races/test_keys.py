"""The same Idempotency-Key many times at once, for what is done in batches: one change, and one answer for all."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.support.api import Platform
from tests.support.batches import under
from tests.support.factories import made, purchase
from tests.support.racing import ALIKE, CLIENTS, ROUNDS, codes, events_of, stock_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.hard
SENT = 3  # times that a client sends each purchase, whatever it was answered before


def settled(send: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer to the same request again, once no other holds its key."""
    return eventually(lambda: None if codes([answer := send()]) == {"still_running": 1} else answer)  # type: ignore[no-any-return]


def assert_one_answer(answers: list[httpx.Response], again: httpx.Response) -> None:
    told = [answer for answer in answers if answer.is_success]
    assert set(codes(answers)) <= {told[0].status_code, "still_running"}
    assert {answer.content for answer in told} == {again.content}
    assert sum("idempotent-replayed" not in answer.headers for answer in told) == 1
    assert again.headers["idempotent-replayed"] == "true"


def test_one_key_places_one_order(race, world, merchant, customer, sql):
    platform = world.api.platform
    for _ in range(ROUNDS):
        sku = world.sku(merchant)
        body = purchase(sku["id"], customer.id)
        key = under(body["order_number"])
        answers = race.run([(platform, "/orders", body)] * ALIKE, headers=key)
        assert_one_answer(answers, settled(lambda body=body, key=key: platform.post("/orders", body, headers=key)))
        assert stock_of(sql, sku["id"]) == 99


@pytest.mark.parametrize(
    ("by", "status", "verb"), [("merchant", 0, "ship"), ("merchant", 1, "unship"), ("customer", 1, "receive")]
)
def test_one_key_moves_an_order_once(race, world, merchant, customer, sql, by, status, verb):
    caller = {"merchant": merchant, "customer": customer}[by]
    body = {"logistic_id": 1, "logistic_order_id": "SF1"} if verb == "ship" else None
    for _ in range(ROUNDS):
        order = world.order(merchant, customer, status)
        path, key = f"/orders/{order['id']}/{verb}", under(f"{verb}-{order['id']}")
        answers = race.run([(caller, path, body)] * ALIKE, headers=key)
        assert_one_answer(answers, settled(lambda path=path, key=key: caller.post(path, body, headers=key)))
        moves = events_of(sql, order["id"])
        assert sum(count for (move, *_), count in moves.items() if move == verb) == 1


def test_each_of_many_keys_is_one_order(race, world, customer, sql):
    for _ in range(ROUNDS):
        merchant = world.merchant()
        skus = [world.sku(merchant, stock=CLIENTS // 4) for _ in range(2)]
        gate = Barrier(CLIENTS)

        def buy(client: httpx.Client, number: int, skus=skus, gate=gate) -> list[httpx.Response]:
            platform = Platform(client, "platform")
            body = purchase(skus[number % 2]["id"], customer.id)
            gate.wait()
            return [platform.post("/orders", body, headers=under(body["order_number"])) for _ in range(SENT)]

        with ThreadPoolExecutor(CLIENTS) as pool:
            told = list(pool.map(buy, race.crowd(SENT * CLIENTS), itertools.count()))
        for answers in told:
            assert len(set(codes(answers))) == 1
            assert len({answer.content for answer in answers if answer.is_success}) <= 1
        assert codes([answers[0] for answers in told]) == {201: CLIENTS // 2, "out_of_stock": CLIENTS // 2}
        assert [stock_of(sql, sku["id"]) for sku in skus] == [0, 0]
        assert made(merchant.get("/orders/counts"))["0"] == CLIENTS // 2
