"""What a merchant may still do after shipping: grant days, correct the parcel, take the shipment back."""

import pytest

from app.config import DAY, HOUR, settings
from app.db.work import SYSTEM, Actor, Work
from app.errors import AlreadyExtended
from app.services.orders import postponing
from app.services.sweeping.sweep import sweep
from tests.support.factories import as_told, made
from tests.support.samples import refused

REAL, OTHER = "SF1391234567890", "YT8800112233445"


def at(merchant, order):
    return made(merchant.get(f"/orders/{order['id']}"))


def ship(merchant, order, number, carrier=1):
    return made(merchant.post(f"/orders/{order['id']}/ship", {"logistic_id": carrier, "logistic_order_id": number}))


def shipped_before(sql, order, seconds):
    sql('UPDATE "order" SET deliver_time = deliver_time - %s WHERE id = %s', seconds, order["id"])


class TestExtend:
    def test_the_automatic_receipt_waits_for_the_days_granted(self, world, merchant, customer, sql):
        order, plain = (world.order(merchant, customer, 1) for _ in range(2))
        path = f"/orders/{order['id']}"
        extended = made(merchant.post(f"{path}/extend", {"days": 30}))
        told = {"deadline_at": order["deadline_at"] + 30 * DAY, "actions": ["ship", "unship"]}
        assert extended == {**{name: order[name] for name in extended}, **told, "updated_at": extended["updated_at"]}
        assert extended["updated_at"] >= order["updated_at"]
        assert at(customer, order)["deadline_at"] == extended["deadline_at"]
        (event, *_) = made(customer.get(f"{path}/events"))["items"]
        assert (event["verb"], event["from_status"], event["to_status"], event["details"]) == ("extend", 1, 1, {"days": 30})
        sweep(plain["deadline_at"] + 1)
        assert [at(merchant, each)["status"] for each in (order, plain)] == [1, 2]
        sweep(extended["deadline_at"])
        assert at(merchant, order)["status"] == 1
        sweep(extended["deadline_at"] + 1)
        assert at(merchant, order)["status"] == 2

    def test_it_is_done_once(self, world, merchant, customer):
        path = f"/orders/{world.order(merchant, customer, 1)['id']}"
        first = made(merchant.post(f"{path}/extend", {"days": 1}))
        assert refused(merchant.post(f"{path}/extend", {"days": 1}), 409, "already_extended")["actions"] == first["actions"]
        assert made(merchant.get(path))["deadline_at"] == first["deadline_at"]

    @pytest.mark.parametrize("days", [0, -1, 31, 2**31, "3", 1.5, None])
    def test_days_are_one_to_thirty(self, world, merchant, customer, days):
        path = f"/orders/{world.order(merchant, customer, 1)['id']}"
        refused(merchant.post(f"{path}/extend", {"days": days}), 422, "invalid_input")

    def test_a_worker_that_comes_late_leaves_what_was_extended_meanwhile(self, world, merchant, customer):
        order = world.order(merchant, customer, 1)
        made(merchant.post(f"/orders/{order['id']}/extend", {"days": 1}))
        with Work(Actor(SYSTEM), writes=True, now=order["deadline_at"] + 1) as work, pytest.raises(AlreadyExtended):
            postponing.receive_when_due(work, order["id"])
        assert at(merchant, order)["status"] == 1


class TestLateNumber:
    @pytest.mark.parametrize("placeholder", [("1", 1), ("000000000000", 1), (None, "无需物流"), ("12345678901", "同城配送")])
    @pytest.mark.parametrize("way", ["alone", "batch"])
    def test_a_real_number_in_place_of_none_lets_the_receipt_count_anew(self, world, merchant, customer, sql, placeholder, way):
        order = world.order(merchant, customer)
        number, carrier = placeholder
        parcel = {"logistic_id": carrier} if carrier == 1 else {"logistic_name": carrier}
        made(merchant.post(f"/orders/{order['id']}/ship", {**parcel, "logistic_order_id": number}))
        shipped_before(sql, order, 9 * DAY)
        before = at(merchant, order)
        if way == "alone":
            ship(merchant, order, REAL)
        else:
            rows = [{"order_id": order["id"], "logistic_id": 1, "logistic_order_id": REAL}]
            assert made(merchant.post("/orders/ship", {"items": rows, "correct": True}))["shipped"] == 1
        after = at(merchant, order)
        assert after["deliver_time"] == before["deliver_time"]
        anew = before["deadline_at"] + 9 * DAY
        assert anew <= after["deadline_at"] <= anew + 60
        shipped_before(sql, order, DAY)
        ship(merchant, order, OTHER)
        assert at(merchant, order)["deadline_at"] == after["deadline_at"]

    @pytest.mark.parametrize("number", ["2", "99999999999"])
    def test_one_placeholder_for_another_does_not(self, world, merchant, customer, sql, number):
        order = world.order(merchant, customer)
        ship(merchant, order, "1")
        shipped_before(sql, order, DAY)
        before = at(merchant, order)
        ship(merchant, order, number)
        assert at(merchant, order)["deadline_at"] == before["deadline_at"]

    def test_it_adds_to_the_days_granted(self, world, merchant, customer, sql):
        order = world.order(merchant, customer)
        ship(merchant, order, "1")
        made(merchant.post(f"/orders/{order['id']}/extend", {"days": 5}))
        shipped_before(sql, order, DAY)
        before = at(merchant, order)["deadline_at"]
        assert DAY <= ship(merchant, order, REAL)["deadline_at"] - before <= DAY + 60


