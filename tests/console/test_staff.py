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
    visitor.says("已拒绝")
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
