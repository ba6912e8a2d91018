"""A refund of less than all: the order goes on, the rest is owed, and money and pieces never exceed what was bought."""

import psycopg2
import pytest

from tests.support.factories import REFUND, RETURN, made
from tests.support.invariants import broken

TIMES = ("create_time", "deliver_time", "recv_time", "close_time")
PARCEL = {"logistics_id": 2, "tracking_number": "YT123"}


@pytest.fixture(autouse=True)
def all_rules_hold(sql):
    yield
    assert broken(sql) == {}


@pytest.fixture
def buy(world, merchant, customer):
    """Three pieces for 90 yuan, in any state."""
    sku = world.sku(merchant, price=30.0, stock=100)

    def buy(status=0, **values):
        return world.order(merchant, customer, status, sku=sku, **{"num": 3, **values})

    return buy


@pytest.fixture
def refund(world, merchant, customer):
    """Asks for a refund and has it agreed; the order after that."""

    def refund(order, except_type=REFUND, **asked):
        ticket = world.ask(customer, order, except_type, **asked)
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        return shown(merchant, order)

    return refund


@pytest.fixture
def give_back(world, merchant, customer):
    """Returns pieces; the ticket after that."""

    def give_back(order, pieces=None, *, received=None, **asked):
        ticket = world.ask(customer, order, RETURN, **({} if pieces is None else {"pieces": pieces}), **asked)
        path = f"/except-orders/{ticket['id']}"
        made(merchant.post(f"{path}/agree", {}))
        made(customer.post(f"{path}/return", PARCEL))
        return made(merchant.post(f"{path}/receive", received or {}))

    return give_back


def shown(merchant, order):
    return made(merchant.get(f"/orders/{order['id']}"))


def stock(merchant, order):
    return made(merchant.get(f"/skus/{order['sku_id']}"))["stock"]


def figures(order):
    return order["status"], order["refunded"], order["pieces_left"]


