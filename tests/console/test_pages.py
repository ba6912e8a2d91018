"""Every page: for everybody to use, at any width, and light enough to show at once."""

import re
from urllib.parse import urlsplit

import pytest

MERCHANT = ("/", "/orders", "/tickets?waiting=all", "/products", "/skus", "/models", "/scenes", "/files", "/webhooks", "/keys", "/settings")
ADMIN = ("/admin", *(f"/admin/{name}" for name in ("merchants", "customers", "orders", "tickets", "refunds", "audit", "bases", "admins")))
FIRST_VIEW = 350_000  # bytes with gzip, without charts


@pytest.fixture(scope="module")
def shop(world):
    """A merchant with something on every list."""
    merchant, customer = world.merchant(), world.customer()
    for status in (0, 1, 2, -1):
        world.order(merchant, customer, status)
    world.ticket(merchant, customer, "awaiting_receipt")
    return merchant


def shown(visitor, path):
    visitor.page.goto(f"{visitor.url}/console{path}")
    visitor.page.get_by_role("heading", level=1).wait_for()
    visitor.page.locator("[aria-busy=true]").first.wait_for(state="detached")


def test_no_page_keeps_anybody_out(world, shop, visit):
    found = {}
    for caller, paths in ((shop, MERCHANT), (world.admin(), ADMIN)):
        visitor = visit()
        visitor.enter(caller, paths[0])
        for path in paths:
            shown(visitor, path)
            found[path] = visitor.barriers()
    visitor = visit()
    visitor.open("/login").get_by_role("heading", level=1).wait_for()
    found["/login"] = visitor.barriers()
    assert {path: barriers for path, barriers in found.items() if barriers} == {}


def test_dialogs_and_drawers_keep_nobody_out(shop, visit):
    visitor = visit()
    page = visitor.enter(shop, "/orders?status=0")
    page.locator("tbody tr").first.click()
    page.get_by_role("dialog").get_by_text("付款下单").wait_for()
    page.wait_for_timeout(400)
    assert visitor.barriers() == []
    page.get_by_role("dialog").get_by_role("button", name="发货").click()
    page.get_by_role("dialog", name="订单发货").wait_for()
    page.wait_for_timeout(400)
    assert visitor.barriers() == []


def test_pages_fit_a_phone(world, shop, visit):
    for caller, paths in ((shop, MERCHANT), (world.admin(), ADMIN)):
        visitor = visit(width=390, height=844)
        visitor.enter(caller, paths[0])
        for path in paths:
            shown(visitor, path)
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_english_is_whole(shop, visit):
    visitor = visit(language="en-GB")
    visitor.enter(shop, "/")
    for path in MERCHANT:
        shown(visitor, path)
        said = visitor.page.get_by_role("main").inner_text()
        assert not re.search(r"\b(order|ticket|sku|product|do|list)\.[a-z_]+\b", said), path
        assert re.search(r"[A-Za-z]{4}", said), path


def test_the_keyboard_leads_through_a_list(shop, visit):
    visitor = visit()
    page = visitor.enter(shop, "/orders")
    page.locator("tbody tr").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("ON")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=ON"))
    page.locator("tbody tr").first.focus()
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
    visitor.enter(shop, "/")
    visitor.says("概览")
    visitor.page.wait_for_timeout(500)
    assert hosts == {urlsplit(visitor.url).netloc}
    assert 50_000 < sum(loaded) < FIRST_VIEW
