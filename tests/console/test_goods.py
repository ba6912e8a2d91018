"""Pictures and models: uploaded, shown, and turned in the browser."""

import pytest

from tests.support.samples import glb, picture
from tests.support.waiting import eventually

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
