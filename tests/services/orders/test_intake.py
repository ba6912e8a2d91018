"""Paid orders come in, whatever their receiver is called and wherever the goods have gone meanwhile."""

import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.catalogue.test_second_look import after, removal
from tests.support.factories import RETURN, made, purchase

PHONES = [
    ("13800000000", "13800000000"),
    ("+8613800000000", "13800000000"),
    ("0086 138 0000 0000", "13800000000"),
    ("+86-138-0000-0000", "13800000000"),
    ("１３８０００００００", "1380000000"),
    ("18412345678-1234", "18412345678"),
    ("13800000000转1234", "13800000000"),
    ("13800000000 ext. 12", "13800000000"),
    ("13800000000/13900000000", "13800000000"),
    ("021-55556666", "021-55556666"),
    ("021-55556666-801", "021-55556666"),
    ("(021) 5555 6666", "02155556666"),
    ("+852 2123 4567", "+85221234567"),
    ("+44 20 7946 0958", "442079460958"),
    ("+86", "+86"),
    ("请在下午三点以后再打我的电话谢谢", "请在下午三点以后再打我的"),
    ("-" * 50, "-" * 12),
    ("转1234567890123", "123456789012"),
]


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def goods(world):
    """A merchant, a customer, and a SKU with 10 in stock at 9.90 yuan."""
    merchant = world.merchant()
    return merchant, world.customer(), world.sku(merchant, stock=10)


def placed(api, goods, **values):
    _, customer, sku = goods
    return made(api.platform.post("/orders", purchase(sku["id"], customer.id, **values)), 201)


