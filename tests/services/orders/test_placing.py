"""The platform's door: signatures, and paid orders that come in once and take their stock."""

import base64
import secrets
import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from app.config import settings
from tests.support.api import PREFIX, signature
from tests.support.factories import as_told, made, purchase

ORDERS = f"{PREFIX}/platform/orders"
FINAL = ("unknown_sku", "unknown_customer", "out_of_stock")  # the buyer gets the money back


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def goods(world):
    """A merchant, a customer, and a SKU with 10 in stock at 9.90 yuan."""
    merchant = world.merchant()
    return merchant, world.customer(), world.sku(merchant, stock=10)


@pytest.fixture
def secret_in_force():
    """Sets the platform's secrets, as the environment would; puts back what was there."""
    before = settings.platform_secret

    def set_secret(text: str) -> None:
        settings.platform_secret = text
        settings.__dict__.pop("platform_secrets", None)

    yield set_secret
    set_secret(before)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class TestSignature:
    def ask(self, api, headers):
        return api.client.get(f"{ORDERS}/NONE", headers=headers)

    @pytest.mark.parametrize("seconds", [-290, 0, 290])
    def test_a_clock_somewhat_off_is_let_in(self, api, seconds):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        assert self.ask(api, signature(b"", at=at)).status_code == 404

    @pytest.mark.parametrize("seconds", [-310, 310, -86400])
    def test_a_timestamp_too_old_or_new_is_refused(self, api, seconds):
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        answer = self.ask(api, signature(b"", at=at))
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    @pytest.mark.parametrize("value", [None, "", "x", "v1,", "v1,AAAA", "v9,AAAA", "1e9", "99999999999999999999", b"\xff\xfe"])
    def test_a_broken_header_is_refused(self, api, name, value):
        headers = {**signature(b""), name: value}
        if value is None:
            del headers[name]
        answer = self.ask(api, headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")

    def test_another_secret_is_refused(self, api):
        assert self.ask(api, signature(b"", secret=new_secret())).status_code == 401

    def test_another_body_than_the_signed_one_is_refused_and_changes_nothing(self, api, goods, sql):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id)
        signed = signature(orjson.dumps(body))
        before = written(sql)
        answer = api.client.post(ORDERS, headers=signed, json={**body, "num": 2})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
        assert written(sql) == before

    def test_a_merchants_token_does_not_open_this_door(self, api, goods):
        merchant, _, _ = goods
        answer = api.client.get(f"{ORDERS}/NONE", headers={"Authorization": f"Bearer {merchant.token}"})
        assert answer.status_code == 401

    def test_while_rotating_both_secrets_open_and_then_only_the_new_one(self, api, secret_in_force):
        old, new = new_secret(), new_secret()
        secret_in_force(f"{old}, {new}")
        assert self.ask(api, signature(b"", secret=old)).status_code == 404
        assert self.ask(api, signature(b"", secret=new)).status_code == 404
        secret_in_force(new)
        assert self.ask(api, signature(b"", secret=old)).status_code == 401
        assert self.ask(api, signature(b"", secret=new)).status_code == 404


