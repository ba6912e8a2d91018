"""The goods of the demo shop: each has pictures and a model that the service takes, small, and the same each time."""

import httpx
import pytest

from app.tools import showcase
from app.tools.demo import GOODS, NAMES
from tests.support.demonstrated import demonstration

pytestmark = pytest.mark.long

SHAPES = [goods["shape"] for goods in GOODS]


@pytest.fixture(scope="module")
def shown():
    """What the demo merchant sees: the products, and a client that loads their files."""
    with demonstration() as shop, httpx.Client(base_url=shop.url, timeout=30) as client:
        given = {"name": NAMES["merchant"], "password": shop.password}
        token = client.post("/api/v1/merchant/login", json=given).json()["access_token"]
        products = client.get("/api/v1/merchant/products", headers={"Authorization": f"Bearer {token}"}).json()["items"]
        yield client, products


def test_they_are_as_small_as_promised():
    parts = [part for shape in SHAPES for part in (showcase.model(shape), showcase.picture(shape))]
    assert sum(map(len, parts)) < 200_000


@pytest.mark.parametrize("shape", SHAPES)
def test_they_are_the_same_each_time(shape):
    assert (showcase.model(shape), showcase.picture(shape)) == (showcase.model(shape), showcase.picture(shape))


def test_each_product_shows_pictures_and_its_model(shown):
    client, products = shown
    assert len(products) == len(GOODS)
    for product in products:
        assert product["pictures"]
        for picture in product["pictures"]:
            assert client.get(picture["url"]).headers["content-type"] == "image/jpeg"
        model = product["model"]
        assert (model["id"], model["name"]) == (product["meta_obj_id"], product["name"])
        assert client.get(model["url"]).content[:4] == b"glTF"
        assert client.get(model["thumbnail_url"]).is_success
        height = model["bounding_box"]["max"][1] - model["bounding_box"]["min"][1]
        assert 0.3 < height < 1, "in metres, standing"
        assert model["bounding_box"]["min"][1] == 0
