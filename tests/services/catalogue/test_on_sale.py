"""The platform reads what it sells, of all merchants."""

import pytest

from tests.support.factories import made


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def test_products_of_all_merchants_are_listed_with_their_skus(api, world):
    products = [world.product(world.merchant(), name=f"货品{number}") for number in range(3)]
    page = made(api.platform.get("/products", size=2))
    assert page["items"] == [products[2], products[1]]
    assert products[0] in made(api.platform.get("/products", cursor=page["next_cursor"], size=100))["items"]
    assert made(api.platform.get("/products", business_id=products[1]["business_id"]))["items"] == [products[1]]
    assert made(api.platform.get("/products", name="品2"))["items"] == [products[2]]


def test_one_product_and_one_sku_are_shown(api, world):
    merchant = world.merchant()
    product = world.product(merchant)
    (sku,) = product["skus"]
    assert made(api.platform.get(f"/products/{product['id']}")) == product
    shown = made(api.platform.get(f"/skus/{sku['id']}"))
    assert shown == {**sku, "business_id": merchant.id, "listed": True, "pictures": [], "model": None}


def test_what_was_removed_is_not_sold(api, world):
    merchant = world.merchant()
    sku, product = world.sku(merchant), world.product(merchant)
    merchant.delete(f"/skus/{sku['id']}")
    merchant.delete(f"/products/{product['id']}")
    assert made(api.platform.get(f"/products/{sku['product_id']}"))["skus"] == []
    for path in (f"/skus/{sku['id']}", f"/products/{product['id']}", f"/skus/{product['skus'][0]['id']}"):
        assert api.platform.get(path).status_code == 404, path
    assert [row["id"] for row in made(api.platform.get("/products", business_id=merchant.id))["items"]] == [sku["product_id"]]


def test_what_a_disabled_merchant_has_is_not_sold(api, world):
    merchant, admin = world.merchant(), world.admin()
    sku = world.sku(merchant)
    made(admin.post(f"/users/{merchant.id}/disable"))
    assert made(api.platform.get("/products", business_id=merchant.id))["items"] == []
    assert api.platform.get(f"/products/{sku['product_id']}").status_code == 404
    assert api.platform.get(f"/skus/{sku['id']}").status_code == 404
    made(admin.post(f"/users/{merchant.id}/enable"))
    assert made(api.platform.get(f"/skus/{sku['id']}"))["id"] == sku["id"]


@pytest.mark.parametrize("path", ["/products/2147483647", "/skus/2147483647"])
def test_what_is_not_there_is_not_found(api, path):
    assert api.platform.get(path).status_code == 404
