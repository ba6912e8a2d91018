"""Products, SKUs and stock, as a merchant keeps them."""

import pytest

from tests.support.factories import made, purchase

MAX_INT = 2**31 - 1


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


class TestCreateProduct:
    def test_a_product_comes_with_its_skus(self, merchant):
        skus = [
            {"sku_name": "蓝色", "sku_attr": '{"颜色":"蓝"}', "price": 9.9, "stock": 3},
            {"sku_name": "红色", "price": 10, "stock": 0},
        ]
        body = {"name": "水杯", "desc": "3D 水杯", "unit": "个", "meta_obj_id": 7, "skus": skus}
        product = made(merchant.post("/products", body), 201)
        assert {name: product[name] for name in ("name", "desc", "unit", "meta_obj_id", "business_id")} == {
            "name": "水杯",
            "desc": "3D 水杯",
            "unit": "个",
            "meta_obj_id": 7,
            "business_id": merchant.id,
        }
        assert product["create_time"] == product["last_update"]
        shown = [{k: v for k, v in sku.items() if k != "id"} for sku in product["skus"]]
        common = {"product_id": product["id"], "product_name": "水杯", "sku_code": None, "low_stock_threshold": 10}
        common["updated_at"] = product["create_time"]
        assert shown == [{**skus[0], **common, "status": 1}, {**skus[1], **common, "sku_attr": None, "status": 0}]
        assert made(merchant.get(f"/products/{product['id']}")) == product

    def test_a_name_is_enough_and_is_trimmed(self, merchant):
        product = made(merchant.post("/products", {"name": "  水杯 "}), 201)
        assert (product["name"], product["desc"], product["unit"], product["meta_obj_id"]) == ("水杯", None, None, None)
        assert product["skus"] == []

    def test_one_wrong_sku_makes_no_product(self, merchant):
        skus = [{"sku_name": "蓝色", "price": 9.9, "stock": 3}, {"sku_name": "红色", "price": -1, "stock": 3}]
        answer = merchant.post("/products", {"name": "水杯", "skus": skus})
        assert [error["field"] for error in answer.json()["errors"]] == ["skus.1.price"]
        assert made(merchant.get("/products"))["total"] == 0

    def test_a_sku_is_added_to_a_product(self, world, merchant):
        product = world.product(merchant)
        sku = made(merchant.post(f"/products/{product['id']}/skus", {"sku_name": "红色", "price": 1, "stock": 2}), 201)
        assert (sku["product_id"], sku["stock"], sku["status"]) == (product["id"], 2, 1)
        assert made(merchant.get(f"/products/{product['id']}"))["skus"] == [*product["skus"], sku]

    @pytest.mark.parametrize("number", [0, MAX_INT])
    def test_a_sku_of_no_product_is_not_made(self, merchant, number):
        answer = merchant.post(f"/products/{number}/skus", {"sku_name": "红色", "price": 1, "stock": 2})
        assert answer.status_code == (422 if number == 0 else 404)


class TestChangeProduct:
    @pytest.mark.parametrize(
        "change",
        [{"name": "茶杯"}, {"desc": None}, {"unit": None, "meta_obj_id": None}, {"desc": "新"}, {"meta_obj_id": MAX_INT}],
    )
    def test_only_what_is_named_changes(self, world, merchant, sql, change):
        product = world.product(merchant)
        sql("UPDATE product SET create_time = create_time - 60, last_update = last_update - 60 WHERE id = %s", product["id"])
        before = made(merchant.get(f"/products/{product['id']}"))
        after = made(merchant.patch(f"/products/{product['id']}", change))
        skus = [{**sku, "product_name": after["name"]} for sku in before["skus"]]
        assert after == {**before, **change, "skus": skus, "last_update": after["last_update"]}
        assert after["last_update"] >= before["last_update"] + 60

    def test_nothing_named_changes_nothing(self, world, merchant):
        product = world.product(merchant)
        assert made(merchant.patch(f"/products/{product['id']}", {})) == product

    @pytest.mark.parametrize("change", [{"name": None}, {"name": ""}, {"name": "   "}, {"skus": []}, {"business_id": 1}])
    def test_what_must_stay_is_refused(self, world, merchant, change):
        product = world.product(merchant)
        answer = merchant.patch(f"/products/{product['id']}", change)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(change)))
        assert made(merchant.get(f"/products/{product['id']}")) == product