class TestPlace:
    def test_an_order_is_born_as_it_was_sold(self, api, goods):
        merchant, customer, sku = goods
        body = purchase(sku["id"], customer.id, num=3, pay_count=25.5, create_time=1_700_000_000)
        order = made(api.platform.post("/orders", body), 201)
        assert {name: order[name] for name in body} == body
        assert (order["status"], order["business_id"], order["actions"]) == (0, merchant.id, [])
        later = ("deliver_time", "recv_time", "close_time", "logistic_id", "logistic_order_id", "after_care_id", "back_reason")
        assert [order[name] for name in later] == [None] * len(later)
        assert order["deadline_at"] == 1_700_000_000 + settings.ship_hours * 3600

    def test_the_snapshot_says_what_was_bought(self, api, goods):
        _, customer, sku = goods
        order = made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        assert order["sku_snapshot"] == {
            "product_id": sku["product_id"],
            "product_name": "水杯",
            "sku_name": "蓝色",
            "sku_attr": '{"颜色":"蓝"}',
            "price": 9.9,
            "unit": "个",
            "meta_obj_id": 7,
        }

    @pytest.mark.parametrize("letter", ['"', "\\", "\N{OLD ITALIC LETTER A}", "货"])
    def test_the_snapshot_has_room_for_the_longest_names(self, api, world, letter):
        merchant, customer = world.merchant(), world.customer()
        sku = {"sku_name": letter * 100, "sku_attr": letter * 200, "price": 9_999_999.99, "stock": 1}
        product = world.product(merchant, name=letter * 50, unit=letter * 5, meta_obj_id=2**31 - 1, skus=[sku])
        order = made(api.platform.post("/orders", purchase(product["skus"][0]["id"], customer.id)), 201)
        assert order["sku_snapshot"]["sku_attr"] == letter * 200

    def test_the_stock_goes_down_by_a_movement_that_names_the_order(self, api, goods):
        merchant, customer, sku = goods
        body = purchase(sku["id"], customer.id, num=4)
        made(api.platform.post("/orders", body), 201)
        assert made(merchant.get(f"/skus/{sku['id']}"))["stock"] == 6
        movement = made(merchant.get(f"/skus/{sku['id']}/movements"))["items"][0]
        assert (movement["delta"], movement["stock_after"], movement["reason"]) == (-4, 6, "order")
        assert (movement["reference"], movement["actor_kind"], movement["actor_id"]) == (body["order_number"], "platform", None)

    def test_the_timeline_opens_with_it(self, api, goods):
        merchant, customer, sku = goods
        order = made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        (event,) = made(merchant.get(f"/orders/{order['id']}/events"))["items"]
        assert (event["verb"], event["subject"], event["subject_id"]) == ("place", "order", order["id"])
        assert (event["from_status"], event["to_status"], event["actor_kind"]) == (None, 0, "platform")

    @pytest.mark.parametrize(
        ("price", "num", "paid"),
        [(9.9, 3, 29.7), (0.1, 3, 0.3), (1.15, 7, 8.05), (0.01, 1, 0.01), (1234567.89, 1000, 1234567890.0)],
    )
    def test_what_was_paid_is_price_times_number_in_cents(self, api, world, price, num, paid):
        merchant, customer = world.merchant(), world.customer()
        sku = world.sku(merchant, price=price, stock=num)
        order = made(api.platform.post("/orders", purchase(sku["id"], customer.id, num=num)), 201)
        assert order["pay_count"] == paid

    def test_now_is_the_time_when_none_is_said(self, api, goods):
        _, customer, sku = goods
        before = int(time.time())
        order = made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
        assert before <= order["create_time"] <= int(time.time())

    def test_a_time_in_the_future_is_refused(self, api, goods):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id, create_time=int(time.time()) + 3600)
        refused(api, body, 422, "future_time", field="create_time")

    def test_a_clock_a_minute_ahead_is_borne(self, api, goods):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id, create_time=int(time.time()) + 60)
        assert made(api.platform.post("/orders", body), 201)["create_time"] == body["create_time"]

    def test_the_last_ones_can_be_bought_and_no_more(self, api, goods):
        merchant, customer, sku = goods
        refused(api, purchase(sku["id"], customer.id, num=11), 409, "out_of_stock")
        made(api.platform.post("/orders", purchase(sku["id"], customer.id, num=10)), 201)
        refused(api, purchase(sku["id"], customer.id), 409, "out_of_stock")
        shown = made(merchant.get(f"/skus/{sku['id']}"))
        assert (shown["stock"], shown["status"]) == (0, 0)

    @pytest.mark.parametrize("field", ["sku_id", "customer_id"])
    def test_a_sku_or_customer_that_does_not_exist_is_refused(self, api, goods, field):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id) | {field: 2**31 - 1}
        refused(api, body, 422, "unknown_sku" if field == "sku_id" else "unknown_customer", field=field)

    def test_a_refused_order_leaves_nothing(self, api, goods, sql):
        _, customer, sku = goods
        before = written(sql)
        refused(api, purchase(sku["id"], customer.id, num=11), 409, "out_of_stock")
        refused(api, purchase(2**31 - 1, customer.id), 422, "unknown_sku")
        assert written(sql) == before


class TestPlaceAgain:
    def test_the_same_order_is_answered_200_and_changes_nothing(self, api, goods, sql):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id, num=2)
        first = made(api.platform.post("/orders", body), 201)
        before = written(sql)
        assert made(api.platform.post("/orders", body), 200) == first
        assert written(sql) == before

    def test_it_is_the_same_though_price_and_state_have_changed_since(self, api, goods, world):
        merchant, customer, sku = goods
        body = purchase(sku["id"], customer.id)
        order = made(api.platform.post("/orders", body), 201)
        made(merchant.patch(f"/skus/{sku['id']}", {"price": 99}))
        world.ship(merchant, order)
        again = made(api.platform.post("/orders", body), 200)
        assert (again["id"], again["pay_count"], again["status"]) == (order["id"], 9.9, 1)

    def test_it_is_the_same_though_the_sku_is_gone(self, api, goods):
        merchant, customer, sku = goods
        body = purchase(sku["id"], customer.id)
        order = made(api.platform.post("/orders", body), 201)
        assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
        assert made(api.platform.post("/orders", body), 200)["id"] == order["id"]

    @pytest.mark.parametrize(
        "change",
        [{"num": 2}, {"pay_count": 9.9}, {"create_time": 1}, {"receiver_name": "李四"}, {"receiver_address": "x"}],
        ids=lambda change: next(iter(change)),
    )
    def test_the_same_number_with_another_content_is_refused(self, api, goods, sql, change):
        _, customer, sku = goods
        body = purchase(sku["id"], customer.id)
        made(api.platform.post("/orders", body), 201)
        before = written(sql)
        refused(api, body | change, 409, "order_differs")
        assert written(sql) == before


class TestGet:
    def test_an_order_is_found_by_its_number(self, api, world):
        merchant, customer = world.merchant(), world.customer()
        order = world.order(merchant, customer, 1)
        found = made(api.platform.get(f"/orders/{order['order_number']}"))
        assert {**found, "actions": 0} == {**as_told(found, order), "actions": 0}
        assert found["actions"] == []

    def test_a_number_never_used_is_not_found(self, api):
        answer = api.platform.get("/orders/NONE")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def refused(api, body, status, code, *, field=None):
    answer = api.platform.post("/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().get("refund_due") == (True if code in FINAL else None)
    if field is not None:
        assert [error["field"] for error in answer.json()["errors"]] == [field]


def written(sql):
    """How much is written down, and the stock of every SKU."""
    counts = sql('SELECT (SELECT count(*) FROM "order"), (SELECT count(*) FROM event), (SELECT count(*) FROM stock_movement)')
    return counts, sql("SELECT id, stock, status FROM sku ORDER BY id")
