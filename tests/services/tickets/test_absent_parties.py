"""No ticket waits for ever for somebody who is not there: admins decide, and deadlines end what they can."""

import pytest

from app.config import DAY
from app.services.sweeping import sweep
from tests.support.factories import REFUND, RETURN, made
from tests.support.invariants import broken

PARCEL = {"logistics_id": 2, "tracking_number": "YT123"}


@pytest.fixture(autouse=True)
def all_rules_hold(sql):
    yield
    assert broken(sql) == {}


@pytest.fixture
def admin(world):
    return world.admin()


@pytest.fixture
def gone(merchant, admin):
    """Disables the merchant."""
    return lambda: made(admin.post(f"/users/{merchant.id}/disable"))


class TestAdmins:
    def test_a_refund_of_a_disabled_merchant_is_settled(self, world, merchant, customer, admin, gone):
        order = world.order(merchant, customer, 1)
        path = f"/except-orders/{world.ask(customer, order)['id']}"
        gone()
        ticket = made(admin.post(f"{path}/agree", {"reason": "商家已停业"}))
        assert (ticket["step"], ticket["remark"], ticket["actions"]) == ("refunded", "商家已停业", [])
        assert made(customer.get(f"/orders/{order['id']}"))["status"] == 3

    def test_a_return_of_a_disabled_merchant_comes_to_its_end(self, world, merchant, customer, admin, gone):
        order = world.order(merchant, customer, 2, num=2)
        path = f"/except-orders/{world.ask(customer, order, RETURN)['id']}"
        gone()
        made(admin.post(f"{path}/agree", {"reason": "商家已停业"}))
        made(customer.post(f"{path}/return", PARCEL))
        received = {"reason": "平台仓签收", "restock": False, "pieces": 1, "back_cost": 9.9}
        ticket = made(admin.post(f"{path}/receive", received))
        assert (ticket["step"], ticket["back_cost"], ticket["remark"]) == ("refunded", 9.9, "平台仓签收")
        assert ticket["pieces"] == {"asked": 2, "sent": 2, "received": 1, "restocked": 0}

    def test_less_than_was_asked_is_decided_and_not_offered(self, world, merchant, customer, admin):
        order = world.order(merchant, customer, 2, num=3)
        path = f"/except-orders/{world.ask(customer, order)['id']}"
        world.offer(merchant, {"id": path.rpartition("/")[2]}, 1)
        ticket = made(admin.post(f"{path}/agree", {"reason": "双方各担一半", "back_cost": 15}))
        assert (ticket["step"], ticket["back_cost"]) == ("refunded", 15)
        assert made(customer.get(f"/orders/{order['id']}"))["status"] == 2

    def test_both_sides_are_told_and_it_is_audited(self, world, merchant, customer, admin):
        ticket = world.ticket(merchant, customer, "awaiting_receipt")
        made(admin.post(f"/except-orders/{ticket['id']}/refuse", {"reason": "寄回的不是原商品"}))
        assert made(customer.get(f"/except-orders/{ticket['id']}"))["remark"] == "寄回的不是原商品"
        timeline = made(merchant.get(f"/orders/{ticket['order_id']}/events"))["items"]
        (told,) = [event for event in timeline if event["verb"] == "refuse" and event["subject"] == "except_order"]
        assert (told["actor_kind"], told["actor_id"]) == ("admin", admin.id)
        assert told["details"]["remark"] == "寄回的不是原商品"
        audited = made(admin.get("/events"))["items"]
        assert told["id"] in {event["id"] for event in audited}

    def test_there_must_be_such_a_ticket(self, admin):
        for verb in ("agree", "refuse", "receive"):
            assert admin.post(f"/except-orders/99/{verb}", {"reason": "x"}).status_code == 404


class TestDeadlines:
    @pytest.mark.parametrize("disabled", [False, True])
    def test_a_return_that_nobody_confirms_is_received_ten_days_after_it_was_sent(
        self, world, merchant, customer, gone, sql, disabled
    ):
        ticket = world.ticket(merchant, customer, "awaiting_receipt", num=2)
        if disabled:
            gone()
        due = ticket["deliver_time"] + 10 * DAY
        assert ticket["deadline_at"] == due
        assert sweep.sweep(due)["returned"] == 0
        assert sweep.sweep(due + 1)["returned"] == 1
        after = made(customer.get(f"/except-orders/{ticket['id']}"))
        assert (after["step"], after["back_cost"], after["recv_time"]) == ("refunded", 19.8, due + 1)
        assert after["pieces"] == {"asked": 2, "sent": 2, "received": 2, "restocked": 0}, "nobody has seen the goods"
        assert made(customer.get(f"/orders/{ticket['order_id']}"))["status"] == 3
        assert sql("SELECT verb, actor_kind FROM event WHERE subject = 'except_order' ORDER BY id")[-1] == ("receive", "system")

    def test_it_is_near_before_it_is_received(self, world, merchant, customer):
        due = world.ticket(merchant, customer, "awaiting_receipt")["deadline_at"]
        assert [sweep.sweep(at)["near"] for at in (due - 7 * 3600, due - 5 * 3600, due)] == [0, 1, 0]

    def test_every_open_step_has_another_way_out_than_its_absent_party(self, world, merchant, customer, admin):
        """What the buyer, merchant, admin and clock can do at each step: two of them at least."""
        ways = {
            "applied": {"merchant": "agree", "customer": "withdraw", "admin": "agree"},
            "offered": {"customer": "accept", "admin": "refuse"},
            "awaiting_receipt": {"merchant": "receive", "admin": "receive"},
        }
        for step, verbs in ways.items():
            ticket = world.ticket(merchant, customer, step, except_type=RETURN if step == "awaiting_receipt" else REFUND)
            found = {"merchant": merchant, "customer": customer}
            for kind, verb in verbs.items():
                if kind == "admin":
                    (shown,) = made(admin.get("/except-orders", order_id=ticket["order_id"]))["items"]
                else:
                    shown = made(found[kind].get(f"/except-orders/{ticket['id']}"))
                assert verb in shown["actions"], (step, kind)
