"""The codes that merchants know their SKUs by, and stocks that are kept in step by them."""

import pytest

from tests.support.factories import made


def taken(answer):
    return (answer.status_code, answer.json()["code"]) == (409, "sku_code_taken")


class TestCodes:
    def test_it_is_unique_in_a_shop(self, world, merchant):
        product = world.product(merchant)
        new = {"sku_name": "红色", "price": 1, "stock": 0, "sku_code": "A-1"}
        assert made(merchant.post(f"/products/{product['id']}/skus", new), 201)["sku_code"] == "A-1"
        assert taken(merchant.post(f"/products/{product['id']}/skus", new))
        assert taken(merchant.patch(f"/skus/{product['skus'][0]['id']}", {"sku_code": "A-1"}))
        assert world.sku(world.merchant(), sku_code="A-1")["sku_code"] == "A-1"

    def test_it_is_changed_and_taken_away(self, world, merchant):
        sku = world.sku(merchant, sku_code="A-1")
        assert made(merchant.patch(f"/skus/{sku['id']}", {"sku_code": "A-2"}))["sku_code"] == "A-2"
        assert made(merchant.patch(f"/skus/{sku['id']}", {"price": 3}))["sku_code"] == "A-2"
        assert made(merchant.patch(f"/skus/{sku['id']}", {"sku_code": None}))["sku_code"] is None
        world.sku(merchant, sku_code="A-2")

    def test_that_of_a_removed_sku_is_free(self, world, merchant):
        sku = world.sku(merchant, sku_code="A-1")
        merchant.delete(f"/skus/{sku['id']}")
        world.sku(merchant, sku_code="A-1")
        assert made(merchant.post(f"/skus/{sku['id']}/restore"))["sku_code"] is None

    def test_a_sku_is_found_by_it(self, world, merchant):
        sku, _ = world.sku(merchant, sku_code="A-1"), world.sku(merchant, sku_code="A-11")
        assert [each["id"] for each in made(merchant.get("/skus", sku_code="A-1"))["items"]] == [sku["id"]]


class TestStockBatch:
    def test_each_row_stands_by_itself(self, world, merchant):
        coded, plain = world.sku(merchant, sku_code="A-1", stock=5), world.sku(merchant, stock=5)
        foreign = world.sku(world.merchant(), sku_code="F-1", stock=5)
        items = [
            {"sku_code": "A-1", "delta": -2},
            {"sku_id": plain["id"], "stock": 9, "expected_stock": 5, "reason": "盘点"},
            {"sku_code": "A-1", "delta": -4},
            {"sku_id": plain["id"], "stock": 1, "expected_stock": 5},
            {"sku_code": "F-1", "delta": 1},
            {"sku_id": foreign["id"], "delta": 1},
            {"sku_id": plain["id"], "sku_code": "A-1", "delta": 1},
            {"delta": 1},
            {"sku_code": "A-1"},
            {"sku_code": "A-1", "delta": 2**31 - 1},
        ]
        answer = made(merchant.post("/skus/stock", {"items": items}))
        assert [result["code"] for result in answer["results"]] == [
            None, None, "out_of_stock", "stock_changed", "not_found", "not_found", "not_found",
            "invalid_input", "invalid_input", "stock_too_large",
        ]  # fmt: skip
        assert (answer["changed"], answer["failed"]) == (2, 8)
        stocks = {sku["id"]: made(merchant.get(f"/skus/{sku['id']}"))["stock"] for sku in (coded, plain)}
        assert stocks == {coded["id"]: 3, plain["id"]: 9}
        movement = made(merchant.get(f"/skus/{plain['id']}/movements"))["items"][0]
        assert (movement["delta"], movement["reason"]) == (4, "盘点")

    def test_a_dry_run_changes_nothing_and_tells_the_same(self, world, merchant, sql):
        sku = world.sku(merchant, stock=5)
        items = [{"sku_id": sku["id"], "delta": -3}, {"sku_id": sku["id"], "delta": -3}]
        before = sql("SELECT * FROM stock_movement ORDER BY id")
        dry = made(merchant.post("/skus/stock", {"items": items, "dry_run": True}))
        assert sql("SELECT * FROM stock_movement ORDER BY id") == before
        assert dry == made(merchant.post("/skus/stock", {"items": items}))

    def test_a_removed_sku_is_not_found(self, world, merchant):
        sku = world.sku(merchant)
        merchant.delete(f"/skus/{sku['id']}")
        [result] = made(merchant.post("/skus/stock", {"items": [{"sku_id": sku["id"], "delta": 1}]}))["results"]
        assert result["code"] == "not_found"

    @pytest.mark.parametrize("items", [[], [{"sku_id": 1, "delta": 1, "x": 1}], [{"sku_id": 1, "delta": 1}] * 1001])
    def test_what_is_no_list_of_stocks_is_refused(self, merchant, items):
        assert merchant.post("/skus/stock", {"items": items}).status_code == 422
