"""Pictures and models: uploaded, shown, and turned in the browser."""

import base64
from urllib.parse import urlsplit

import pytest

from tests.support.factories import made
from tests.support.samples import glb, picture, triangle
from tests.support.waiting import eventually

# A tetrahedron as three's Draco encoder packs it.
DRACO = base64.b64decode(
    "RFJBQ08CAgEBAAAABAQAAwAAAS8BARAB/wAAAQAJAwAAAAAAAAAAAAAAAABAQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAgD8AAAAAAAAAAA=="
)
LOADED = "document.querySelector('model-viewer')?.loaded"


@pytest.fixture
def model_file():
    return {"name": "杯子.glb", "mimeType": "model/gltf-binary", "buffer": glb()}


def test_a_model_is_uploaded_given_to_a_product_and_shown(world, visit, model_file):
    merchant = world.merchant()
    world.product(merchant, meta_obj_id=None)
    visitor = visit()
    page = visitor.enter(merchant, "/models")
    page.get_by_role("button", name="上传模型").first.click()
    dialog = page.get_by_role("dialog", name="上传模型")
    dialog.get_by_label("名称").fill("杯子")
    dialog.locator("input[accept^='.glb']").set_input_files(model_file)
    dialog.get_by_text("已上传：杯子.glb").wait_for()
    dialog.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="杯子").click()
    eventually(lambda: page.evaluate(LOADED))
    page.keyboard.press("Escape")

    page.get_by_role("link", name="商品", exact=True).click()
    visitor.row("水杯").get_by_role("button", name="编辑").click()
    dialog = page.get_by_role("dialog", name="编辑商品")
    dialog.locator("input[type=file]").set_input_files({"name": "水杯.png", "mimeType": "image/png", "buffer": picture()})
    dialog.locator("img").wait_for()
    dialog.get_by_label("3D 模型").click()
    page.get_by_role("option", name="杯子").click()
    dialog.get_by_role("button", name="保存").click()
    dialog.wait_for(state="hidden")
    visitor.row("水杯").locator("img").wait_for()
    visitor.row("水杯").click()
    eventually(lambda: page.evaluate(LOADED))
    product = merchant.get("/products").json()["items"][0]
    assert product["model"]["name"] == "杯子"
    assert len(product["pictures"]) == 1


def packed(data):
    """A model whose only mesh is Draco's `data`."""
    names = ["KHR_draco_mesh_compression"]
    unpacked = {"bufferView": 0, "attributes": {"POSITION": 0}}
    primitive = {"attributes": {"POSITION": 0}, "indices": 1, "extensions": {names[0]: unpacked}}
    position = {"componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 2, 3]}
    size = {"byteLength": len(data)}
    document = triangle(
        meshes=[{"primitives": [primitive]}],
        accessors=[position, {"componentType": 5125, "count": 12, "type": "SCALAR"}],
        bufferViews=[{"buffer": 0, **size}],
        buffers=[size],
        extensionsUsed=names,
        extensionsRequired=names,
    )
    return glb(document, data + bytes(-len(data) % 4))


def test_a_draco_model_is_unpacked_by_what_the_service_holds_and_a_broken_one_says_so(world, visit):
    merchant = world.merchant()
    visitor = visit()
    for name, data in (("四面体", DRACO), ("坏模型", bytes(len(DRACO)))):
        file = {"name": f"{name}.glb", "mimeType": "model/gltf-binary", "buffer": packed(data)}
        headers = {"Authorization": f"Bearer {merchant.token}"}
        taken = visitor.page.request.post(f"{visitor.url}/api/v1/merchant/files", multipart={"file": file}, headers=headers)
        made(merchant.post("/models", {"name": name, "file": taken.json()["name"]}), 201)
    hosts = set()
    visitor.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page = visitor.enter(merchant, "/models")
    page.get_by_role("button", name="四面体").click()
    eventually(lambda: page.evaluate(LOADED))
    assert page.evaluate("document.querySelector('model-viewer').getDimensions().toString()") == "1m 2m 3m"
    assert hosts - {""} == {urlsplit(visitor.url).netloc}
    page.keyboard.press("Escape")

    page.get_by_role("button", name="坏模型").click()
    visitor.says("此处无法预览该模型")
    assert visitor.complaints
    visitor.complaints.clear()


def test_movements_of_the_shop_follow_a_stock(world, visit):
    merchant = world.merchant()
    sku = world.sku(merchant)
    visitor = visit()
    page = visitor.enter(merchant, "/movements")
    visitor.row("初始库存").wait_for()
    merchant.post(f"/skus/{sku['id']}/stock", {"delta": 7, "reason": "盘点"})
    visitor.row("盘点").get_by_text("+7").wait_for()
    page.get_by_role("link", name="水杯 蓝色").first.click()
    page.get_by_role("dialog").get_by_text("盘点").wait_for()


def test_what_was_removed_is_restored(world, visit):
    merchant = world.merchant()
    sku = world.sku(merchant)
    visitor = visit()
    page = visitor.enter(merchant, "/skus")
    visitor.row("水杯").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    visitor.row("水杯").wait_for(state="detached")
    page.get_by_role("button", name="已删除").click()
    page.wait_for_url("**/console/skus?removed=true")
    assert page.get_by_role("button", name="导出").count() == 0  # there is no sheet of them
    visitor.row("水杯").get_by_role("button", name="恢复").click()
    visitor.says("已恢复，库存为 0，编码为空")
    visitor.row("水杯").wait_for(state="detached")
    assert merchant.get(f"/skus/{sku['id']}").json()["stock"] == 0

    page.get_by_role("link", name="商品", exact=True).click()
    visitor.row("水杯").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    visitor.row("水杯").wait_for(state="detached")
    page.goto(f"{visitor.url}/console/skus?removed=true")
    visitor.row("水杯").get_by_role("button", name="恢复").click()
    visitor.says("该商品已删除，请先恢复商品")
    page.goto(f"{visitor.url}/console/products?show=removed")
    visitor.row("水杯").get_by_role("button", name="恢复").click()
    visitor.row("水杯").wait_for(state="detached")
    assert merchant.get("/products").json()["total"] == 1
