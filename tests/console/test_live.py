"""What happens elsewhere shows by itself, and sessions and connections that end are no riddle."""

import re

from tests.support.factories import PASSWORD, made, purchase
from tests.support.waiting import eventually


def test_an_order_and_a_ticket_show_as_they_come_in(world, visit):
    merchant, customer = world.merchant(), world.customer()
    visitor = visit()
    page = visitor.enter(merchant, "/orders")
    visitor.says("还没有订单")
    visitor.says("实时更新")
    page.evaluate("window.same = true")
    order = world.order(merchant, customer)
    visitor.row(order["order_number"]).wait_for()
    visitor.says(f"新订单 {order['order_number']}")
    eventually(lambda: page.title().startswith("(1) "))
    world.ask(customer, order)
    visitor.row(order["order_number"]).get_by_text("退款中").wait_for()
    assert page.evaluate("window.same")


def test_a_session_that_ended_elsewhere_comes_back_to_the_same_place(world, visit):
    merchant, customer = world.merchant(), world.customer()
    order = world.order(merchant, customer)
    visitor = visit()
    page = visitor.enter(merchant, f"/orders?status=0&order={order['id']}")
    visitor.says(order["receiver_name"])
    again = world.api.client.post("/api/v1/merchant/login", json={"name": merchant.account["name"], "password": PASSWORD})
    assert again.status_code == 200
    page.wait_for_url(re.compile("/console/login"))
    visitor.says("登录已失效")
    visitor.log_in(merchant)
    page.wait_for_url(f"**/console/orders?status=0&order={order['id']}")
    visitor.says(order["receiver_name"])


def test_a_lost_connection_loses_nothing_and_doubles_nothing(world, visit):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    order = world.order(merchant, customer, sku=sku)
    visitor = visit()
    page = visitor.enter(merchant, "/orders")
    visitor.row(order["order_number"]).get_by_role("button", name="发货").click()
    dialog = page.get_by_role("dialog", name="订单发货")
    dialog.get_by_label("快递公司").click()
    page.get_by_role("option", name="顺丰速运").click()
    dialog.get_by_label("运单号").fill("SF1391234567890")

    lost = []

    def lose(route):
        """The request reaches the service, and its answer never comes back."""
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.route("**/ship", lose, times=1)
    dialog.get_by_role("button", name="发货").click()
    visitor.says("网络连接失败")
    assert lost == [200]
    dialog.get_by_role("button", name="发货").click()
    dialog.wait_for(state="hidden")
    timeline = merchant.get(f"/orders/{order['id']}/events").json()["items"]
    assert [event["verb"] for event in timeline] == ["ship", "place"]

    page.context.set_offline(True)
    visitor.says("连接已断开")
    missed = made(world.api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)
    page.context.set_offline(False)
    visitor.says("实时更新")
    visitor.row(missed["order_number"]).wait_for()


def test_another_tab_that_logs_in_again_does_not_log_this_one_out(world, visit):
    merchant = world.merchant()
    visitor = visit()
    page = visitor.enter(merchant, "/orders")
    visitor.says("实时更新")
    other = page.context.new_page()
    other.goto(f"{visitor.url}/console/login")
    other.locator("input[name=name]").fill(merchant.account["name"])
    other.locator("input[name=password]").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.locator(".shell h1").wait_for()
    merchant.token = other.evaluate("localStorage.getItem('meta-be.merchant')")
    world.order(merchant, world.customer(), order_number="AFTER000001")
    visitor.row("AFTER000001").wait_for(timeout=30_000)
    assert page.url.endswith("/console/orders")
