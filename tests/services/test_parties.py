"""Staff see of each order and ticket who it is between, and look at one of any merchant."""

from collections import Counter

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


def test_counts_of_orders_are_of_those_that_the_list_shows(admin, shops, world):
    for merchant, buyer, _ in shops:
        world.order(merchant, buyer, 1)
        for asked in ({"business_id": merchant.id}, {"customer_id": buyer.id, "status": 1}, {"overdue": False}):
            shown = made(admin.get("/orders", **asked))["items"]
            counted = made(admin.get("/orders/counts", **asked))
            assert {int(status): number for status, number in counted.items() if number} == Counter(
                row["status"] for row in shown
            )
    assert admin.get("/orders/counts", q="x").status_code == 422


STEPS = ("applied", "offered", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn")


def test_counts_of_tickets_are_of_those_that_the_list_shows(admin, world, customer):
    merchants = [world.merchant(), world.merchant()]
    for place, step in enumerate((*STEPS, "applied")):
        world.ticket(merchants[place % 2], customer, step)
    other = world.ticket(merchants[0], world.customer(), "refused")
    for query, number in (
        ("", 9),
        (f"business_id={merchants[0].id}", 5),
        (f"customer_id={customer.id}", 8),
        (f"customer_id={customer.id}&business_id={merchants[1].id}", 4),
        ("step=applied,refused", 4),
        ("step=applied&step=refused", 4),
        ("waiting_for=merchant", 3),
        (f"waiting_for=customer&business_id={merchants[0].id}", 1),
        ("status=2", 2),
        (f"order_id={other['order_id']}", 1),
        ("overdue=true", 0),
        ("except_type=仅退款", 0),
        ("customer_id=99999", 0),
    ):
        shown = made(admin.call("GET", f"/except-orders?{query}"))
        counted = made(admin.call("GET", f"/except-orders/counts?{query}"))
        assert (shown["total"], len(shown["items"])) == (number, number), query
        assert set(counted) == {*STEPS, "lapsed"}
        assert {step: count for step, count in counted.items() if count} == Counter(row["step"] for row in shown["items"])


@pytest.mark.parametrize("query", ["step=done", "customer_id=0", "waiting_for=platform", "buyer=1"])
def test_what_is_no_filter_of_tickets_is_refused(admin, query):
    for path in ("/except-orders", "/except-orders/counts"):
        assert admin.call("GET", f"{path}?{query}").status_code == 422


def test_a_trend_of_all_shops_has_the_bounds_of_a_shops(admin):
    for days, code in ((("2026-02-01", "2026-01-01"), "range_reversed"), (("2020-01-01", "2026-01-01"), "range_too_long")):
        refused = admin.get("/statistics/trend", **dict(zip(("from", "to"), days, strict=True)))
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_file_of_no_possible_name_is_not_looked_for(admin):
    refused = admin.delete(f"/files/{'x' * 300}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