class TestChangeSku:
    @pytest.mark.parametrize("change", [{"sku_name": "红色"}, {"sku_attr": None}, {"price": 0.01}, {"price": 10_000_000}])
    def test_only_what_is_named_changes(self, world, merchant, change):
        sku = world.sku(merchant)
        after = made(merchant.patch(f"/skus/{sku['id']}", change))
        assert after == {**sku, **change, "updated_at": after["updated_at"]}
        assert made(merchant.get(f"/skus/{sku['id']}")) == after

    @pytest.mark.parametrize("change", [{"sku_name": None}, {"price": None}, {"stock": 5}, {"status": 0}, {"product_id": 1}])
    def test_what_must_stay_is_refused(self, world, merchant, change):
        sku = world.sku(merchant)
        answer = merchant.patch(f"/skus/{sku['id']}", change)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(change)))
        assert made(merchant.get(f"/skus/{sku['id']}")) == sku

    def test_orders_keep_what_they_were_placed_at(self, world, api, merchant):
        customer, sku = world.customer(), world.sku(merchant, price=9.9)
        order = world.order(merchant, customer, sku=sku, num=2)
        made(merchant.patch(f"/skus/{sku['id']}", {"price": 99.5, "sku_name": "红色", "sku_attr": None}))
        made(merchant.patch(f"/products/{sku['product_id']}", {"name": "茶杯"}))
        assert made(merchant.get(f"/orders/{order['id']}")) == order
        later = world.order(merchant, customer, sku=sku, num=2)
        assert (later["pay_count"], later["sku_snapshot"]["price"]) == (199, 99.5)
        assert (later["sku_snapshot"]["product_name"], later["sku_snapshot"]["sku_name"]) == ("茶杯", "红色")


class TestRemove:
    def test_a_removed_product_is_seen_nowhere(self, world, merchant):
        product = world.product(merchant)
        sku = product["skus"][0]
        assert merchant.delete(f"/products/{product['id']}").status_code == 204
        for path in (f"/products/{product['id']}", f"/products/{product['id']}/skus"):
            assert merchant.get(path).status_code == 404
        for path in (f"/skus/{sku['id']}", f"/skus/{sku['id']}/movements"):
            assert merchant.get(path).status_code == 404
        for path in ("/products", "/skus"):
            assert made(merchant.get(path))["items"] == []
        assert made(merchant.get("/skus", product_id=product["id"]))["total"] == 0

    def test_a_removed_product_can_not_be_changed(self, world, merchant):
        product = world.product(merchant)
        sku = product["skus"][0]
        assert merchant.delete(f"/products/{product['id']}").status_code == 204
        answers = [
            merchant.delete(f"/products/{product['id']}"),
            merchant.patch(f"/products/{product['id']}", {"name": "茶杯"}),
            merchant.post(f"/products/{product['id']}/skus", {"sku_name": "红色", "price": 1, "stock": 2}),
            merchant.patch(f"/skus/{sku['id']}", {"price": 1}),
            merchant.delete(f"/skus/{sku['id']}"),
            merchant.post(f"/skus/{sku['id']}/stock", {"delta": 1, "reason": "盘点"}),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)

    def test_a_removed_sku_leaves_its_product_and_the_other_skus(self, world, merchant):
        product = world.product(merchant)
        other = made(merchant.post(f"/products/{product['id']}/skus", {"sku_name": "红色", "price": 1, "stock": 2}), 201)
        assert merchant.delete(f"/skus/{product['skus'][0]['id']}").status_code == 204
        assert made(merchant.get(f"/products/{product['id']}"))["skus"] == [other]
        assert made(merchant.get(f"/products/{product['id']}/skus"))["items"] == [other]
        assert made(merchant.get("/products"))["items"][0]["skus"] == [other]

    @pytest.mark.parametrize("whole_product", [False, True])
    def test_it_is_offered_no_more_and_what_was_paid_comes_in(self, world, api, merchant, whole_product):
        customer, sku = world.customer(), world.sku(merchant)
        path = f"/products/{sku['product_id']}" if whole_product else f"/skus/{sku['id']}"
        assert merchant.delete(path).status_code == 204
        assert api.platform.get(f"/skus/{sku['id']}").status_code == 404
        order = made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        assert made(merchant.get(f"/orders/{order['id']}"))["sku_id"] == sku["id"]

    @pytest.mark.parametrize("whole_product", [False, True])
    def test_its_stock_is_written_off(self, world, merchant, sql, whole_product):
        sku = world.sku(merchant, stock=7)
        path = f"/products/{sku['product_id']}" if whole_product else f"/skus/{sku['id']}"
        assert merchant.delete(path).status_code == 204
        assert sql("SELECT stock, status FROM sku WHERE id = %s", sku["id"]) == [(0, 0)]
        written = (
            "SELECT delta, stock_after, reason, actor_kind, actor_id FROM stock_movement WHERE sku_id = %s ORDER BY id DESC"
        )
        assert sql(written, sku["id"])[0] == (-7, 0, "removed", "merchant", merchant.id)

    def test_orders_keep_what_was_bought(self, world, merchant):
        customer, sku = world.customer(), world.sku(merchant)
        order = world.order(merchant, customer, sku=sku)
        assert merchant.delete(f"/products/{sku['product_id']}").status_code == 204
        assert made(merchant.get(f"/orders/{order['id']}")) == order
        assert made(merchant.get("/orders", sku_id=sku["id"]))["total"] == 1
        assert world.ship(merchant, order)["status"] == 1


