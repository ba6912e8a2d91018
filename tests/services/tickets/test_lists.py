"""A merchant's tickets as a screen needs them: rows that tell of their orders, counts, what waits for whom, and as a file."""

import csv
import io

import pytest

from tests.support.factories import REFUND, RETURN, made

STEPS = ("applied", "offered", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn")


@pytest.fixture
def tickets(world, merchant, customer):
    """The ids of a ticket at each of STEPS."""
    world.ticket(world.merchant(), customer)
    return {step: world.ticket(merchant, customer, step)["id"] for step in STEPS}


def found(merchant, query):
    shown = made(merchant.call("GET", f"/except-orders?{query}"))
    assert shown["total"] == len(shown["items"])
    counted = made(merchant.call("GET", f"/except-orders/counts?{query}"))
    for step, number in counted.items():
        assert number == len([row for row in shown["items"] if row["step"] == step])
    return [row["id"] for row in reversed(shown["items"])]


def test_a_row_tells_of_its_order(world, merchant, customer):
    sku = world.product(merchant, name="青花瓷瓶", skus=[{"sku_name": "大号", "price": 399, "stock": 9}])["skus"][0]
    order = world.order(merchant, customer, sku=sku, receiver_phone="+86 138 0000 0000 转 801", pay_count=380)
    ticket = world.ask(customer, order)
    [row] = made(merchant.get("/except-orders"))["items"]
    assert row == {
        **row,
        "order_number": order["order_number"],
        "product_name": "青花瓷瓶",
        "sku_name": "大号",
        "receiver": order["receiver"],
        "pay_count": 380,
        "buyer": {"id": customer.id, "name": customer.account["name"]},
    }
    assert row["receiver"]["phone"] == "+86 138 0000 0000 转 801"
    assert row == made(merchant.get(f"/except-orders/{ticket['id']}"))


def test_a_buyer_sees_what_they_saw(world, merchant, customer):
    world.ask(customer, world.order(merchant, customer))
    [row] = made(customer.get("/except-orders"))["items"]
    assert "buyer" not in row


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "steps"),
        [
            ("", STEPS),
            ("waiting_for=merchant", ("applied", "awaiting_receipt")),
            ("waiting_for=customer", ("offered", "awaiting_return")),
            ("step=refused", ("refused",)),
            ("step=refused&step=applied", ("applied", "refused")),
            ("step=refused,applied", ("applied", "refused")),
            ("step=refused&waiting_for=merchant", ()),
            ("waiting_for=&step=", STEPS),
        ],
    )
    def test_by_step_and_by_who_is_waited_for(self, merchant, tickets, query, steps):
        assert found(merchant, query) == [tickets[step] for step in steps]

    @pytest.mark.parametrize("query", ["waiting_for=platform", "step=done", "waiting_for=merchant&waiting_for=customer"])
    def test_what_is_no_filter_is_refused(self, merchant, query):
        for path in ("/except-orders", "/except-orders/counts", "/except-orders/export"):
            assert merchant.call("GET", f"{path}?{query}").status_code == 422

    def test_every_step_is_counted(self, merchant, tickets):
        assert made(merchant.get("/except-orders/counts")) == {**dict.fromkeys(STEPS, 1), "lapsed": 0}


class TestExport:
    def test_it_is_as_the_list_shows(self, world, merchant, tickets):
        rows = list(csv.DictReader(io.StringIO(merchant.get("/except-orders/export").text.removeprefix("\ufeff"))))
        shown = made(merchant.get("/except-orders"))["items"]
        assert [row["服务单ID"] for row in rows] == [str(each["id"]) for each in shown]
        for row, each in zip(rows, shown, strict=True):
            assert (row["订单号"], row["商品"], row["买家"]) == (
                each["order_number"],
                each["product_name"],
                each["buyer"]["name"],
            )
            assert (float(row["退款金额"]), row["异常类型"]) == (each["back_cost"], RETURN)
        assert {row["进度"] for row in rows} == {
            "待商家处理",
            "待买家确认",
            "待买家退货",
            "待商家收货",
            "已退款",
            "已拒绝",
            "已撤销",
        }
        assert [row["退货物流单号"] for row in rows if row["进度"] == "待商家收货"] == ["YT123"]

    def test_of_some_and_of_some_columns(self, world, merchant, customer, tickets):
        text = merchant.call("GET", "/except-orders/export?waiting_for=merchant&columns=ticket_id,step").text
        assert text.removeprefix("\ufeff").split() == [
            "服务单ID,进度",
            f'{tickets["awaiting_receipt"]},"待商家收货"',
            f'{tickets["applied"]},"待商家处理"',
        ]

    def test_as_a_workbook(self, world, merchant, customer):
        world.ask(customer, world.order(merchant, customer), REFUND)
        answer = merchant.get("/except-orders/export", format="xlsx")
        assert answer.status_code == 200
        assert answer.content.startswith(b"PK")
