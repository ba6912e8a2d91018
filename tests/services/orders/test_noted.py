"""What merchants note on their orders, and what they find them by."""

import pytest

from tests.support.factories import made


def ids(answer):
    return [row["id"] for row in made(answer)["items"]]


class TestNote:
    def test_it_shows_on_the_order_and_its_row(self, world, merchant, customer):
        order = world.order(merchant, customer)
        assert (order["note"], order["flag"], order["customer_name"]) == (None, 0, customer.account["name"])
        noted = made(merchant.put(f"/orders/{order['id']}/note", {"note": "加急\n送礼", "flag": 3}))
        assert noted == {**order, "note": "加急\n送礼", "flag": 3}
        [row] = made(merchant.get("/orders"))["items"]
        assert (row["note"], row["flag"], row["ticket"]) == ("加急\n送礼", 3, None)

    def test_it_takes_the_place_of_what_was_noted(self, world, merchant, customer):
        order = world.order(merchant, customer)
        path = f"/orders/{order['id']}/note"
        made(merchant.put(path, {"note": "加急", "flag": 3}))
        assert made(merchant.put(path, {"flag": 2}))["note"] is None
        assert made(merchant.put(path, {"note": "", "flag": 0})) == order

    @pytest.mark.parametrize("body", [{"note": "x" * 501}, {"flag": 6}, {"flag": -1}, {"flag": "1"}, {"remark": "x"}])
    def test_what_is_no_note_is_refused(self, world, merchant, customer, body):
        order = world.order(merchant, customer)
        assert merchant.put(f"/orders/{order['id']}/note", body).status_code == 422

    def test_nobody_else_sees_it(self, world, merchant, customer, sql):
        order = world.order(merchant, customer)
        before = made(customer.get(f"/orders/{order['id']}/events"))
        made(merchant.put(f"/orders/{order['id']}/note", {"note": "难缠的买家", "flag": 1}))
        number = order["order_number"]
        seen = [
            customer.get("/orders"),
            customer.get(f"/orders/{order['id']}"),
            world.api.platform.get("/orders"),
            world.api.platform.get(f"/orders/{number}"),
            world.merchant().get("/orders"),
        ]
        assert not any("难缠" in answer.text or '"flag"' in answer.text for answer in seen)
        assert made(customer.get(f"/orders/{order['id']}/events")) == before
        [event] = sql("SELECT verb, subject_id, business_id, order_id, details FROM event WHERE subject = 'order_note'")
        assert event == ("change", order["id"], merchant.id, None, None)

    def test_another_merchants_order_is_as_a_missing_one(self, world, merchant, customer):
        order = world.order(merchant, customer)
        other = world.merchant()
        answers = [other.put(f"/orders/{each}/note", {"note": "x"}) for each in (order["id"], 2**31 - 1)]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 2
        assert made(merchant.get(f"/orders/{order['id']}"))["note"] is None
