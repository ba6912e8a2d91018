"""Events say what happened to what, tell what a receiver needs of it, and leave out no change of stock."""

import pytest

from app.services.events.types import TYPES
from tests.support.factories import REFUND, RETURN, made, purchase


def stock_events(sql, sku_id):
    """(stock, delta, reason, reference) of the SKU's events, oldest first."""
    rows = sql("SELECT details FROM event WHERE subject = 'sku' AND verb = 'stock' AND subject_id = %s ORDER BY id", sku_id)
    return [tuple(details[name] for name in ("stock", "delta", "reason", "reference")) for (details,) in rows]


def movements(sql, sku_id):
    return sql("SELECT stock_after, delta, reason, reference FROM stock_movement WHERE sku_id = %s ORDER BY id", sku_id)


def test_every_change_of_stock_is_an_event(world, merchant, customer, sql):
    sku = world.sku(merchant, stock=50)
    order = world.order(merchant, customer, 3, sku=sku, num=2)
    made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 7, "reason": "到货"}))
    made(merchant.post(f"/skus/{sku['id']}/stock", {"stock": 40, "expected_stock": 57, "reason": "盘点"}))
    file = f"sku_id,stock,expected_stock\n{sku['id']},30,40\n".encode()
    made(merchant.call("POST", "/skus/import", files={"file": ("a.csv", file)}))
    assert merchant.delete(f"/skus/{sku['id']}").status_code == 204
    number = order["order_number"]
    assert stock_events(sql, sku["id"]) == [
        (50, 50, "initial", None),
        (48, -2, "order", number),
        (50, 2, "refund", number),
        (57, 7, "到货", None),
        (40, -17, "盘点", None),
        (30, -10, "import", None),
        (0, -30, "removed", None),
    ]
    assert stock_events(sql, sku["id"]) == movements(sql, sku["id"])
    owners = sql("SELECT DISTINCT business_id, order_id FROM event WHERE verb = 'stock'")
    assert owners == [(merchant.id, None)]


def test_what_is_refused_is_no_event(world, merchant, customer, sql):
    sku = world.sku(merchant, stock=1)
    assert world.api.platform.post("/orders", purchase(sku["id"], customer.id, num=2)).status_code == 409
    assert merchant.post(f"/skus/{sku['id']}/stock", {"delta": -2, "reason": "盘点"}).status_code == 409
    assert stock_events(sql, sku["id"]) == [(1, 1, "initial", None)]


def test_the_timeline_and_the_audit_show_the_type_and_the_subject(world, merchant, customer):
    order = world.order(merchant, customer, 1, pay_count=30)
    ticket = world.ask(customer, order, RETURN, back_cost=20)
    made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 12}))
    events = made(merchant.get(f"/orders/{order['id']}/events"))["items"]
    shown = [(event["type"], event["status"], event["amount"], event["order_number"]) for event in reversed(events)]
    number = order["order_number"]
    assert shown == [
        ("order.place", 0, 30, number),
        ("order.ship", 1, 30, number),
        ("except_order.apply", 0, 20, number),
        ("order.except-orders", -1, 30, number),
        ("except_order.offer", 0, 12, number),
    ]
    audited = made(world.admin().get("/events", order_id=order["id"]))["items"]
    assert [{name: event[name] for name in events[0]} for event in audited] == events
    assert "digest" not in str([events, audited])


@pytest.mark.parametrize("except_type", [REFUND, RETURN])
def test_the_timeline_tells_of_the_refund(world, merchant, customer, except_type):
    ticket = world.ticket(merchant, customer, "refunded", except_type=except_type)
    made(world.api.platform.post(f"/refunds/{ticket['id']}/paid", {"reference": "R1"}))
    events = made(merchant.get(f"/orders/{ticket['order_id']}/events"))["items"]
    told = [(event["type"], event["status"], event["amount"]) for event in events if event["subject"] == "refund"]
    assert told == [("refund.paid", "paid", ticket["back_cost"]), ("refund.due", "due", ticket["back_cost"])]


def test_every_event_of_a_shop_is_of_a_type_that_can_be_asked_for(world, merchant, customer, sql):
    for step in ("refunded", "refused", "withdrawn"):
        world.ticket(merchant, customer, step)
    made(merchant.post("/scenes", {"name": "商铺", "base_id": 1, "tag": 2}), 201)
    made(merchant.patch("/me", {"storename": "新店"}))
    assert merchant.post("/logout").status_code == 204
    found = {kind for (kind,) in sql("SELECT DISTINCT subject || '.' || verb FROM event WHERE business_id IS NOT NULL")}
    assert len(found) > 15
    assert found <= set(TYPES)
