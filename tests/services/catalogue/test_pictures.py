"""Pictures of products: the merchant's own files, in their order."""

import pytest

from tests.support.factories import made
from tests.support.samples import config, picture, refused, uploaded


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def images(merchant):
    """The names of three pictures."""
    return [uploaded(merchant, picture(size=(4, height)))["name"] for height in (3, 4, 5)]


def shown(names):
    return [{"name": name, "url": f"/api/v1/files/{name}"} for name in names]


class TestKeeping:
    def test_they_stand_in_their_order_wherever_the_product_is_shown(self, world, api, merchant, images):
        order = [images[2], images[0], images[1]]
        product = world.product(merchant, pictures=order)
        assert product["pictures"] == shown(order)
        assert made(merchant.get(f"/products/{product['id']}")) == product
        assert made(merchant.get("/products"))["items"] == [product]
        assert made(api.platform.get(f"/products/{product['id']}"))["pictures"] == shown(order)
        sku = made(api.platform.get(f"/skus/{product['skus'][0]['id']}"))
        assert (sku["pictures"], sku["model"]) == (shown(order), None)

    def test_a_change_puts_others_in_their_place(self, world, merchant, images):
        path = f"/products/{world.product(merchant, pictures=images)['id']}"
        assert made(merchant.patch(path, {"pictures": images[1:]}))["pictures"] == shown(images[1:])
        assert made(merchant.patch(path, {"name": "茶杯"}))["pictures"] == shown(images[1:])
        assert made(merchant.patch(path, {"pictures": [images[0]]}))["pictures"] == shown(images[:1])
        assert made(merchant.patch(path, {"pictures": []}))["pictures"] == []

    def test_each_is_shown_once(self, world, merchant, images):
        assert world.product(merchant, pictures=[images[0], images[1], images[0]])["pictures"] == shown(images[:2])

    def test_a_product_that_comes_back_has_them(self, world, merchant, images):
        product = world.product(merchant, pictures=images)
        assert merchant.delete(f"/products/{product['id']}").status_code == 204
        refused(merchant.delete(f"/files/{images[0]}"), 409, "file_in_use")
        assert made(merchant.post(f"/products/{product['id']}/restore"))["pictures"] == shown(images)


class TestRefusals:
    def test_a_file_of_another_is_as_one_that_is_not_there(self, world, merchant, images):
        product = world.product(merchant, pictures=images[:1])
        theirs = uploaded(world.merchant(), picture(size=(9, 9)))["name"]
        for names in ([images[0], theirs], ["0" * 64 + ".png"]):
            refused(merchant.post("/products", {"name": "茶杯", "pictures": names}), 422, "unknown_file")
            refused(merchant.patch(f"/products/{product['id']}", {"pictures": names}), 422, "unknown_file")
        assert made(merchant.get("/products"))["items"] == [product]

    def test_only_pictures_are(self, merchant):
        names = [uploaded(merchant, config())["name"]]
        refused(merchant.post("/products", {"name": "茶杯", "pictures": names}), 422, "wrong_file_kind")
        product = made(merchant.post("/products", {"name": "茶杯"}), 201)
        refused(merchant.patch(f"/products/{product['id']}", {"pictures": names}), 422, "wrong_file_kind")

    def test_a_product_of_another_is_left_alone(self, world, merchant, images):
        product = world.product(world.merchant())
        refused(merchant.patch(f"/products/{product['id']}", {"pictures": images}), 404, "not_found")

    def test_there_are_nine_at_most(self, merchant):
        names = [uploaded(merchant, picture(size=(1, height)))["name"] for height in range(1, 11)]
        refused(merchant.post("/products", {"name": "茶杯", "pictures": names}), 422, "invalid_input")
        assert len(made(merchant.post("/products", {"name": "茶杯", "pictures": names[:9]}), 201)["pictures"]) == 9
