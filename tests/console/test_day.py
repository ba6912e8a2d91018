"""A merchant's day before the console, in a real browser."""

from tests.support.factories import made, purchase


def test_from_a_new_product_to_a_refund(world, visit, url):
    merchant, customer = world.merchant(), world.customer()
    visitor = visit()
    page = visitor.open("/orders?status=0")
    visitor.log_in(merchant)
    page.wait_for_url("**/console/orders?status=0")
    visitor.says("没有符合条件的记录")

    page.get_by_role("link", name="商品", exact=True).click()
    page.get_by_role("button", name="新建商品").first.click()
    page.get_by_label("名称", exact=True).fill("青花瓷瓶")
    page.get_by_label("SKU 名称").fill("大号")
    page.get_by_label("单价（元）").fill("399")
    page.get_by_label("库存", exact=True).fill("5")
    page.get_by_role("button", name="保存").click()
    visitor.row("青花瓷瓶").wait_for()

    sku = merchant.get("/skus").json()["items"][0]
    placed = made(world.api.platform.post("/orders", purchase(sku["id"], customer.id, num=2)), 201)
    page.get_by_role("link", name="概览").click()
    page.get_by_role("main").get_by_role("link", name="待发货").click()
    page.wait_for_url("**/console/orders?status=0")
    visitor.row(placed["order_number"]).get_by_role("button", name="发货").click()
    dialog = page.get_by_role("dialog", name="订单发货")
    dialog.get_by_role("button", name="发货").click()
    dialog.get_by_text("不能").or_(dialog.get_by_role("alert")).first.wait_for()
    dialog.get_by_label("快递公司").click()
    page.get_by_role("option", name="顺丰速运").click()
    dialog.get_by_label("运单号").fill(" SF1391234567890 ")
    dialog.get_by_role("button", name="发货").click()
    visitor.says("没有符合条件的记录")
    shipped = merchant.get(f"/orders/{placed['id']}").json()
    assert (shipped["status"], shipped["logistic_order_id"]) == (1, "SF1391234567890")

    ticket = world.ask(customer, shipped)
    page.get_by_role("link", name="售后").first.click()
    visitor.row(f"#{ticket['id']}").get_by_role("button", name="处理").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="同意").click()
    page.get_by_role("dialog", name="同意售后申请").get_by_role("button", name="同意").click()
    drawer.get_by_text("待打款").wait_for()
    assert merchant.get(f"/except-orders/{ticket['id']}").json()["step"] == "refunded"
    page.keyboard.press("Escape")

    page.get_by_role("link", name="库存与 SKU").click()
    visitor.row("青花瓷瓶").get_by_role("button", name="调整库存").click()
    dialog = page.get_by_role("dialog", name="调整库存")
    dialog.get_by_label("增减数量").fill("10")
    dialog.get_by_label("原因").fill("到货入库")
    dialog.get_by_role("button", name="保存").click()
    visitor.row("青花瓷瓶").get_by_text("13", exact=True).wait_for()
    assert merchant.get(f"/skus/{sku['id']}").json()["stock"] == 13


def test_a_file_with_bad_rows_ships_the_good_ones(world, visit):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    one, two = (world.order(merchant, customer, sku=sku) for _ in range(2))
    visitor = visit()
    page = visitor.enter(merchant, "/orders")
    page.get_by_role("button", name="导入发货").click()
    rows = f"订单编号,快递公司,运单号\n{one['order_number']},顺丰,SF0001\n{two['order_number']},顺丰,\nNOWHERE,顺丰,SF0003\n"
    file = {"name": "发货.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    visitor.says("检查完成：1 行可以执行，2 行有误")
    visitor.says("第 3 行")
    visitor.says("没有这个订单")
    assert merchant.get(f"/orders/{one['id']}").json()["status"] == 0
    page.get_by_role("button", name="确认执行 1 行").click()
    visitor.says("已完成：1 行成功，2 行未执行")
    states = [merchant.get(f"/orders/{order['id']}").json()["status"] for order in (one, two)]
    assert states == [1, 0]


def test_many_are_shipped_at_once_and_a_bad_row_says_why(world, visit):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    orders = [world.order(merchant, customer, sku=sku) for _ in range(3)]
    visitor = visit()
    page = visitor.enter(merchant, "/orders?status=0")
    page.get_by_label("全选本页").check()
    page.get_by_role("button", name="批量发货").click()
    page.get_by_role("combobox", name="快递公司（应用于全部）").click()
    page.get_by_role("option", name="中通快递").click()
    fields = [page.get_by_label(f"{order['order_number']} 运单号") for order in orders]
    fields[0].fill("ZT0001")
    fields[1].fill("ZT0002")
    page.get_by_role("dialog").get_by_role("button", name="发货 (3)").click()
    visitor.says("2 单已发货，1 单未成功")
    fields[0].wait_for(state="detached")
    fields[2].fill("ZT0003")
    page.get_by_role("button", name="发货 (1)").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    assert {merchant.get(f"/orders/{order['id']}").json()["logistic_order_id"] for order in orders} == {
        "ZT0001",
        "ZT0002",
        "ZT0003",
    }