class TestReceiver:
    @pytest.mark.parametrize(("written", "column"), PHONES)
    def test_any_phone_comes_in_and_its_column_holds_what_fits(self, api, goods, written, column):
        order = placed(api, goods, receiver_phone=f" {written}\n")
        assert (order["receiver_phone"], order["receiver"]["phone"]) == (column, unicodedata.normalize("NFC", written))

    def test_name_and_address_are_cut_for_their_columns_and_kept_whole_beside(self, api, goods):
        merchant, customer, _ = goods
        name, address = "张\t三 " * 50, "上海市\r\n" + "长" * 900
        order = placed(api, goods, receiver_name=name, receiver_address=address)
        whole = ("张 三 " * 50).strip(), "上海市 " + "长" * 900
        assert (order["receiver"]["name"], order["receiver"]["address"]) == whole
        assert (order["receiver_name"], order["receiver_address"]) == (whole[0][:30].strip(), whole[1][:300])
        for shown in (
            made(merchant.get(f"/orders/{order['id']}")),
            made(merchant.get("/orders"))["items"][0],
            made(customer.get("/orders"))["items"][0],
            made(api.platform.get(f"/orders/{order['order_number']}")),
        ):
            assert shown["receiver"] == order["receiver"]

    def test_a_cut_parts_no_emoji(self, api, goods):
        coder = "\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}\u200d\N{PERSONAL COMPUTER}"
        assert placed(api, goods, receiver_name="x" * 28 + coder)["receiver_name"] == "x" * 28

    @pytest.mark.parametrize("nothing", ["", " ", "\u200b", "\n\t", "\u3164"])
    def test_a_receiver_with_nothing_to_see_comes_in_as_a_dash(self, api, goods, nothing):
        order = placed(api, goods, receiver_name=nothing, receiver_phone=nothing, receiver_address=nothing)
        assert order["receiver"] == {"name": "-", "phone": "-", "address": "-"}

    @pytest.mark.parametrize(("field", "most"), [("receiver_name", 200), ("receiver_phone", 50), ("receiver_address", 1000)])
    def test_what_is_longer_than_any_form_allows_is_refused(self, api, goods, field, most):
        _, customer, sku = goods
        placed(api, goods, **{field: "货" * most + "\u200b" * 100})
        placed(api, goods, **{field: "\ufb2c" * most})  # which NFC makes three characters of
        answer = api.platform.post("/orders", purchase(sku["id"], customer.id, **{field: "货" * (most + 1)}))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_after_shipping_and_everywhere_the_whole_is_shown(self, api, world, goods):
        merchant, customer, _ = goods
        order = placed(api, goods, receiver_phone="13800000000-1234")
        assert world.ship(merchant, order)["receiver"]["phone"] == "13800000000-1234"
        assert made(customer.post(f"/orders/{order['id']}/receive"))["receiver"]["phone"] == "13800000000-1234"

    def test_the_same_purchase_again_is_the_same_order(self, api, goods):
        _, customer, sku = goods
        body = purchase(
            sku["id"], customer.id, receiver_phone="138 0000 0000", receiver_name="Cafe\u0301" * 20, pay_count=3 * 19.9
        )
        first = made(api.platform.post("/orders", body), 201)
        assert made(api.platform.post("/orders", body)) == first
        assert made(api.platform.post("/orders", {**body, "receiver_name": " Café" + "Café" * 19, "pay_count": 59.7})) == first
        answer = api.platform.post("/orders", {**body, "receiver_phone": "138 0000 0001"})
        assert answer.json()["code"] == "order_differs"

    def test_it_is_found_by_the_whole_and_by_the_column(self, api, goods):
        merchant = goods[0]
        order = placed(api, goods, receiver_name="甲" * 40 + "欧阳", receiver_phone="18412345678-1234")
        for part in ("欧阳", "甲欧阳", "甲" * 30, "18412345678", "678-1234", "1234"):
            assert [row["id"] for row in made(merchant.get("/orders", receiver=part))["items"]] == [order["id"]], part
        assert made(merchant.get("/orders", receiver="4-184"))["items"] == []

    def test_the_export_has_it_whole(self, api, goods):
        merchant = goods[0]
        placed(api, goods)
        placed(api, goods, receiver_address="长" * 900, receiver_phone="18412345678-1234")
        file = merchant.get("/orders/export", columns="receiver_phone,receiver_address").content.decode("utf-8-sig")
        assert max(map(len, file.splitlines())) > 900
        assert "18412345678-1234" in file
        assert "13800000000" in file


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(max_size=200),
    phone=st.text(max_size=50) | st.text("0123456789 +-()转#/,.ext\n\t　", max_size=50),
    address=st.text(max_size=1000),
)
def test_no_paid_order_is_refused_for_the_form_of_its_receiver(api, goods, name, phone, address):
    merchant, customer, _ = goods
    sku = made(merchant.post("/products", {"name": "x", "skus": [{"sku_name": "x", "price": 1, "stock": 1}]}), 201)["skus"][0]
    body = purchase(sku["id"], customer.id, receiver_name=name, receiver_phone=phone, receiver_address=address)
    order = made(api.platform.post("/orders", body), 201)
    assert made(merchant.get(f"/orders/{order['id']}"))["receiver"] == order["receiver"]
    assert made(api.platform.post("/orders", body))["id"] == order["id"]
    found = made(merchant.get("/orders", receiver=order["receiver"]["name"]))["items"]
    assert order["id"] in [row["id"] for row in found] or len(found) == 20


class TestFree:
    def test_a_free_order_comes_in_and_its_refund_is_nothing(self, api, world, goods):
        merchant, customer, sku = goods
        order = placed(api, goods, pay_count=0)
        assert order["pay_count"] == 0
        ticket = world.ask(customer, order)
        assert ticket["back_cost"] == 0
        agreed = made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 0}))
        assert (agreed["step"], agreed["back_cost"]) == ("refunded", 0)
        assert made(merchant.get(f"/skus/{sku['id']}"))["stock"] == 10

    def test_goods_may_cost_nothing(self, api, world, goods):
        merchant, customer, _ = goods
        sku = world.sku(merchant, price=0)
        assert placed(api, (merchant, customer, sku), num=3)["pay_count"] == 0

    def test_more_than_nothing_is_not_refunded_for_it(self, api, world, goods):
        _, customer, _ = goods
        order = placed(api, goods, pay_count=0)
        body = {"except_type": "仅退款", "back_reason": "x", "back_cost": 0.01}
        answer = customer.post(f"/orders/{order['id']}/except-orders", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_too_large")

    def test_where_something_was_paid_something_is_refunded(self, api, world, goods):
        merchant, customer, _ = goods
        order = placed(api, goods)
        body = {"except_type": "仅退款", "back_reason": "x", "back_cost": 0}
        answer = customer.post(f"/orders/{order['id']}/except-orders", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "refund_zero")
        ticket = world.ask(customer, order)
        answer = merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 0})
        assert (answer.status_code, answer.json()["code"]) == (422, "refund_zero")


