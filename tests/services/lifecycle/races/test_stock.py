"""Changes of one stock, and removals, at once."""

import pytest

from tests.support.factories import made, purchase
from tests.support.racing import RACERS, ROUNDS, codes, stock_of

pytestmark = pytest.mark.hard


def test_one_key_changes_the_stock_once(race, world, merchant, sql):
    sku = world.sku(merchant)
    change = (merchant, f"/skus/{sku['id']}/stock", {"delta": 7, "reason": "入库"})
    key = {"Idempotency-Key": f"stock-of-{sku['id']}"}
    answers = race.run([change] * RACERS, headers=key)
    firsts = [answer for answer in answers if answer.is_success and "idempotent-replayed" not in answer.headers]
    assert len(firsts) == 1
    after = {**sku, "stock": 107, "updated_at": firsts[0].json()["updated_at"]}
    for answer in answers:
        assert (answer.status_code == 200 and answer.json() == after) or answer.json()["code"] == "still_running", answer.text
    assert stock_of(sql, sku["id"]) == 107
    again = merchant.post(*change[1:], headers=key)
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (200, after, "true")
    assert stock_of(sql, sku["id"]) == 107


def test_a_figure_is_set_by_the_one_who_saw_the_present_one(race, world, merchant, sql):
    sku = world.sku(merchant)
    figures = range(200, 200 + RACERS)
    path = f"/skus/{sku['id']}/stock"
    answers = race.run([(merchant, path, {"stock": n, "expected_stock": 100, "reason": "盘点"}) for n in figures])
    assert codes(answers) == {200: 1, "stock_changed": RACERS - 1}
    (done,) = [answer.json()["stock"] for answer in answers if answer.is_success]
    assert stock_of(sql, sku["id"]) == done


def test_what_is_left_is_taken_once(race, world, merchant, sql):
    sku = world.sku(merchant, stock=10)
    answers = race.run([(merchant, f"/skus/{sku['id']}/stock", {"delta": -4, "reason": "报损"})] * RACERS)
    assert codes(answers) == {200: 2, "out_of_stock": RACERS - 2}
    assert stock_of(sql, sku["id"]) == 2


def test_a_sku_is_taken_off_the_shop_once(race, world, merchant, sql):
    for _ in range(ROUNDS):
        sku = world.sku(merchant)
        answers = race.run([(merchant, f"DELETE /skus/{sku['id']}", None)] * RACERS)
        assert codes(answers) == {204: 1, "not_found": RACERS - 1}
        assert stock_of(sql, sku["id"]) == 0


def test_what_is_taken_off_the_shop_is_written_off_for_good(race, world, merchant, customer, sql):
    for _ in range(2 * ROUNDS):
        sku = world.sku(merchant)
        path = f"/skus/{sku['id']}"
        fill = (merchant, f"{path}/stock", {"delta": 5, "reason": "入库"})
        sell = [(world.api.platform, "/orders", purchase(sku["id"], customer.id)) for _ in range(4)]
        answers = race.run([(merchant, f"DELETE {path}", None), *[fill] * 4, *sell])
        assert codes(answers[:1]) == {204: 1}
        assert set(codes(answers[1:5])) <= {200, "not_found"}
        assert set(codes(answers[5:])) <= {201, "unknown_sku"}
        assert stock_of(sql, sku["id"]) == 0


def test_no_sku_is_left_of_a_product_taken_off_the_shop(race, world, merchant):
    for _ in range(2 * ROUNDS):
        path = f"/products/{world.product(merchant)['id']}"
        more = (merchant, f"{path}/skus", {"sku_name": "红色", "price": 1, "stock": 5})
        answers = race.run([*[more] * 4, (merchant, f"DELETE {path}", None), *[more] * 4])
        assert codes(answers[4:5]) == {204: 1}
        assert set(codes([*answers[:4], *answers[5:]])) <= {201, "not_found"}
        assert made(merchant.get("/skus", product_id=path.rpartition("/")[2]))["items"] == []