class TestUnship:
    def test_the_order_is_to_be_shipped_as_before_and_the_event_keeps_the_parcel(self, world, merchant, customer):
        order = world.order(merchant, customer)
        parcel = {"logistic_id": 1, "logistic_order_id": REAL}
        made(merchant.post(f"/orders/{order['id']}/ship", {**parcel, "deliver_address": "杭州仓"}))
        unshipped = made(merchant.post(f"/orders/{order['id']}/unship"))
        assert {**unshipped, "updated_at": 0} == {**as_told(unshipped, order), "updated_at": 0}
        (event, *_) = made(merchant.get(f"/orders/{order['id']}/events"))["items"]
        assert (event["verb"], event["from_status"], event["to_status"]) == ("unship", 1, 0)
        assert event["details"] == {**parcel, "logistic_name": "顺丰速运"}
        assert made(merchant.get("/orders/counts"))["0"] == 1
        assert ship(merchant, order, OTHER)["logistic_order_id"] == OTHER

    def test_it_is_open_for_an_hour(self, world, merchant, customer, sql):
        order, late = (world.order(merchant, customer, 1) for _ in range(2))
        shipped_before(sql, order, HOUR - 60)
        shipped_before(sql, late, HOUR + 1)
        made(merchant.post(f"/orders/{order['id']}/unship"))
        assert "unship" not in at(merchant, late)["actions"]
        refused(merchant.post(f"/orders/{late['id']}/unship"), 409, "unship_over")
        assert at(merchant, late)["logistic_order_id"] == REAL

    def test_the_next_shipment_counts_from_its_own_time(self, world, merchant, customer):
        order = world.order(merchant, customer)
        ship(merchant, order, "1")
        ship(merchant, order, REAL)
        made(merchant.post(f"/orders/{order['id']}/unship"))
        after = ship(merchant, order, REAL)
        assert after["deadline_at"] == after["deliver_time"] + settings.auto_receive_days * DAY


class TestCorrectionWhileATicketIsOpen:
    def test_the_number_is_corrected_and_the_ticket_stays(self, world, merchant, customer):
        order = world.order(merchant, customer, 1)
        ticket = world.ask(customer, order)
        after = ship(merchant, order, OTHER, 2)
        assert (after["status"], after["logistic_order_id"], after["actions"]) == (-1, OTHER, ["ship"])
        assert at(merchant, order)["except_order"]["id"] == ticket["id"]
        made(customer.post(f"/except-orders/{ticket['id']}/withdraw"))
        assert (at(merchant, order)["status"], at(merchant, order)["logistic_order_id"]) == (1, OTHER)


class TestReturn:
    def test_the_buyer_corrects_the_parcel_of_a_return(self, world, merchant, customer):
        ticket = world.ticket(merchant, customer, "awaiting_receipt")
        parcel = {"logistics_id": 1, "tracking_number": REAL}
        corrected = made(customer.post(f"/except-orders/{ticket['id']}/return", parcel))
        assert corrected["return_parcel"].items() >= parcel.items()
        assert {**corrected, "actions": 0} == {
            **as_told(corrected, ticket), "actions": 0, "logistics_id": 1,
            "logistics_order_id": corrected["return_parcel"]["id"],
            "return_parcel": corrected["return_parcel"],
        }  # fmt: skip
        events = made(merchant.get(f"/orders/{ticket['order_id']}/events"))["items"]
        sent = [event["details"]["logistics_order_id"] for event in events if event["verb"] == "return"]
        assert sent == [corrected["logistics_order_id"], ticket["logistics_order_id"]]

    def test_goods_that_the_buyer_brings_need_no_number(self, world, merchant, customer):
        carriers = made(merchant.client.get("/api/v1/logistics-companies"))["items"]
        by_hand = next(each["id"] for each in carriers if not each["needs_tracking"])
        ticket = world.ticket(merchant, customer, "awaiting_return")
        path = f"/except-orders/{ticket['id']}"
        answer = refused(customer.post(f"{path}/return", {"logistics_id": 1}), 422, "tracking_missing")
        assert answer["errors"][0]["field"] == "tracking_number"
        sent = made(customer.post(f"{path}/return", {"logistics_id": by_hand}))
        assert (sent["step"], sent["return_parcel"]["tracking_number"]) == ("awaiting_receipt", None)
        assert made(merchant.post(f"{path}/receive", {}))["step"] == "refunded"