class TestMoney:
    def test_five_of_ninety_yuan_leave_an_order_to_be_shipped_whole(self, buy, refund, world, merchant, customer):
        order = refund(buy(), back_cost=5)
        assert figures(order) == (0, 5, 3)
        assert stock(merchant, order) == 97
        assert sorted(order["actions"]) == ["cancel", "ship"]
        assert order["except_order"]["step"] == "refunded"
        world.ship(merchant, order)
        assert made(customer.post(f"/orders/{order['id']}/receive"))["status"] == 2

    @pytest.mark.parametrize(("stood", "closed"), [(0, False), (1, False), (2, True)])
    def test_an_order_is_where_it_was_before(self, buy, refund, sql, stood, closed):
        before = buy(stood)
        sql(f'UPDATE "order" SET {", ".join(f"{name} = {name} - 50" for name in TIMES)}')
        after = refund(before, back_cost=89.99)
        assert figures(after) == (stood, 89.99, 3)
        assert (after["close_time"] is not None) == closed
        assert after["close_time"] == after["recv_time"]
        assert [event for (event,) in sql("SELECT verb FROM event WHERE subject = 'order' ORDER BY id")][-1] == "refund_part"

    @pytest.mark.parametrize("stood", [0, 1, 2])
    def test_several_refunds_end_it_when_all_is_back(self, buy, refund, merchant, stood):
        order = buy(stood)
        assert figures(refund(order, back_cost=30)) == (stood, 30, 3)
        assert figures(refund(order, back_cost=59.99)) == (stood, 89.99, 3)
        last = refund(order)
        assert last["except_order"]["back_cost"] == 0.01
        assert figures(last) == (3, 90, 0 if stood == 0 else 3)
        assert stock(merchant, order) == (100 if stood == 0 else 97)

    def test_no_more_than_what_is_left_can_be_asked_for_or_agreed_to(self, buy, refund, world, merchant, customer):
        order = refund(buy(1), back_cost=60)
        asked = customer.post(
            f"/orders/{order['id']}/except-orders", {"except_type": REFUND, "back_reason": "破损", "back_cost": 30.01}
        )
        assert (asked.status_code, asked.json()["code"]) == (409, "refund_too_large")
        ticket = world.ask(customer, order, back_cost=10)
        agreed = merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 30.01})
        assert (agreed.status_code, agreed.json()["code"]) == (409, "refund_too_large")
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 30}))
        assert figures(shown(merchant, order)) == (3, 90, 3)

    def test_the_database_holds_the_sum_to_what_was_paid(self, buy, refund, world, customer, sql):
        order = refund(buy(1), back_cost=60)
        ticket = world.ask(customer, order)
        with pytest.raises(psycopg2.IntegrityError) as refused:
            sql("UPDATE except_order SET status = 1, close_time = 1, back_cost = 30.01 WHERE id = %s", ticket["id"])
        assert refused.value.diag.constraint_name == "ck_refund_payment_at_most_paid"
        with pytest.raises(psycopg2.IntegrityError):
            sql(
                """INSERT INTO except_order
                (order_id, business_id, except_type, status, create_time, close_time, back_reason, back_cost)
                SELECT id, business_id, '仅退款', 1, 1, 1, '', 30.01 FROM "order" WHERE id = %s""",
                order["id"],
            )

    def test_a_withdrawn_ticket_leaves_the_one_before_in_force(self, buy, refund, world, merchant, customer):
        first = refund(buy(1), back_cost=5)
        ticket = world.ask(customer, first, back_cost=1, back_reason="后悔了")
        made(customer.post(f"/except-orders/{ticket['id']}/withdraw"))
        after = shown(merchant, first)
        assert figures(after) == (1, 5, 3)
        assert (after["after_care_id"], after["back_reason"]) == (first["after_care_id"], first["back_reason"])

    def test_lists_show_what_the_order_shows(self, buy, refund, merchant, customer):
        order = refund(buy(1), back_cost=5)
        for caller in (merchant, customer):
            (listed,) = made(caller.get("/orders"))["items"]
            assert figures(listed) == (1, 5, 3)
        assert made(merchant.get("/orders/counts"))["1"] == 1
        assert figures(made(customer.get(f"/orders/{order['id']}"))) == (1, 5, 3)

    def test_statistics_count_each_refund_once(self, buy, refund, merchant):
        order = buy(2)
        for back_cost in (5, 10.5):
            refund(order, back_cost=back_cost)
        today = made(merchant.get("/statistics/overview"))["today"]
        assert (today["orders"], today["sales"], today["refunds"], today["refunded"]) == (1, 90, 2, 15.5)
        (top,) = made(merchant.get("/statistics/top-skus"))["items"]
        assert (top["sold"], top["refunds"], top["refunded"]) == (3, 2, 15.5)


