"""Staff before the console, and merchants whom they shut out."""

import re

from tests.support.factories import PASSWORD


def test_a_merchant_who_is_logged_in_is_disabled(world, visit):
    merchant, admin = world.merchant(), world.admin()
    theirs, ours = visit(), visit()
    page = theirs.enter(merchant, "/products")
    theirs.says("还没有商品")
    staff = ours.enter(admin, "/admin/merchants")
    ours.page.get_by_label("商家登录名").fill(merchant.account["name"])
    staff.keyboard.press("Enter")
    staff.wait_for_url(re.compile(rf"name={merchant.account['name']}"))
    ours.row(merchant.account["storename"]).get_by_role("button", name="禁用").click()
    staff.get_by_role("dialog").get_by_role("button", name="确定").click()
    ours.row(merchant.account["storename"]).get_by_text("已禁用").wait_for()
    page.wait_for_url(re.compile("/console/login"))
    theirs.says("账号已被禁用，请联系平台。")
    page.locator("input[name=name]").fill(merchant.account["name"])
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("alert").get_by_text("账号已被禁用").wait_for()
    ours.row(merchant.account["storename"]).get_by_role("button", name="启用").click()
    ours.row(merchant.account["storename"]).get_by_text("正常").wait_for()


def test_staff_rule_on_a_ticket_and_read_it_in_the_audit(world, visit):
    merchant, customer, admin = world.merchant(), world.customer(), world.admin()
    ticket = world.ticket(merchant, customer)
    visitor = visit()
    page = visitor.enter(admin, "/admin/tickets")
    visitor.row(f"#{ticket['id']}").first.click()
    page.get_by_role("dialog").get_by_role("button", name="拒绝").click()
    dialog = page.get_by_role("dialog", name="拒绝")
    dialog.get_by_label("裁决原因").fill("商品完好")
    dialog.get_by_role("button", name="拒绝").click()
    page.get_by_role("dialog").get_by_text("已拒绝").wait_for()
    page.goto(f"{visitor.url}/console/admin/audit?order_id={ticket['order_id']}")
    visitor.row("拒绝售后").get_by_text("商品完好").wait_for()
    assert merchant.get(f"/except-orders/{ticket['id']}").json()["remark"] == "商品完好"


def test_new_merchants_can_log_in(world, visit):
    visitor = visit()
    page = visitor.enter(world.admin(), "/admin/merchants")
    page.get_by_role("button", name="新建商家").click()
    page.get_by_label("店铺名称").fill("新店")
    page.get_by_label("登录名", exact=True).fill("newcomer")
    page.get_by_label("密码", exact=True).fill("short")
    page.get_by_role("button", name="保存").click()
    page.locator(".el-form-item__error").first.wait_for()
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="保存").click()
    visitor.row("newcomer").wait_for()
    answer = world.api.client.post("/api/v1/merchant/login", json={"name": "newcomer", "password": PASSWORD})
    assert answer.status_code == 200


def test_staff_find_a_ticket_by_its_step_and_a_link_opens_it(world, visit):
    merchant, customer = world.merchant(), world.customer()
    first, second = world.ticket(merchant, customer), world.ticket(merchant, customer, "awaiting_receipt")
    visitor = visit()
    page = visitor.enter(world.admin(), f"/admin/tickets?business_id={merchant.id}")
    tabs = page.get_by_role("group", name="进度")
    tabs.get_by_role("button", name="待处理 1").wait_for()
    tabs.get_by_role("button", name="待确认收货 1").click()
    visitor.row(f"#{first['id']}").wait_for(state="detached")
    visitor.row(f"#{second['id']}").first.click()
    page.wait_for_url(f"**/console/admin/tickets?business_id={merchant.id}&step=awaiting_receipt&ticket={second['id']}")
    page.reload()
    page.get_by_role("dialog").get_by_text(merchant.account["storename"]).wait_for()


def test_staff_look_at_the_products_of_all_shops(world, visit):
    shops = [world.merchant(), world.merchant()]
    for shop in shops:
        world.sku(shop)
    removed = shops[1].get("/products").json()["items"][0]
    assert shops[1].delete(f"/products/{removed['id']}").status_code == 204
    visitor = visit()
    page = visitor.enter(world.admin(), "/admin/products")
    names = [shop.account["storename"] for shop in shops]
    visitor.row(names[0]).wait_for()
    assert visitor.row(names[1]).count() == 0
    page.get_by_role("button", name="已删除").click()
    page.wait_for_url("**/console/admin/products?show=removed")
    visitor.row(names[1]).click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("已删除").wait_for()
    drawer.get_by_role("link", name=names[1]).click()
    page.wait_for_url(f"**/console/admin/products?business_id={shops[1].id}")
    visitor.says("没有符合条件的记录")


def test_staff_find_events_by_whom_what_and_request_and_the_buyer_who_calls(world, visit):
    merchant, customer, admin = world.merchant(), world.customer(), world.admin()
    order = world.order(merchant, customer, 1, receiver_phone="13987654321")
    visitor = visit()
    page = visitor.enter(admin, "/admin/audit")
    page.get_by_role("combobox", name="操作方").press("Enter")
    page.get_by_role("option", name="商家").click()
    page.get_by_label("操作方编号").fill(str(merchant.id))
    page.keyboard.press("Enter")
    page.get_by_label("类型，如 order.ship").fill("order.ship")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/admin/audit?actor_kind=merchant&actor_id={merchant.id}&type=order.ship")
    page.locator("main tbody tr").nth(1).wait_for(state="detached")
    visitor.row(order["order_number"]).get_by_text("发货").wait_for()
    page.get_by_label("对象编号").fill(str(order["id"]))
    page.keyboard.press("Enter")
    page.get_by_label("类型，如 order.ship").fill("ship")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/admin/audit?actor_kind=merchant&actor_id={merchant.id}&verb=ship")
    page.get_by_role("link", name="同一请求").click()
    page.wait_for_url("**/console/admin/audit?request_id=*")
    visitor.row(order["order_number"]).get_by_role("link", name=f"order.ship #{order['id']}").click()
    page.wait_for_url(f"**/console/admin/audit?subject=order&subject_id={order['id']}")
    visitor.row("付款下单").wait_for()
    page.goto(f"{visitor.url}/console/admin/audit?time_from=1&time_to=2")
    visitor.says("没有符合条件的记录")

    page.get_by_role("link", name="买家", exact=True).click()
    page.get_by_label("电话（账号或收件人）").fill("13987654321")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/admin/customers?phone=13987654321")
    visitor.row(customer.account["name"]).wait_for()
