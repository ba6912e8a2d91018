"""Where goods are sent back to: the merchant's address, and the one that a ticket keeps."""

import time

import pytest

from app.config import DAY, settings
from app.services.sweeping import sweep
from tests.support.factories import REFUND, RETURN, RETURN_ADDRESS, made
from tests.support.samples import refused

OTHER = {"name": "仓库", "phone": "+8613800000000", "address": "宁波市北仑区 1 号"}


@pytest.fixture
def homeless(merchant, sql):
    """A merchant who never gave an address."""
    sql("DELETE FROM return_address WHERE business_id = %s", merchant.id)
    return merchant


def agree(merchant, ticket):
    return merchant.post(f"/except-orders/{ticket['id']}/agree", {})


def test_a_merchant_sets_and_reads_it(world, homeless):
    refused(homeless.get("/return-address"), 404, "not_found")
    assert made(homeless.put("/return-address", OTHER)) == OTHER
    assert made(homeless.get("/return-address")) == OTHER
    assert made(world.merchant().get("/return-address")) == RETURN_ADDRESS
    (event, *_) = made(world.admin().get("/events", business_id=homeless.id))["items"]
    assert (event["verb"], event["subject"], event["details"]) == ("change", "return_address", OTHER)


@pytest.mark.parametrize(
    "phone", ["13800000000", "+86 138 0000 0000", "0571-88888888", "0571-88888888转801", "400-800-8888", " 13800000000 "]
)
def test_phones_as_shops_have_them(merchant, phone):
    assert made(merchant.put("/return-address", {**OTHER, "phone": phone}))["phone"] == phone.strip()


@pytest.mark.parametrize(
    "wrong",
    [{"phone": "abc"}, {"phone": ""}, {"name": ""}, {"address": "x" * 301}, {"address": None}, {"more": 1}],
    ids=str,
)
def test_what_is_no_address_is_refused(merchant, wrong):
    refused(merchant.put("/return-address", {**OTHER, **wrong}), 422, "invalid_input")
    assert made(merchant.get("/return-address")) == RETURN_ADDRESS


def test_a_return_that_is_agreed_to_shows_the_address_of_that_time(world, merchant, customer):
    ticket = world.ticket(merchant, customer)
    assert ticket["return_address"] is None
    assert made(agree(merchant, ticket))["return_address"] == RETURN_ADDRESS
    made(merchant.put("/return-address", OTHER))
    path = f"/except-orders/{ticket['id']}"
    (listed,) = made(customer.get("/except-orders"))["items"]
    for shown in (made(customer.get(path)), made(merchant.get(path)), listed):
        assert shown["return_address"] == RETURN_ADDRESS
    later = world.ticket(merchant, customer)
    assert made(agree(merchant, later))["return_address"] == OTHER


def test_a_return_is_not_agreed_to_without_one(world, homeless, customer):
    ticket = world.ticket(homeless, customer)
    refused(agree(homeless, ticket), 409, "return_address_missing")
    assert made(customer.get(f"/except-orders/{ticket['id']}"))["step"] == "applied"
    made(homeless.put("/return-address", OTHER))
    assert made(agree(homeless, ticket))["return_address"] == OTHER


def test_a_refund_needs_none_and_a_state_that_forbids_it_is_told_first(world, homeless, customer):
    assert made(agree(homeless, world.ticket(homeless, customer, except_type=REFUND)))["step"] == "refunded"
    refused(agree(homeless, world.ticket(homeless, customer, "withdrawn")), 409, "ticket_withdrawn")


def test_what_the_worker_may_agree_to_waits_for_an_address_in_sight_and_staff_can_give_it(
    world, homeless, customer, sql, monkeypatch
):
    monkeypatch.setattr(settings, "auto_agree", True)
    tickets = [world.ticket(homeless, customer, except_type=each) for each in (RETURN, REFUND)]
    late = int(time.time()) + settings.answer_hours * 3600 + DAY
    assert sweep.sweep(late)["agreed"] == 1
    steps = [made(homeless.get(f"/except-orders/{ticket['id']}"))["step"] for ticket in tickets]
    assert steps == ["applied", "refunded"]
    flagged = "SELECT count(*) FROM event WHERE verb = 'overdue' AND subject_id = %s AND subject = 'except_order'"
    assert sql(flagged, tickets[0]["id"]) == [(1,)]
    admin = world.admin()
    made(admin.put(f"/users/{homeless.id}/return-address", OTHER))
    assert made(admin.get(f"/users/{homeless.id}/return-address")) == made(homeless.get("/return-address")) == OTHER
    (event, *_) = made(admin.get("/events", business_id=homeless.id, verb="change"))["items"]
    assert (event["actor_kind"], event["actor_id"], event["details"]) == ("admin", admin.id, OTHER)
    assert sweep.sweep(late)["agreed"] == 1
    shown = made(customer.get(f"/except-orders/{tickets[0]['id']}"))
    assert (shown["step"], shown["return_address"]) == ("awaiting_return", OTHER)


def test_staff_cannot_give_one_to_nobody(world):
    refused(world.admin().put("/users/999999/return-address", OTHER), 404, "not_found")
