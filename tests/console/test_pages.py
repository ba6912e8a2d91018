"""Every page: for everybody to use, at any width, and light enough to show at once."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import TimeoutError as TooLong

MERCHANT = (
    "/",
    "/orders",
    "/tickets",
    "/products",
    "/skus",
    "/movements",
    "/models",
    "/scenes",
    "/files",
    "/webhooks",
    "/keys",
    "/settings",
)
ADMIN = (
    "/admin",
    *(
        f"/admin/{name}"
        for name in ("merchants", "customers", "orders", "tickets", "refunds", "products", "audit", "bases", "admins")
    ),
)
FIRST_VIEW = 350_000  # bytes with gzip, without charts


@pytest.fixture(scope="module")
def shop(world):
    """A merchant with something on every list."""
    merchant, customer = world.merchant(), world.customer()
    for status in (0, 1, 2, -1):
        world.order(merchant, customer, status)
    world.ticket(merchant, customer, "awaiting_receipt")
    return merchant


WORDS = re.compile(r"\b(order|ticket|sku|product|do|list|staff|nav)\.[a-z_]+\b")  # a key that has no words


def show(page, path):
    """Go there by the menu."""
    page.locator(f".side-link[href='/console{path}']").click()
    page.wait_for_url(f"**/console{path}")
    page.get_by_role("heading", level=1).wait_for()
    page.locator("[aria-busy=true]").first.wait_for(state="detached")


def faults(visitor, path):
    """What is wrong with a page: for people who see or hear it otherwise, on a phone, in English."""
    page = visitor.page
    show(page, path)
    found = visitor.barriers()
    page.set_viewport_size({"width": 390, "height": 844})
    try:  # the charts follow the width a little later
        page.wait_for_function("document.documentElement.scrollWidth <= 390", timeout=5000)
    except TooLong:
        found.append({"rule": "fits a phone", "width": page.evaluate("document.documentElement.scrollWidth")})
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="English").click()
    if (
        unnamed := WORDS.findall(page.locator("body").inner_text())
    ) and path != "/admin/audit":  # which names events as they are
        found.append({"rule": "has English words", "keys": unnamed})
    page.get_by_role("button", name="中文").click()
    return found


def test_every_page_is_for_everybody(world, shop, visit):
    found = {}
    for caller, paths in ((shop, MERCHANT), (world.admin(), ADMIN)):
        visitor = visit()
        visitor.enter(caller, paths[0])
        found |= {path: faults(visitor, path) for path in paths}
    visitor = visit()
    visitor.open("/login").get_by_role("heading", level=1).wait_for()
    found["/login"] = visitor.barriers()
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_dialogs_and_drawers_keep_nobody_out(shop, visit):
    visitor = visit()
    page = visitor.enter(shop, "/orders?status=0")
    page.locator("main tbody tr").first.click()
    page.get_by_role("dialog").get_by_text("付款下单").wait_for()
    page.wait_for_timeout(400)
    assert visitor.barriers() == []
    page.get_by_role("dialog").get_by_role("button", name="发货").click()
    page.get_by_role("dialog", name="订单发货").wait_for()
    page.wait_for_timeout(400)
    assert visitor.barriers() == []


def test_the_keyboard_leads_through_a_list(shop, visit):
    visitor = visit()
    page = visitor.enter(shop, "/orders")
    page.locator("main tbody tr").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("ON")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=ON"))
    page.locator("main tbody tr").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("order="))
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.go_back()


def test_the_first_view_is_light_and_comes_from_here_alone(shop, visit):
    visitor = visit()
    loaded, hosts = [], set()

    def note(response):
        hosts.add(urlsplit(response.url).netloc)
        if "/console/" in response.url and "TrendChart" not in response.url:
            loaded.append(int(response.headers.get("content-length", 0)))

    visitor.page.on("response", note)
    visitor.open("/login").get_by_role("heading", level=1).wait_for()
    visitor.enter(shop, "/")
    visitor.says("概览")
    visitor.page.wait_for_timeout(500)
    assert hosts == {urlsplit(visitor.url).netloc}
    assert 50_000 < sum(loaded) < FIRST_VIEW


def test_columns_are_chosen_by_the_keyboard_and_stay_chosen(shop, visit):
    visitor = visit()
    page = visitor.enter(shop, "/orders")
    heads = page.locator("main thead")
    heads.get_by_text("物流").wait_for()
    page.get_by_role("button", name="列", exact=True).focus()
    page.keyboard.press("Enter")
    choice = page.get_by_role("group", name="显示的列")
    assert visitor.barriers() == []
    for name in ("物流", "地址"):
        choice.get_by_label(name, exact=True).focus()
        page.keyboard.press("Space")
    page.keyboard.press("Escape")
    choice.wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent.trim()") == "列"
    chosen = ["订单", "商品", "收件人", "地址", "实付", "状态", "操作"]
    assert heads.locator("th[scope=col]").all_inner_texts() == chosen
    page.reload()
    heads.get_by_text("地址").wait_for()
    assert heads.locator("th[scope=col]").all_inner_texts() == chosen

    page.get_by_role("button", name="列", exact=True).click()
    choice.get_by_role("button", name="恢复默认").click()
    heads.get_by_text("物流").wait_for()
    assert heads.get_by_text("地址").count() == 0
    page.get_by_role("heading", level=1).click()
    choice.wait_for(state="detached")


def test_a_list_shows_as_many_rows_as_the_address_says(world, visit):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    for _ in range(21):
        world.order(merchant, customer, sku=sku)
    visitor = visit(width=390)
    page = visitor.enter(merchant, "/orders?status=0")
    rows = page.locator("main tbody tr")
    rows.nth(20).wait_for()
    page.get_by_role("combobox", name="每页条数").press("Enter")
    page.get_by_role("option", name="20 条/页").click()
    page.wait_for_url("**/console/orders?status=0&size=20")
    rows.nth(20).wait_for(state="detached")
    page.get_by_role("button", name="下一页").click()
    rows.nth(1).wait_for(state="detached")
    assert rows.count() == 1
    page.reload()
    rows.first.wait_for()
    assert rows.count() == 1
    page.get_by_role("button", name="列", exact=True).click()
    assert visitor.barriers() == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
