"""Low stock: thresholds of merchants and SKUs, the list's filter, and one event for each time that stock runs low."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.factories import REFUND, made, purchase

TEN = {"threshold": 10}


@pytest.fixture
def crossings(sql):
    """The events of a SKU that ran low, oldest first, as (stock, threshold)."""

    def found(sku):
        return sql(
            "SELECT (details->>'stock')::int, (details->>'threshold')::int FROM event"
            " WHERE verb = 'low_stock' AND subject = 'sku' AND subject_id = %s ORDER BY id",
            sku["id"],
        )

    return found


def change(merchant, sku, delta):
    return made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": delta, "reason": "盘点"}))


def low(merchant, *, low_stock=True):
    shown = made(merchant.get("/skus", low_stock=low_stock))
    assert shown["total"] == len(shown["items"])
    return {sku["id"] for sku in shown["items"]}


class TestThresholds:
    def test_a_merchants_is_10_until_it_is_set(self, world, merchant):
        assert made(merchant.get("/low-stock")) == TEN
        assert made(merchant.put("/low-stock", {"threshold": 3})) == {"threshold": 3}
        assert made(merchant.put("/low-stock", {"threshold": 0})) == {"threshold": 0}
        assert made(merchant.get("/low-stock")) == {"threshold": 0}
        assert made(world.merchant().get("/low-stock")) == TEN

    def test_a_sku_has_its_own_until_it_is_taken_away(self, world, merchant):
        path = f"/skus/{world.sku(merchant)['id']}/low-stock"
        assert made(merchant.get(path)) == {"threshold": None, "in_force": 10}
        assert made(merchant.put(path, {"threshold": 0})) == {"threshold": 0, "in_force": 0}
        made(merchant.put("/low-stock", {"threshold": 7}))
        assert made(merchant.get(path)) == {"threshold": 0, "in_force": 0}
        assert made(merchant.put(path, {"threshold": None})) == {"threshold": None, "in_force": 7}

    @pytest.mark.parametrize("value", [-1, 2**31, 1.5, "3", True])
    def test_no_threshold_but_a_count(self, world, merchant, value):
        for path in ("/low-stock", f"/skus/{world.sku(merchant)['id']}/low-stock"):
            assert merchant.put(path, {"threshold": value}).status_code == 422
            assert merchant.put(path, {}).status_code == 422
        assert merchant.put("/low-stock", {"threshold": None}).status_code == 422
        assert made(merchant.get("/low-stock")) == TEN

    def test_they_are_written_down(self, world, merchant, sql):
        sku = world.sku(merchant)
        made(merchant.put("/low-stock", {"threshold": 3}))
        made(merchant.put(f"/skus/{sku['id']}/low-stock", {"threshold": 4}))
        assert sql("SELECT subject, subject_id, details FROM event WHERE details ? 'low_stock_threshold' ORDER BY id") == [
            ("user", merchant.id, {"low_stock_threshold": 3}),
            ("sku", sku["id"], {"low_stock_threshold": 4}),
        ]


class TestFilter:
    def test_at_or_below_the_threshold_is_low(self, world, merchant):
        skus = {stock: world.sku(merchant, stock=stock)["id"] for stock in (0, 9, 10, 11)}
        world.sku(world.merchant(), stock=1)
        assert low(merchant) == {skus[0], skus[9], skus[10]}
        assert low(merchant, low_stock=False) == {skus[11]}
        made(merchant.put("/low-stock", {"threshold": 0}))
        assert low(merchant) == {skus[0]}
        made(merchant.put(f"/skus/{skus[11]}/low-stock", {"threshold": 11}))
        assert low(merchant) == {skus[0], skus[11]}
        assert merchant.delete(f"/skus/{skus[0]}").status_code == 204
        assert low(merchant) == {skus[11]}
        assert low(merchant, low_stock=False) == {skus[9], skus[10]}


class TestEvent:
    def test_an_order_that_reaches_the_threshold_is_told_once(self, world, merchant, customer, crossings, sql):
        sku = world.sku(merchant, stock=13)
        for _ in range(2):
            world.order(merchant, customer, sku=sku)
        assert crossings(sku) == []
        order = world.order(merchant, customer, sku=sku)
        world.order(merchant, customer, sku=sku)
        assert crossings(sku) == [(10, 10)]
        assert sql(
            "SELECT actor_kind, business_id, order_id, event.time FROM event WHERE verb = 'low_stock'",
        ) == [("platform", merchant.id, None, order["create_time"])]

    def test_a_leap_over_the_threshold_is_told_with_what_is_left(self, world, merchant, customer, crossings):
        sku = world.sku(merchant, stock=100)
        world.order(merchant, customer, sku=sku, num=98)
        assert crossings(sku) == [(2, 10)]

    def test_it_is_told_again_when_stock_came_back(self, world, merchant, customer, crossings):
        sku = world.sku(merchant, stock=11)
        order = world.order(merchant, customer, sku=sku)
        ticket = world.ask(customer, order, REFUND)
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        assert crossings(sku) == [(10, 10)]
        world.order(merchant, customer, sku=sku, num=3)
        assert crossings(sku) == [(10, 10), (8, 10)]

    def test_by_hand(self, world, merchant, crossings):
        sku = world.sku(merchant, stock=20)
        made(merchant.put(f"/skus/{sku['id']}/low-stock", {"threshold": 5}))
        for delta in (-10, -4, -1, -1, 4, -5):
            change(merchant, sku, delta)
        made(merchant.post(f"/skus/{sku['id']}/stock", {"stock": 50, "expected_stock": 3, "reason": "盘点"}))
        made(merchant.post(f"/skus/{sku['id']}/stock", {"stock": 0, "expected_stock": 50, "reason": "盘点"}))
        assert crossings(sku) == [(5, 5), (3, 5), (0, 5)]

    def test_nothing_is_told_of_what_is_new_refused_or_removed(self, world, merchant, customer, crossings):
        small, large = world.sku(merchant, stock=5), world.sku(merchant, stock=50)
        assert merchant.post(f"/skus/{large['id']}/stock", {"delta": -51, "reason": "盘点"}).status_code == 409
        assert world.api.platform.post("/orders", purchase(large["id"], customer.id, num=51)).status_code == 409
        made(merchant.put("/low-stock", {"threshold": 60}))
        made(merchant.put("/low-stock", {"threshold": 1}))
        assert merchant.delete(f"/skus/{large['id']}").status_code == 204
        assert crossings(small) == crossings(large) == []

    def test_one_of_many_at_once_tells(self, world, merchant, customer, crossings):
        sku = world.sku(merchant, stock=30)
        orders = [purchase(sku["id"], customer.id, num=number % 3 + 1) for number in range(15)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda order: world.api.platform.post("/orders", order).status_code, orders))
        assert answers == [201] * 15
        [(left, threshold)] = crossings(sku)
        assert left <= threshold == 10
        assert left > threshold - 3
