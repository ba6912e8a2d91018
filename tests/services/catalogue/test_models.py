"""3D models: named files of a merchant, which the merchant's products show."""

import pytest

from app.models.model import FIRST_ID
from tests.support.factories import made
from tests.support.samples import config, glb, gltf, picture, refused, uploaded


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def model(merchant):
    """A model with a thumbnail."""
    file, thumbnail = uploaded(merchant, glb()), uploaded(merchant, picture())
    return made(merchant.post("/models", {"name": "沙发", "file": file["name"], "thumbnail": thumbnail["name"]}), 201)


def product(merchant, number):
    return made(merchant.post("/products", {"name": "沙发", "meta_obj_id": number}), 201)


class TestKeeping:
    def test_a_model_is_a_file_with_a_name(self, merchant, model):
        file = uploaded(merchant, glb())
        assert model == {
            "id": model["id"],
            "name": "沙发",
            "file": file["name"],
            "url": file["url"],
            "thumbnail": model["thumbnail"],
            "thumbnail_url": f"/api/v1/files/{model['thumbnail']}",
            "size": file["size"],
            "bounding_box": file["bounding_box"],
            "create_time": model["create_time"],
            "last_update": model["create_time"],
        }
        assert made(merchant.get(f"/models/{model['id']}")) == model
        assert made(merchant.get("/models", name="沙"))["items"] == [model]
        assert made(merchant.get("/models", name="床"))["items"] == []

    def test_it_is_changed_and_deleted(self, merchant, model):
        changed = made(merchant.patch(f"/models/{model['id']}", {"name": "长沙发", "thumbnail": None}))
        assert (changed["name"], changed["file"], changed["thumbnail_url"]) == ("长沙发", model["file"], None)
        assert merchant.delete(f"/models/{model['id']}").status_code == 204
        refused(merchant.get(f"/models/{model['id']}"), 404, "not_found")
        refused(merchant.delete(f"/models/{model['id']}"), 404, "not_found")

    def test_its_files_are_the_merchants_and_of_the_right_kind(self, world, merchant, model):
        theirs = uploaded(world.merchant(), glb(data=bytes(36)))["name"]
        for file, code in (
            (theirs, "unknown_file"),
            (uploaded(merchant, config())["name"], "wrong_file_kind"),
            (uploaded(merchant, gltf())["name"], "wrong_file_kind"),
        ):
            refused(merchant.post("/models", {"name": "沙发", "file": file}), 422, code)
            refused(merchant.patch(f"/models/{model['id']}", {"file": file}), 422, code)
        refused(merchant.patch(f"/models/{model['id']}", {"thumbnail": model["file"]}), 422, "wrong_file_kind")
        assert made(merchant.get(f"/models/{model['id']}")) == model

    def test_it_is_nobody_elses(self, world, model):
        other = world.merchant()
        for answer in (
            other.get(f"/models/{model['id']}"),
            other.patch(f"/models/{model['id']}", {"name": "x"}),
            other.delete(f"/models/{model['id']}"),
        ):
            refused(answer, 404, "not_found")
        assert made(other.get("/models"))["items"] == []

    def test_its_number_is_none_of_the_platforms(self, model):
        assert model["id"] >= FIRST_ID


class TestProducts:
    def test_a_product_shows_its_model(self, merchant, model):
        shown = product(merchant, model["id"])
        names = ("id", "name", "url", "thumbnail_url", "size", "bounding_box")
        assert shown["model"] == {name: model[name] for name in names}
        assert made(merchant.get(f"/products/{shown['id']}")) == shown
        assert made(merchant.get("/products"))["items"] == [shown]

    @pytest.mark.parametrize("number", [None, 1001, FIRST_ID + 900_000_000])
    def test_a_number_of_the_platforms_stays_a_number(self, merchant, number):
        shown = product(merchant, number)
        assert (shown["meta_obj_id"], shown["model"]) == (number, None)

    def test_a_model_of_another_merchant_is_not_shown(self, world, model):
        shown = product(world.merchant(), model["id"])
        assert (shown["meta_obj_id"], shown["model"]) == (model["id"], None)

    def test_a_model_that_a_product_shows_stays(self, merchant, model):
        shown = product(merchant, model["id"])
        refused(merchant.delete(f"/models/{model['id']}"), 409, "in_use")
        assert merchant.delete(f"/products/{shown['id']}").status_code == 204
        assert merchant.delete(f"/models/{model['id']}").status_code == 204