class TestPieces:
    @pytest.mark.parametrize("stood", [1, 2])
    def test_one_of_three_comes_back_once(self, buy, give_back, merchant, stood):
        order = buy(stood)
        ticket = give_back(order, 1)
        assert ticket["pieces"] == {"asked": 1, "sent": 1, "received": 1, "restocked": 1}
        assert ticket["back_cost"] == 30, "the share of the pieces"
        assert figures(shown(merchant, order)) == (stood, 30, 2)
        assert stock(merchant, order) == 98

    def test_all_come_back_unless_it_is_said_how_many(self, buy, give_back, merchant):
        order = buy(2)
        give_back(order, 1)
        ticket = give_back(order)
        assert (ticket["pieces"]["received"], ticket["back_cost"]) == (2, 60)
        assert figures(shown(merchant, order)) == (3, 90, 0)
        assert stock(merchant, order) == 100

    def test_all_pieces_end_it_whatever_was_refunded(self, buy, give_back, merchant):
        order = buy(1)
        give_back(order, 3, back_cost=50)
        assert figures(shown(merchant, order)) == (3, 50, 0)

    @pytest.mark.parametrize(("restock", "expected"), [(True, 99), (False, 97)])
    def test_what_arrives_is_what_counts(self, buy, give_back, merchant, restock, expected):
        order = buy(2)
        ticket = give_back(order, 3, received={"pieces": 2, "restock": restock, "back_cost": 60, "remark": "少一件"})
        assert ticket["pieces"] == {"asked": 3, "sent": 3, "received": 2, "restocked": 2 if restock else 0}
        assert (ticket["back_cost"], ticket["remark"]) == (60, "少一件")
        assert figures(shown(merchant, order)) == (2, 60, 1)
        assert stock(merchant, order) == expected

    def test_a_buyer_may_send_fewer_than_agreed(self, buy, world, merchant, customer):
        ticket = world.ask(customer, buy(2), RETURN)
        path = f"/except-orders/{ticket['id']}"
        made(merchant.post(f"{path}/agree", {}))
        sent = made(customer.post(f"{path}/return", {**PARCEL, "pieces": 2}))
        assert (sent["pieces"]["asked"], sent["pieces"]["sent"]) == (3, 2)
        assert made(merchant.post(f"{path}/receive", {}))["pieces"]["received"] == 2

    def test_no_more_than_what_is_left(self, buy, give_back, world, merchant, customer, sql):
        order = buy(2)
        give_back(order, 1)

        def refused(caller, path, body, most):
            answer = caller.post(path, body)
            assert (answer.status_code, answer.json()["code"]) == (409, "too_many_pieces")
            assert answer.json()["detail"] == f"at most {most} pieces"

        asked = {"except_type": RETURN, "back_reason": "破损", "pieces": 3}
        refused(customer, f"/orders/{order['id']}/except-orders", asked, 2)
        ticket = world.ask(customer, order, RETURN, pieces=2)
        path = f"/except-orders/{ticket['id']}"
        made(merchant.post(f"{path}/agree", {}))
        refused(customer, f"{path}/return", {**PARCEL, "pieces": 3}, 2)
        made(customer.post(f"{path}/return", {**PARCEL, "pieces": 1}))
        refused(merchant, f"{path}/receive", {"pieces": 2}, 1)
        with pytest.raises(psycopg2.IntegrityError) as held:
            sql(
                "UPDATE return_quantity SET asked = 3, sent = 3, received = 3, restocked = 0 WHERE ticket_id = %s", ticket["id"]
            )
        assert held.value.diag.constraint_name == "ck_return_quantity_received_within_num"
        for pieces in (0, -1, 1.5, "1"):
            body = {"except_type": RETURN, "back_reason": "破损", "pieces": pieces}
            assert customer.post(f"/orders/{order['id']}/except-orders", body).status_code == 422

    def test_a_ticket_of_the_release_before_is_about_all_pieces(self, buy, world, merchant, customer, sql):
        order = buy(2)
        ticket = world.ask(customer, order, RETURN)
        path = f"/except-orders/{ticket['id']}"
        made(merchant.post(f"{path}/agree", {}))
        made(customer.post(f"{path}/return", PARCEL))
        sql("DELETE FROM return_quantity")
        made(merchant.post(f"{path}/receive", {}))
        assert figures(shown(merchant, order)) == (3, 90, 0)
        assert stock(merchant, order) == 100


class TestUnshipped:
    def test_pieces_can_be_cancelled(self, buy, refund, merchant):
        order = refund(buy(), pieces=1)
        assert figures(order) == (0, 30, 2)
        assert order["except_order"]["pieces"] == {"asked": 1, "sent": None, "received": 1, "restocked": 1}
        assert stock(merchant, order) == 98
        assert figures(refund(order, pieces=2)) == (3, 90, 0)
        assert stock(merchant, order) == 100

    def test_all_the_money_cancels_all_the_pieces(self, buy, refund, merchant):
        order = refund(buy(), pieces=1, back_cost=90)
        assert figures(order) == (3, 90, 0)
        assert stock(merchant, order) == 100

    def test_all_the_pieces_end_it(self, buy, refund, merchant):
        assert figures(refund(buy(), pieces=3, back_cost=80)) == (3, 80, 0)

    def test_goods_that_were_shipped_have_no_pieces_to_cancel(self, buy, customer):
        order = buy(1)
        asked = {"except_type": REFUND, "back_reason": "破损", "pieces": 1}
        answer = customer.post(f"/orders/{order['id']}/except-orders", asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "pieces_fixed")

    @pytest.mark.parametrize(
        ("asked", "restock", "fits"),
        [({"back_cost": 5}, True, False), ({"back_cost": 5}, False, True), ({"pieces": 1}, True, True), ({}, True, True)],
    )
    def test_restock_may_repeat_the_rule(self, buy, world, merchant, customer, asked, restock, fits):
        ticket = world.ask(customer, buy(), **asked)
        answer = merchant.post(f"/except-orders/{ticket['id']}/agree", {"restock": restock})
        assert answer.status_code == (200 if fits else 422)