class TestGone:
    def test_an_order_for_removed_goods_comes_in_and_takes_no_stock(self, api, world, goods):
        merchant, customer, sku = goods
        assert merchant.delete(f"/products/{sku['product_id']}").status_code == 204
        order = placed(api, goods, num=2)
        assert (order["status"], order["sku_snapshot"]["product_name"], order["pay_count"]) == (0, "水杯", 19.8)
        assert made(merchant.get(f"/orders/{order['id']}"))["id"] == order["id"]
        body = purchase(sku["id"], customer.id)
        assert made(api.platform.post("/orders", body), 201)["id"] == made(api.platform.post("/orders", body))["id"]

    def test_its_refund_puts_nothing_into_the_stock_that_it_took_nothing_from(self, api, world, goods, sql):
        merchant, customer, sku = goods
        before = placed(api, goods)
        assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
        for order, stock in ((placed(api, goods), 0), (before, 1)):
            ticket = world.ask(customer, order)
            made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
            assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(stock,)]
        # What came back there is taken by the next paid order for it.
        placed(api, goods)
        assert sql(
            "SELECT stock, (SELECT sum(delta) FROM stock_movement WHERE sku_id = sku.id) FROM sku WHERE id = %s", sku["id"]
        ) == [(0, 0)]

    def test_nor_does_its_return(self, api, world, goods, sql):
        merchant, customer, sku = goods
        assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
        order = placed(api, goods)
        world.ship(merchant, order)
        ticket = world.ask(customer, order, RETURN)
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        made(customer.post(f"/except-orders/{ticket['id']}/return", {"logistics_id": 2, "tracking_number": "YT1"}))
        made(merchant.post(f"/except-orders/{ticket['id']}/receive", {"restock": True}))
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(0,)]

    def test_goods_removed_while_the_order_waits_for_their_lock(self, api, goods, migrated, sql):
        merchant, customer, sku = goods
        body = purchase(sku["id"], customer.id)
        with after(migrated, sql, lambda: api.platform.post("/orders", body), *removal(sku)) as answer:
            order = made(answer, 201)
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(0,)]
        assert made(merchant.get(f"/orders/{order['id']}"))["status"] == 0

    def test_an_order_for_a_disabled_merchants_goods_comes_in_and_takes_its_stock(self, api, world, goods, sql):
        merchant, _, sku = goods
        made(world.admin().post(f"/users/{merchant.id}/disable"))
        placed(api, goods, num=3)
        assert sql("SELECT stock FROM sku WHERE id = %s", sku["id"]) == [(7,)]
        answer = api.platform.post("/orders", purchase(sku["id"], goods[1].id, num=8))
        assert (answer.json()["code"], answer.json()["refund_due"]) == ("out_of_stock", True)


