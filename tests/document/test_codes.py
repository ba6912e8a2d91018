"""Codes that the document lists and no other test comes to, each reached by one call."""

import pytest

from app.db.work import SYSTEM, Actor, Work
from app.services.webhooks import fan_out
from tests.support.factories import PASSWORD, RETURN_ADDRESS
from tests.support.samples import glb, refused, triangle

NOBODY = 2**31 - 1
WEBHOOK = {"url": "https://shop.example.com/hook"}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def uploaded(merchant, name, content):
    answer = merchant.call("POST", "/files", files={"file": (name, content)})
    assert answer.status_code == 201
    return answer.json()["name"]


@pytest.mark.parametrize(
    ("carrier", "code"),
    [
        ({"logistic_id": NOBODY}, "unknown_carrier"),
        ({}, "carrier_missing"),
        ({"logistic_id": 1, "logistic_name": "中通快递"}, "carrier_differs"),
    ],
)
def test_a_carrier_that_no_order_can_be_shipped_with(world, merchant, customer, carrier, code):
    order = world.order(merchant, customer)
    refused(merchant.post(f"/orders/{order['id']}/ship", {**carrier, "logistic_order_id": "SF1"}), 422, code)


def test_a_carrier_that_no_return_can_be_sent_with(world, merchant, customer):
    ticket = world.ticket(merchant, customer, "awaiting_return")
    parcel = {"logistics_id": NOBODY, "tracking_number": "SF1"}
    refused(customer.post(f"/except-orders/{ticket['id']}/return", parcel), 422, "unknown_carrier")


def test_a_code_that_another_sku_has(world, merchant):
    sku = {"sku_name": "蓝色", "sku_code": "CUP-1", "price": 1, "stock": 0}
    world.product(merchant, skus=[sku])
    refused(merchant.post("/products", {"name": "水杯", "skus": [sku]}), 409, "sku_code_taken")


def test_names_that_others_have(world):
    admin, taken, shop = world.admin(), world.customer().account["name"], world.merchant().account
    refused(world.customer().patch("/me", {"name": taken}), 409, "name_taken")
    refused(admin.post("/admins", {"name": admin.account["name"], "password": PASSWORD}), 409, "name_taken")
    user = {"name": shop["name"], "storename": "新店", "password": PASSWORD}
    refused(admin.post("/users", user), 409, "name_taken")
    refused(admin.post("/users", {**user, "name": "新商家", "storename": shop["storename"]}), 409, "storename_taken")


@pytest.mark.parametrize("path", ["users/{}", "customers/{}", "orders/{}", "users/{}/return-address"])
def test_what_staff_do_not_find(world, path):
    refused(world.admin().get(f"/{path.format(NOBODY)}"), 404, "not_found")


def test_a_return_address_of_nobody(world):
    refused(world.admin().put(f"/users/{NOBODY}/return-address", RETURN_ADDRESS), 404, "not_found")


def test_files_of_another_kind(world, merchant):
    model = uploaded(merchant, "sofa.glb", glb(triangle()))
    scene = merchant.post("/scenes", {"name": "商铺", "base_id": 1, "tag": 2}).json()
    refused(merchant.patch(f"/scenes/{scene['id']}", {"config": model}), 422, "wrong_file_kind")
    admin = world.admin()
    refused(admin.patch("/scene-bases/1", {"thumbnail": model}), 422, "wrong_file_kind")
    refused(admin.patch("/scene-bases/1", {"thumbnail": "0" * 64 + ".png"}), 422, "unknown_file")


def test_a_delivery_to_a_webhook_that_is_disabled(world, merchant, customer, spread):
    platform = world.api.platform
    webhook = platform.post("/webhooks", WEBHOOK).json()
    world.order(merchant, customer)
    spread()
    delivery = platform.get(f"/webhooks/{webhook['id']}/deliveries").json()["items"][0]
    assert platform.patch(f"/webhooks/{webhook['id']}", {"status": "disabled"}).status_code == 200
    path = f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    refused(platform.post(path), 409, "webhook_disabled")


@pytest.fixture
def spread(api):
    """Turns events into deliveries, as the worker does."""

    def run():
        with Work(Actor(SYSTEM), writes=True) as work:
            fan_out.spread(work)
            work.commit()

    return run