class TestCancel:
    @pytest.mark.parametrize(("restock", "expected"), [(None, 100), (True, 100), (False, 97)])
    def test_all_is_refunded_by_a_ticket_that_is_settled(self, buy, merchant, customer, restock, expected):
        order = buy()
        body = {"remark": "仓库破损", **({} if restock is None else {"restock": restock})}
        cancelled = made(merchant.post(f"/orders/{order['id']}/cancel", body))
        assert figures(cancelled) == (3, 90, 0)
        ticket = made(customer.get(f"/except-orders/{cancelled['after_care_id']}"))
        assert (ticket["step"], ticket["except_type"], ticket["back_cost"]) == ("refunded", REFUND, 90)
        assert (ticket["remark"], ticket["close_time"]) == ("仓库破损", cancelled["close_time"])
        assert ticket["pieces"]["restocked"] == expected - 97
        assert stock(merchant, order) == expected

    def test_only_the_rest_is_refunded(self, buy, refund, merchant):
        order = refund(buy(), pieces=1)
        cancelled = made(merchant.post(f"/orders/{order['id']}/cancel", {"remark": "断货"}))
        assert figures(cancelled) == (3, 90, 0)
        assert shown(merchant, order)["except_order"]["back_cost"] == 60
        assert stock(merchant, order) == 100

    @pytest.mark.parametrize("body", [{}, {"remark": ""}, {"remark": None}, {"remark": "断货", "restock": "no"}])
    def test_says_why(self, buy, merchant, body):
        order = buy()
        assert merchant.post(f"/orders/{order['id']}/cancel", body).status_code == 422
        assert shown(merchant, order)["status"] == 0


class TestWorn:
    """Goods that came back worn, or other goods."""

    @pytest.fixture
    def path(self, buy, world, merchant, customer):
        ticket = world.ask(customer, buy(2), RETURN, back_cost=80)
        path = f"/except-orders/{ticket['id']}"
        made(merchant.post(f"{path}/agree", {}))
        made(customer.post(f"{path}/return", PARCEL))
        return path

    def test_less_is_refunded_for_a_reason(self, path, merchant):
        answer = merchant.post(f"{path}/receive", {"back_cost": 79.99})
        assert (answer.status_code, answer.json()["code"]) == (422, "reason_missing")
        ticket = made(merchant.post(f"{path}/receive", {"back_cost": 60, "remark": "有划痕"}))
        assert (ticket["step"], ticket["back_cost"], ticket["remark"]) == ("refunded", 60, "有划痕")

    def test_what_was_agreed_needs_no_reason(self, path, merchant):
        assert made(merchant.post(f"{path}/receive", {"back_cost": 80}))["back_cost"] == 80

    def test_more_than_was_agreed_is_refused(self, path, merchant):
        answer = merchant.post(f"{path}/receive", {"back_cost": 80.01, "remark": "补偿"})
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_above_agreed")

    def test_an_empty_box_is_refused(self, path, merchant, customer):
        assert merchant.post(f"{path}/refuse", {}).status_code == 422
        ticket = made(merchant.post(f"{path}/refuse", {"remark": "空箱"}))
        assert (ticket["step"], ticket["status"], ticket["remark"]) == ("refused", 2, "空箱")
        order = made(customer.get(f"/orders/{ticket['order_id']}"))
        assert figures(order) == (4, 0, 3)
        assert stock(merchant, order) == 97
