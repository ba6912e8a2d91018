"""Staff see of each order and ticket who it is between, and look at one of any merchant."""

import pytest

from tests.support.factories import as_told, made


@pytest.fixture
def admin(world):
    return world.admin()


@pytest.fixture
def shops(world, customer):
    """Tickets of two shops with their merchants, by two buyers."""
    merchants, buyers = [world.merchant(), world.merchant()], [customer, world.customer()]
    return [(merchant, buyer, world.ticket(merchant, buyer)) for merchant, buyer in zip(merchants, buyers, strict=True)]


def test_rows_name_store_and_buyer(admin, shops):
    names = [(merchant.account["storename"], buyer.account["name"]) for merchant, buyer, _ in shops]
    for path in ("/orders", "/except-orders"):
        rows = made(admin.get(path))["items"]
        assert [(row["storename"], row["customer_name"]) for row in reversed(rows)] == names


def test_one_is_shown_as_in_the_list(admin, shops):
    for merchant, buyer, ticket in shops:
        for path, row_id in (("/orders", ticket["order_id"]), ("/except-orders", ticket["id"])):
            shown = made(admin.get(f"{path}/{row_id}"))
            assert (shown["storename"], shown["customer_name"]) == (merchant.account["storename"], buyer.account["name"])
            (row,) = [row for row in made(admin.get(path))["items"] if row["id"] == row_id]
            assert row == as_told(row, shown)


def test_what_is_not_there_is_not_found(admin):
    for path in ("/orders/9999", "/except-orders/9999"):
        answer = admin.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_buyers_and_merchants_are_not_shown_each_others_names_by_that(shops):
    merchant, buyer, ticket = shops[0]
    for caller in (merchant, buyer):
        assert "storename" not in made(caller.get(f"/except-orders/{ticket['id']}"))
        assert "storename" not in made(caller.get(f"/orders/{ticket['order_id']}"))


def test_counts_and_trend_are_of_all_shops(admin, shops, world):
    merchants = [merchant for merchant, _, _ in shops]
    counts = [made(merchant.get("/orders/counts")) for merchant in merchants]
    assert made(admin.get("/orders/counts")) == {status: sum(each[status] for each in counts) for status in counts[0]}
    trends = [made(merchant.get("/statistics/trend"))["items"] for merchant in merchants]
    of_all = made(admin.get("/statistics/trend"))["items"]
    assert of_all[-1]["orders"] == sum(each[-1]["orders"] for each in trends) > 0


def test_a_trend_of_all_shops_has_the_bounds_of_a_shops(admin):
    for days, code in ((("2026-02-01", "2026-01-01"), "range_reversed"), (("2020-01-01", "2026-01-01"), "range_too_long")):
        refused = admin.get("/statistics/trend", **dict(zip(("from", "to"), days, strict=True)))
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_file_of_no_possible_name_is_not_looked_for(admin):
    refused = admin.delete(f"/files/{'x' * 300}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