class TestCorrection:
    def test_merchant_and_platform_correct_it_until_it_is_shipped(self, api, world, goods):
        merchant, _, _ = goods
        order = placed(api, goods)
        one = made(merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_phone": "139 0000 0000"}))
        assert (one["receiver_phone"], one["receiver"]) == (
            "13900000000",
            {"name": "张三", "phone": "139 0000 0000", "address": order["receiver_address"]},
        )
        two = made(api.platform.patch(f"/orders/{order['order_number']}/receiver", {"receiver_name": "李四" * 30}))
        assert (two["receiver_name"], two["receiver"]["name"]) == ("李四" * 15, "李四" * 30)
        assert two["receiver"]["phone"] == "139 0000 0000"
        events = made(merchant.get(f"/orders/{order['id']}/events"))["items"]
        assert [(event["verb"], event["actor_kind"]) for event in events] == [
            ("change", "platform"), ("change", "merchant"), ("place", "platform"),
        ]  # fmt: skip
        assert [event["details"]["former_receiver"] for event in events[:2]] == [
            one["receiver"], {"name": "张三", "phone": "13800000000", "address": order["receiver_address"]},
        ]  # fmt: skip
        world.ship(merchant, order)
        for answer in (
            merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_name": "王五"}),
            api.platform.patch(f"/orders/{order['order_number']}/receiver", {"receiver_name": "王五"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "receiver_fixed")

    def test_the_search_knows_the_new_one_and_not_the_old(self, api, goods):
        merchant = goods[0]
        order = placed(api, goods, receiver_name="老名字")
        made(merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_name": "新名字"}))
        assert [row["id"] for row in made(merchant.get("/orders", receiver="新名"))["items"]] == [order["id"]]
        assert made(merchant.get("/orders", receiver="老名"))["items"] == []

    def test_nothing_new_is_no_event(self, api, goods):
        merchant = goods[0]
        order = placed(api, goods)
        for body in ({}, {"receiver_name": " 张三 "}):
            made(merchant.patch(f"/orders/{order['id']}/receiver", body))
        assert len(made(merchant.get(f"/orders/{order['id']}/events"))["items"]) == 1

    def test_while_a_refund_is_asked_for_it_goes_on_and_after_the_refund_it_is_over(self, api, world, goods):
        merchant, customer, _ = goods
        order = placed(api, goods)
        ticket = world.ask(customer, order)
        made(merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_name": "李四"}))
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        assert merchant.patch(f"/orders/{order['id']}/receiver", {"receiver_name": "王五"}).status_code == 409

    def test_an_order_shipped_while_the_correction_waits_is_not_corrected(self, world, goods, migrated, sql):
        merchant, customer, sku = goods
        order = world.order(merchant, customer, sku=sku)
        ship = 'UPDATE "order" SET status = 1, deliver_time = 1 WHERE id = %s', order["id"]
        correct = {"receiver_name": "李四"}
        with after(migrated, sql, lambda: merchant.patch(f"/orders/{order['id']}/receiver", correct), ship) as answer:
            assert answer.status_code == 409

    def test_an_order_that_is_not_there_is_not_found(self, api, world, goods):
        assert api.platform.patch("/orders/NONE/receiver", {"receiver_name": "x"}).status_code == 404
        order = placed(api, goods)
        assert world.merchant().patch(f"/orders/{order['id']}/receiver", {"receiver_name": "x"}).status_code == 404


class TestReads:
    def test_the_platform_lists_orders_by_cursor_state_and_time(self, api, world, goods):
        merchant, customer, sku = goods
        orders = [world.order(merchant, customer, status, sku=sku) for status in (0, 0, 1)]
        mine = {"business_id": merchant.id}
        walked, cursor = [], {}
        while cursor is not None:
            page = made(api.platform.get("/orders", size=2, **mine, **cursor))
            walked += page["items"]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        assert [row["id"] for row in walked] == [order["id"] for order in reversed(orders)]
        assert made(api.platform.get("/orders", status=1, **mine))["items"][0]["id"] == orders[2]["id"]
        everything = made(api.platform.get("/orders", updated_after=max(order["updated_at"] for order in orders)))
        assert orders[2]["id"] in [row["id"] for row in everything["items"]]
        assert made(api.platform.get("/orders", updated_after=int(time.time()) + 5))["items"] == []

    def test_a_change_in_the_same_second_is_not_lost_to_who_polls(self, api, world, goods):
        merchant, customer, sku = goods
        order = world.order(merchant, customer, sku=sku)
        seen = made(merchant.get("/orders"))["items"][0]["updated_at"]
        shipped = world.ship(merchant, order)
        assert shipped["updated_at"] >= seen
        changed = made(merchant.get("/orders", updated_after=seen))["items"]
        assert [(row["id"], row["status"], row["updated_at"]) for row in changed] == [(order["id"], 1, shipped["updated_at"])]
        assert made(customer.get(f"/orders/{order['id']}"))["updated_at"] == shipped["updated_at"]