class TestStock:
    @pytest.mark.parametrize(("delta", "stock", "status"), [(1, 6, 1), (-5, 0, 0), (-1, 4, 1), (MAX_INT - 5, MAX_INT, 1)])
    def test_a_delta_is_added(self, world, merchant, delta, stock, status):
        sku = world.sku(merchant, stock=5)
        after = made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": delta, "reason": "盘点"}))
        assert after == {**sku, "stock": stock, "status": status, "updated_at": after["updated_at"]}
        assert made(merchant.get(f"/skus/{sku['id']}")) == after

    @pytest.mark.parametrize("stock", [0, 5, 6, MAX_INT])
    def test_a_figure_is_set_where_it_still_stands_as_seen(self, world, merchant, stock):
        sku = world.sku(merchant, stock=5)
        body = {"stock": stock, "expected_stock": 5, "reason": "盘点"}
        after = made(merchant.post(f"/skus/{sku['id']}/stock", body))
        assert after == {**sku, "stock": stock, "status": min(stock, 1), "updated_at": after["updated_at"]}

    @pytest.mark.parametrize(("language", "words"), [("en", "it is 5 now"), ("zh", "当前为 5")])
    def test_a_figure_that_has_changed_meanwhile_is_told(self, world, merchant, language, words):
        sku = world.sku(merchant, stock=5)
        body = {"stock": 9, "expected_stock": 4, "reason": "盘点"}
        answer = merchant.post(f"/skus/{sku['id']}/stock", body, headers={"Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (409, "stock_changed")
        assert words in answer.json()["detail"]
        unchanged(merchant, sku)

    @pytest.mark.parametrize("delta", [-6, -MAX_INT])
    def test_it_never_falls_below_0(self, world, merchant, delta):
        sku = world.sku(merchant, stock=5)
        answer = merchant.post(f"/skus/{sku['id']}/stock", {"delta": delta, "reason": "盘点"})
        assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
        unchanged(merchant, sku)

    @pytest.mark.parametrize(("stock", "delta"), [(5, MAX_INT), (5, MAX_INT - 4), (MAX_INT, 1), (MAX_INT, MAX_INT)])
    def test_it_never_grows_beyond_what_can_be_counted(self, world, merchant, stock, delta):
        sku = world.sku(merchant, stock=stock)
        answer = merchant.post(f"/skus/{sku['id']}/stock", {"delta": delta, "reason": "盘点"})
        assert (answer.status_code, answer.json()["code"]) == (409, "stock_too_large")
        unchanged(merchant, sku)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"stock": 1},
            {"expected_stock": 1},
            {"delta": 1, "stock": 1},
            {"delta": 1, "stock": 1, "expected_stock": 1},
            {"delta": 0},
            {"delta": 1, "expected_stock": 5},
        ],
        ids=str,
    )
    def test_half_a_way_or_two_ways_at_once_are_refused(self, world, merchant, body):
        sku = world.sku(merchant, stock=5)
        answer = merchant.post(f"/skus/{sku['id']}/stock", {**body, "reason": "盘点"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        unchanged(merchant, sku)


class TestMovements:
    def test_they_tell_every_change_newest_first(self, world, merchant):
        customer, sku = world.customer(), world.sku(merchant, stock=5)
        order = world.order(merchant, customer, 3, sku=sku, num=2)
        made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 4, "reason": "补货"}))
        made(merchant.post(f"/skus/{sku['id']}/stock", {"stock": 1, "expected_stock": 9, "reason": "盘点"}))
        shown = made(merchant.get(f"/skus/{sku['id']}/movements"))
        names = ("delta", "stock_after", "reason", "reference", "actor_kind", "actor_id")
        assert [tuple(movement[name] for name in names) for movement in shown["items"]] == [
            (-8, 1, "盘点", None, "merchant", merchant.id),
            (4, 9, "补货", None, "merchant", merchant.id),
            (2, 5, "refund", order["order_number"], "merchant", merchant.id),
            (-2, 3, "order", order["order_number"], "platform", None),
            (5, 5, "initial", None, "merchant", merchant.id),
        ]
        assert shown["total"] == 5
        assert {movement["sku_id"] for movement in shown["items"]} == {sku["id"]}

    def test_setting_the_figure_that_stands_is_no_movement(self, world, merchant):
        sku = world.sku(merchant, stock=5)
        made(merchant.post(f"/skus/{sku['id']}/stock", {"stock": 5, "expected_stock": 5, "reason": "盘点"}))
        assert made(merchant.get(f"/skus/{sku['id']}/movements"))["total"] == 1

    def test_a_sku_without_stock_has_none(self, world, merchant):
        sku = world.sku(merchant, stock=0)
        assert made(merchant.get(f"/skus/{sku['id']}/movements"))["items"] == []

    def test_the_stock_is_always_their_sum(self, world, merchant, sql):
        customer = world.customer()
        for status in (0, 1, 2, 3, 4, -1):
            world.order(merchant, customer, status, num=3)
        for step in ("applied", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn"):
            world.ticket(merchant, customer, step, num=2)
        merchant.delete(f"/skus/{world.sku(merchant)['id']}")
        sums = "SELECT s.id, s.stock, coalesce(sum(m.delta), 0) FROM sku s LEFT JOIN stock_movement m ON m.sku_id = s.id"
        stocks = sql(f"{sums} GROUP BY s.id")
        assert len(stocks) >= 13
        assert [row for row in stocks if row[1] != row[2]] == []
        last = "SELECT DISTINCT ON (sku_id) sku_id, stock_after FROM stock_movement ORDER BY sku_id, id DESC"
        assert sql(f"SELECT count(*) FROM sku JOIN ({last}) l ON l.sku_id = sku.id WHERE stock <> stock_after") == [(0,)]


class TestFilters:
    @pytest.fixture
    def shelf(self, world, merchant):
        """Two products and four SKUs, and a product of another merchant: the ids by what they are called."""
        blue = {"sku_name": "Blue 100%", "price": 1, "stock": 1}
        red = {"sku_name": "red_50", "price": 1, "stock": 0}
        cup = world.product(merchant, name="Cup 100%", skus=[blue, red])
        pot = world.product(merchant, name="pot_1", skus=[{**blue, "sku_name": "BLUE", "stock": 0}, {**red, "stock": 9}])
        world.product(world.merchant(), name="cup", skus=[blue])
        return {"cup": cup["id"], "pot": pot["id"], "skus": [sku["id"] for sku in cup["skus"] + pot["skus"]]}

    @pytest.mark.parametrize(
        ("name", "found"), [("cup", ["cup"]), ("P", ["pot", "cup"]), ("%", ["cup"]), ("_", ["pot"]), ("\\", []), ("无", [])]
    )
    def test_products_by_a_part_of_the_name(self, merchant, shelf, name, found):
        shown = made(merchant.get("/products", name=name))
        assert [product["id"] for product in shown["items"]] == [shelf[name] for name in found]
        assert shown["total"] == len(found)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, [3, 2, 1, 0]),
            ({"name": "blue"}, [2, 0]),
            ({"name": "%"}, [0]),
            ({"name": "_"}, [3, 1]),
            ({"status": 1}, [3, 0]),
            ({"status": 0}, [2, 1]),
            ({"product_id": "cup"}, [1, 0]),
            ({"product_id": "pot", "status": 1}, [3]),
            ({"product_id": "pot", "status": 1, "name": "blue"}, []),
        ],
        ids=str,
    )
    def test_skus_by_every_filter(self, merchant, shelf, filters, found):
        asked = {name: shelf.get(value, value) for name, value in filters.items()}
        shown = made(merchant.get("/skus", **asked))
        assert [sku["id"] for sku in shown["items"]] == [shelf["skus"][position] for position in found]
        assert shown["total"] == len(found)

    def test_skus_of_a_product_are_walked_page_by_page(self, merchant, shelf):
        path = f"/products/{shelf['pot']}/skus"
        first = made(merchant.get(path, size=1))
        second = made(merchant.get(path, size=1, cursor=first["next_cursor"]))
        assert [sku["id"] for sku in first["items"] + second["items"]] == [shelf["skus"][3], shelf["skus"][2]]
        assert (first["total"], second["next_cursor"]) == (2, None)


def unchanged(merchant, sku):
    assert made(merchant.get(f"/skus/{sku['id']}")) == sku
    movements = made(merchant.get(f"/skus/{sku['id']}/movements"))
    assert [movement["reason"] for movement in movements["items"]] == ["initial"]
