"""Agreeing to less than the buyer asked for is an offer, which only the buyer's consent settles."""

import pytest

from app.config import HOUR, settings
from app.db.work import SYSTEM, Actor, Work
from app.errors import IllegalMove
from app.services.sweeping import sweep
from app.services.tickets import use_cases
from tests.support.factories import REFUND, RETURN, made
from tests.support.invariants import broken


@pytest.fixture(autouse=True)
def all_rules_hold(sql):
    yield
    assert broken(sql) == {}


@pytest.fixture
def ask(world, merchant, customer):
    """Asks for 20 of 90 yuan back; the path of the ticket."""

    def ask(except_type=REFUND, status=2):
        order = world.order(merchant, customer, status, num=3, sku=world.sku(merchant, price=30.0))
        return f"/except-orders/{world.ask(customer, order, except_type, back_cost=20)['id']}"

    return ask


def agree(merchant, path, back_cost=None, remark=None):
    return merchant.post(f"{path}/agree", {"back_cost": back_cost, "remark": remark})


def test_an_offer_settles_nothing(ask, merchant, customer, sql):
    path = ask()
    ticket = made(agree(merchant, path, 5, "轻微划痕"))
    assert (ticket["step"], ticket["status"], ticket["back_cost"], ticket["close_time"]) == ("offered", 0, 20, None)
    assert ticket["offer"] == {"back_cost": 5, "remark": "轻微划痕", "time": ticket["deadline_at"] - 72 * HOUR}
    assert made(customer.get(path)) == {**ticket, "actions": ["accept", "withdraw"]}
    order = made(customer.get(f"/orders/{ticket['order_id']}"))
    assert (order["status"], order["refunded"]) == (-1, 0)
    assert made(merchant.get("/except-orders", step="offered"))["items"] == [made(merchant.get(path))]
    assert made(merchant.get("/except-orders", step="applied"))["items"] == []
    told = "SELECT verb, actor_kind, actor_id, details FROM event WHERE subject = 'except_order' ORDER BY id"
    noted = {"asked": 20, "back_cost": 5, "remark": "轻微划痕"}
    assert sql(told)[-1] == ("offer", "merchant", merchant.id, noted)


def test_a_refund_that_is_accepted_is_settled(ask, merchant, customer):
    path = ask()
    made(agree(merchant, path, 5, "轻微划痕"))
    ticket = made(customer.post(f"{path}/accept"))
    assert (ticket["step"], ticket["back_cost"], ticket["remark"]) == ("refunded", 5, "轻微划痕")
    order = made(customer.get(f"/orders/{ticket['order_id']}"))
    assert (order["status"], order["refunded"]) == (2, 5)


def test_a_return_that_is_accepted_awaits_the_goods(ask, merchant, customer):
    path = ask(RETURN)
    made(agree(merchant, path, 5))
    ticket = made(customer.post(f"{path}/accept"))
    assert (ticket["step"], ticket["back_cost"]) == ("awaiting_return", 5)
    made(customer.post(f"{path}/return", {"logistics_id": 2, "tracking_number": "YT1"}))
    assert made(merchant.post(f"{path}/receive", {}))["back_cost"] == 5


def test_an_offer_is_raised_and_never_lowered(ask, merchant, customer):
    path = ask()
    made(agree(merchant, path, 5))
    for lower in (0.01, 5):
        refused = agree(merchant, path, lower)
        assert (refused.status_code, refused.json()["code"], refused.json()["actions"]) == (409, "offer_not_raised", ["agree"])
    assert made(agree(merchant, path, 8))["offer"]["back_cost"] == 8
    assert made(customer.post(f"{path}/accept"))["back_cost"] == 8


@pytest.mark.parametrize("back_cost", [None, 20, 25])
def test_agreeing_to_all_that_was_asked_settles_at_once(ask, merchant, back_cost):
    path = ask()
    made(agree(merchant, path, 5))
    ticket = made(agree(merchant, path, back_cost))
    assert (ticket["step"], ticket["back_cost"]) == ("refunded", back_cost or 20)


def test_a_merchant_is_bound_by_an_offer(ask, merchant):
    path = ask()
    made(agree(merchant, path, 5))
    refused = merchant.post(f"{path}/refuse", {"remark": "反悔"})
    assert (refused.status_code, refused.json()["actions"]) == (409, ["agree"])


@pytest.mark.parametrize(("except_type", "stood"), [(REFUND, 0), (REFUND, 1), (RETURN, 2)])
def test_silence_is_no_consent(ask, merchant, customer, except_type, stood, sql):
    path = ask(except_type, stood)
    due = made(agree(merchant, path, 5))["deadline_at"]
    assert sweep.sweep(due)["unaccepted"] == 0
    assert sweep.sweep(due + 1)["unaccepted"] == 1
    ticket = made(customer.get(path))
    assert (ticket["step"], ticket["back_cost"], ticket["close_time"]) == ("withdrawn", 20, due + 1)
    order = made(customer.get(f"/orders/{ticket['order_id']}"))
    assert (order["status"], order["refunded"], order["except_order"]) == (stood, 0, None)
    assert "except-orders" in order["actions"], "and may ask again"


def test_without_a_deadline_an_offer_stands(ask, merchant, set_deadline):
    set_deadline("consent_hours", 0)
    ticket = made(agree(merchant, ask(), 5))
    assert ticket["deadline_at"] is None
    assert sweep.sweep(ticket["create_time"] + 1000 * HOUR)["unaccepted"] == 0


def test_what_is_not_offered_can_not_be_accepted(ask, customer):
    path = ask()
    refused = customer.post(f"{path}/accept")
    assert (refused.status_code, refused.json()["code"], refused.json()["actions"]) == (409, "ticket_applied", ["withdraw"])


def test_the_worker_agrees_to_all_where_that_is_switched_on_but_not_to_an_offer(ask, merchant, monkeypatch):
    monkeypatch.setattr(settings, "auto_agree", True)
    path = ask()
    made(agree(merchant, path, 5))
    ticket = made(merchant.get(path))
    assert sweep.sweep(ticket["create_time"] + 48 * HOUR + 1)["agreed"] == 0
    with Work(Actor(SYSTEM), writes=True) as work, pytest.raises(IllegalMove):  # nor if the offer came as the sweep began
        use_cases.agree(work, ticket["id"])
