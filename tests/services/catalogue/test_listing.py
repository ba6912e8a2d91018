"""What is offered for sale, what was taken off the shop, and how it comes back."""

import pytest

from tests.support.factories import made, purchase


class TestListed:
    def test_a_new_product_is_listed(self, world, merchant):
        assert world.product(merchant)["listed"] is True

    def test_it_is_taken_off_sale_and_offered_again(self, world, merchant):
        product = world.product(merchant)
        for listed in (False, False, True):
            changed = made(merchant.patch(f"/products/{product['id']}", {"listed": listed}))
            assert changed["listed"] is listed
            found = made(merchant.get("/products", listed=listed))["items"]
            assert [each["id"] for each in found] == [product["id"]]
            assert made(merchant.get("/products", listed=not listed))["items"] == []

    def test_a_paid_order_of_what_is_not_listed_comes_in(self, world, merchant, customer):
        product = world.product(merchant)
        made(merchant.patch(f"/products/{product['id']}", {"listed": False}))
        made(world.api.platform.post("/orders", purchase(product["skus"][0]["id"], customer.id)), 201)

    def test_another_change_leaves_it_off_sale(self, world, merchant):
        product = world.product(merchant)
        made(merchant.patch(f"/products/{product['id']}", {"listed": False}))
        assert made(merchant.patch(f"/products/{product['id']}", {"name": "茶杯"}))["listed"] is False


class TestRestore:
    def test_a_product_comes_back_with_the_skus_that_went_with_it(self, world, merchant, sql):
        sku = {"sku_name": "蓝色", "price": 9.9, "stock": 5}
        product = world.product(merchant, skus=[sku, {**sku, "sku_name": "红色"}, {**sku, "sku_name": "绿色"}])
        gone_before, *with_it = (each["id"] for each in product["skus"])
        assert merchant.delete(f"/skus/{gone_before}").status_code == 204
        sql("UPDATE removed_sku SET create_time = create_time - 60")
        assert merchant.delete(f"/products/{product['id']}").status_code == 204
        assert made(merchant.get("/products"))["items"] == []
        assert [each["id"] for each in made(merchant.get("/products", removed=True))["items"]] == [product["id"]]
        restored = made(merchant.post(f"/products/{product['id']}/restore"))
        assert [(each["id"], each["stock"]) for each in restored["skus"]] == [(sku_id, 0) for sku_id in with_it]
        assert made(merchant.get("/products"))["items"] == [restored]
        assert made(merchant.get("/products", removed=True))["items"] == []

    def test_a_sku_comes_back_with_no_stock_and_sells_again(self, world, merchant, customer):
        sku = world.sku(merchant)
        assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
        assert [each["id"] for each in made(merchant.get("/skus", removed=True))["items"]] == [sku["id"]]
        assert made(merchant.post(f"/skus/{sku['id']}/restore"))["stock"] == 0
        made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 1, "reason": "盘点"}))
        made(world.api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)

    def test_a_sku_of_a_removed_product_waits_for_it(self, world, merchant):
        product = world.product(merchant)
        merchant.delete(f"/products/{product['id']}")
        answer = merchant.post(f"/skus/{product['skus'][0]['id']}/restore")
        assert (answer.status_code, answer.json()["code"]) == (409, "product_removed")

    @pytest.mark.parametrize("kind", ["products", "skus"])
    def test_what_is_there_stays_as_it_is(self, world, merchant, sql, kind):
        product = world.product(merchant)
        row = product if kind == "products" else product["skus"][0]
        events = sql("SELECT count(*) FROM event")
        assert made(merchant.post(f"/{kind}/{row['id']}/restore")) == row
        assert sql("SELECT count(*) FROM event") == events


class TestSkuRows:
    def test_a_row_says_what_a_screen_shows(self, world, merchant):
        product = world.product(merchant, name="水杯")
        [sku] = product["skus"]
        assert (sku["product_name"], sku["low_stock_threshold"], sku["sku_code"]) == ("水杯", 10, None)
        made(merchant.put("/low-stock", {"threshold": 20}))
        assert made(merchant.get(f"/skus/{sku['id']}"))["low_stock_threshold"] == 20
        made(merchant.put(f"/skus/{sku['id']}/low-stock", {"threshold": 3}))
        assert made(merchant.get(f"/skus/{sku['id']}"))["low_stock_threshold"] == 3

    @pytest.mark.parametrize("q", ["水杯", "蓝", "b-7", "B-7"])
    def test_q_finds_by_any_name(self, world, merchant, q):
        sku = world.sku(merchant, sku_code="B-77")
        world.product(merchant, name="茶壶", skus=[{"sku_name": "红色", "price": 1, "stock": 1}])
        assert [each["id"] for each in made(merchant.get("/skus", q=q))["items"]] == [sku["id"]]

    def test_sorted_by_stock_and_walked(self, world, merchant):
        for stock in (5, 0, 7, 5):
            world.sku(merchant, stock=stock)
        seen, cursor = [], None
        for _ in range(4):
            page = made(merchant.get("/skus", sort="stock", size=1, **({"cursor": cursor} if cursor else {})))
            seen += [each["stock"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert (seen, cursor) == ([0, 5, 5, 7], None)
        oldest = [each["id"] for each in made(merchant.get("/skus", sort="oldest"))["items"]]
        assert oldest == sorted(oldest)

    def test_the_cursor_of_another_order_is_refused(self, world, merchant):
        for _ in range(2):
            world.sku(merchant)
        cursor = made(merchant.get("/skus", sort="stock", size=1))["next_cursor"]
        answer = merchant.get("/skus", sort="newest", cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")

    @pytest.mark.parametrize("change", ["stock", "price", "sale"])
    def test_updated_after_finds_what_changed(self, world, merchant, customer, sql, change):
        sku, _ = world.sku(merchant), world.sku(merchant)
        sql("UPDATE sku_update SET time = time - 100; UPDATE product SET create_time = create_time - 100")
        sql("ALTER TABLE stock_movement DISABLE TRIGGER ALL; UPDATE stock_movement SET create_time = create_time - 100")
        before = made(merchant.get(f"/skus/{sku['id']}"))["updated_at"]
        if change == "stock":
            made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 1, "reason": "盘点"}))
        elif change == "price":
            made(merchant.patch(f"/skus/{sku['id']}", {"price": 5}))
        else:
            made(world.api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        after = made(merchant.get(f"/skus/{sku['id']}"))["updated_at"]
        assert after >= before + 100
        for since, found in ((after, [sku["id"]]), (after + 1, [])):
            assert [each["id"] for each in made(merchant.get("/skus", updated_after=since))["items"]] == found
