"""Every refund goes out: a settled ticket is owed to its buyer until the platform says that it has been paid."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from app.config import DAY
from app.services.monitoring import gauges
from tests.support.factories import REFUND, RETURN, made

NOT_SETTLED = ("applied", "awaiting_return", "awaiting_receipt", "refused", "withdrawn")
SETTLED_BIRTH = """
    INSERT INTO except_order (order_id, business_id, except_type, status, create_time, close_time, back_reason, back_cost)
    SELECT id, business_id, '仅退款', 1, create_time, create_time + 5, '缺货', %s FROM "order" WHERE id = %s RETURNING id"""
COLUMNS = "ticket_id, order_id, amount, due_time, status, paid_time, reference, reason"


@pytest.fixture
def refund(world, merchant, customer):
    """A refund that is due."""
    ticket = world.ticket(merchant, customer, "refunded", except_type=REFUND)
    [row] = made(world.api.platform.get("/refunds"))["items"]
    assert row["ticket_id"] == ticket["id"]
    return row


@pytest.fixture
def platform(api):
    return api.platform


def stored(sql):
    return sql(f"SELECT {COLUMNS} FROM refund_payment ORDER BY ticket_id")


def events(sql, ticket_id):
    asked = "SELECT verb, actor_kind, details FROM event WHERE subject = 'refund' AND subject_id = %s ORDER BY id"
    return sql(asked, ticket_id)


def unpaid(at):
    return next(value for gauge, value in gauges.read(at) if gauge.name == "refunds_overdue")


class TestWhatIsOwed:
    @pytest.mark.parametrize("except_type", [REFUND, RETURN])
    def test_a_settled_ticket_is_owed_at_once(self, world, merchant, customer, platform, sql, except_type):
        before = int(time.time())
        ticket = world.ticket(merchant, customer, "refunded", except_type=except_type)
        order = made(merchant.get(f"/orders/{ticket['order_id']}"))
        assert stored(sql) == [(ticket["id"], order["id"], ticket["back_cost"], ticket["close_time"], "due", None, None, None)]
        [row] = made(platform.get("/refunds"))["items"]
        assert (row["order_number"], row["customer_id"]) == (order["order_number"], customer.id)
        assert (row["business_id"], row["amount"], row["status"]) == (merchant.id, order["pay_count"], "due")
        assert before <= row["due_time"] <= int(time.time())

    def test_the_amount_is_what_was_agreed(self, world, merchant, customer, sql):
        ticket = world.ask(customer, world.order(merchant, customer, 0, pay_count=90))
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": 5.55}))
        assert stored(sql) == []  # an offer owes nothing yet
        made(customer.post(f"/except-orders/{ticket['id']}/accept"))
        assert [(row[0], row[2]) for row in stored(sql)] == [(ticket["id"], 5.55)]

    @pytest.mark.parametrize("step", NOT_SETTLED)
    def test_nothing_is_owed_for_any_other_ticket(self, world, merchant, customer, sql, step):
        assert world.ticket(merchant, customer, step)["refund"] is None
        assert stored(sql) == []

    def test_nothing_is_owed_for_goods_that_never_came(self, world, merchant, customer, sql):
        ticket = world.ticket(merchant, customer, "awaiting_return")
        sql("UPDATE except_order SET close_time = create_time WHERE id = %s", ticket["id"])
        found = made(merchant.get(f"/except-orders/{ticket['id']}"))
        assert (found["step"], found["refund"], stored(sql)) == ("lapsed", None, [])

    def test_a_ticket_that_is_born_settled_is_owed_too(self, world, merchant, customer, sql):
        order = world.order(merchant, customer, 0, pay_count=20)
        [(ticket_id,)] = sql(SETTLED_BIRTH, 20, order["id"])
        assert stored(sql) == [(ticket_id, order["id"], 20.0, order["create_time"] + 5, "due", None, None, None)]
        assert events(sql, ticket_id) == [("due", "system", {"amount": 20})]

    def test_where_nothing_was_paid_nothing_is_left_to_pay(self, world, merchant, customer, platform, sql):
        sql("ALTER TABLE except_order DROP CONSTRAINT IF EXISTS ck_except_order_back_cost_positive")
        order = world.order(merchant, customer, 0)
        [(ticket_id,)] = sql(SETTLED_BIRTH, 0, order["id"])
        closed = order["create_time"] + 5
        assert stored(sql) == [(ticket_id, order["id"], 0.0, closed, "paid", closed, None, None)]
        assert made(merchant.get(f"/except-orders/{ticket_id}"))["refund"] == {
            "amount": 0, "status": "paid", "paid_time": closed,
        }  # fmt: skip
        assert platform.post(f"/refunds/{ticket_id}/paid", {"reference": "R1"}).status_code == 409
        assert [verb for verb, _, _ in events(sql, ticket_id)] == ["paid"]

    def test_what_is_rolled_back_is_not_owed(self, world, merchant, customer, migrated, sql):
        order = world.order(merchant, customer, 0)
        connection = psycopg2.connect(migrated)
        with connection.cursor() as cursor:
            cursor.execute(SETTLED_BIRTH, (1, order["id"]))
        connection.rollback()
        connection.close()
        assert stored(sql) == []


class TestTheDatabaseHolds:
    def test_the_refunds_of_an_order_never_exceed_what_was_paid(self, world, merchant, customer, sql):
        order = world.order(merchant, customer, 0, pay_count=20)
        sql(SETTLED_BIRTH, 12.3, order["id"])
        with pytest.raises(psycopg2.IntegrityError) as refused:
            sql(SETTLED_BIRTH, 7.71, order["id"])
        assert refused.value.diag.constraint_name == "ck_refund_payment_at_most_paid"
        sql(SETTLED_BIRTH, 7.7, order["id"])
        assert [row[2] for row in stored(sql)] == [12.3, 7.7]

    def test_nor_do_two_that_are_settled_at_the_same_moment(self, world, merchant, customer, migrated, sql):
        order = world.order(merchant, customer, 0, pay_count=20)

        def settle(_):
            connection = psycopg2.connect(migrated)
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(SETTLED_BIRTH, (15, order["id"]))
                    cursor.execute("SELECT pg_sleep(0.3)")
            except psycopg2.IntegrityError:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(settle, range(2))) == [False, True]
        assert [row[2] for row in stored(sql)] == [15.0]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE except_order SET back_cost = back_cost / 2",
            "UPDATE except_order SET close_time = NULL",
            "UPDATE except_order SET status = 0",
            "UPDATE refund_payment SET amount = amount * 2",
            "UPDATE refund_payment SET amount = -1",
            "UPDATE refund_payment SET status = 'paid'",
            "UPDATE refund_payment SET status = 'paid', paid_time = 1",
            "UPDATE refund_payment SET status = 'lost'",
            "UPDATE refund_payment SET status = 'failed'",
            "UPDATE refund_payment SET reference = 'R1'",
            "DELETE FROM refund_payment",
            "TRUNCATE refund_payment",
        ],
    )
    def test_what_is_owed_stands(self, refund, sql, statement):
        before = stored(sql)
        with pytest.raises(psycopg2.IntegrityError):
            sql(statement)
        assert stored(sql) == before

    def test_what_is_paid_stands(self, refund, platform, sql):
        made(platform.post(f"/refunds/{refund['ticket_id']}/paid", {"reference": "R1"}))
        before = stored(sql)
        for change in ("status = 'due', paid_time = NULL, reference = NULL", "reference = 'R2'", "paid_time = 1"):
            with pytest.raises(psycopg2.IntegrityError):
                sql(f"UPDATE refund_payment SET {change}")
        assert stored(sql) == before


class TestPaying:
    def test_a_refund_is_paid_once(self, refund, platform, merchant, customer, sql):
        path = f"/refunds/{refund['ticket_id']}"
        at = refund["due_time"] + 1
        paid = made(platform.post(f"{path}/paid", {"reference": " R1 ", "paid_time": at}))
        assert paid == {**refund, "status": "paid", "reference": "R1", "paid_time": at}
        assert made(platform.post(f"{path}/paid", {"reference": "R1", "paid_time": at})) == paid
        assert made(platform.post(f"{path}/paid", {"reference": "R1"})) == paid
        for again in (f"{path}/paid", {"reference": "R2"}), (f"{path}/failed", {"reason": "账户已注销"}):
            answer = platform.post(*again)
            assert (answer.status_code, answer.json()["code"]) == (409, "refund_paid")
        shown = {"amount": refund["amount"], "status": "paid", "paid_time": at}
        assert made(merchant.get(f"/except-orders/{refund['ticket_id']}"))["refund"] == shown
        assert made(merchant.get("/except-orders"))["items"][0]["refund"] == shown
        assert made(customer.get(f"/except-orders/{refund['ticket_id']}"))["refund"] == shown
        assert made(customer.get(f"/orders/{refund['order_id']}"))["except_order"]["refund"] == shown
        assert events(sql, refund["ticket_id"]) == [
            ("due", "system", {"amount": refund["amount"]}),
            ("paid", "platform", {"amount": refund["amount"], "reference": "R1"}),
        ]

    def test_the_time_is_now_unless_it_is_said(self, refund, platform):
        before = int(time.time())
        paid = made(platform.post(f"/refunds/{refund['ticket_id']}/paid", {"reference": "R1"}))
        assert before <= paid["paid_time"] <= int(time.time())

    def test_one_that_failed_may_be_paid_later(self, refund, platform, merchant, sql):
        path = f"/refunds/{refund['ticket_id']}"
        failed = made(platform.post(f"{path}/failed", {"reason": "银行卡已失效"}))
        assert failed == {**refund, "status": "failed", "reason": "银行卡已失效"}
        assert made(platform.post(f"{path}/failed", {"reason": "银行卡已失效"})) == failed
        assert made(platform.post(f"{path}/failed", {"reason": "账户冻结"}))["reason"] == "账户冻结"
        assert made(merchant.get(f"/except-orders/{refund['ticket_id']}"))["refund"]["status"] == "failed"
        paid = made(platform.post(f"{path}/paid", {"reference": "R9"}))
        assert (paid["status"], paid["reason"], paid["reference"]) == ("paid", None, "R9")
        assert [verb for verb, _, _ in events(sql, refund["ticket_id"])] == ["due", "failed", "failed", "paid"]

    def test_of_several_who_report_at_once_one_is_right(self, refund, platform, sql):
        def report(number):
            return platform.post(f"/refunds/{refund['ticket_id']}/paid", {"reference": f"R{number % 2}"}).status_code

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(report, range(6))) == [200] * 3 + [409] * 3
        assert [verb for verb, _, _ in events(sql, refund["ticket_id"])] == ["due", "paid"]

    @pytest.mark.parametrize(
        ("verb", "body"),
        [
            ("paid", {}),
            ("paid", {"reference": ""}),
            ("paid", {"reference": "  "}),
            ("paid", {"reference": "R" * 101}),
            ("paid", {"reference": 7}),
            ("paid", {"reference": "R1", "paid_time": -1}),
            ("paid", {"reference": "R1", "paid_time": 4_000_000_000_000}),
            ("paid", {"reference": "R1", "paid_time": int(time.time()) + DAY}),
            ("paid", {"reference": "R1", "amount": 1}),
            ("failed", {}),
            ("failed", {"reason": None}),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, refund, platform, verb, body):
        assert platform.post(f"/refunds/{refund['ticket_id']}/{verb}", body).status_code == 422
        assert made(platform.get("/refunds"))["items"] == [refund]

    def test_a_ticket_without_a_refund_is_not_there(self, world, merchant, customer, platform):
        ticket = world.ticket(merchant, customer, "applied")
        for ticket_id in (ticket["id"], 2**31 - 1):
            assert platform.post(f"/refunds/{ticket_id}/paid", {"reference": "R1"}).status_code == 404
            assert platform.post(f"/refunds/{ticket_id}/failed", {"reason": "x"}).status_code == 404

    def test_the_answer_that_settles_shows_what_is_owed(self, world, merchant, customer):
        ticket = world.ask(customer, world.order(merchant, customer, 0, pay_count=7))
        settled = made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        assert settled["refund"] == {"amount": 7, "status": "due", "paid_time": None}
        assert made(merchant.get(f"/except-orders/{ticket['id']}"))["refund"] == settled["refund"]


class TestLists:
    def test_they_are_walked_by_status(self, world, merchant, customer, platform):
        tickets = [world.ticket(merchant, customer, "refunded", except_type=REFUND)["id"] for _ in range(4)]
        made(platform.post(f"/refunds/{tickets[0]}/paid", {"reference": "R1"}))
        made(platform.post(f"/refunds/{tickets[1]}/failed", {"reason": "x"}))

        def found(**asked):
            return {row["ticket_id"] for row in made(platform.get("/refunds", **asked))["items"]}

        assert found() == set(tickets)
        assert (found(status="paid"), found(status="failed")) == ({tickets[0]}, {tickets[1]})
        assert found(status=["due", "failed"]) == found(status="due,failed") == set(tickets[1:])
        first = made(platform.get("/refunds", status="due", size=1))
        second = made(platform.get("/refunds", status="due", size=1, cursor=first["next_cursor"]))
        assert [page["items"][0]["ticket_id"] for page in (first, second)] == tickets[:1:-1]
        assert (second["next_cursor"], second["total"]) == (None, None)
        assert platform.get("/refunds", status="lost").status_code == 422
        assert platform.get("/refunds", cursor="nonsense").status_code == 422

    def test_what_is_not_paid_within_a_day_is_overdue(self, world, merchant, customer, platform, sql):
        admin = world.admin()
        late, failed, fresh, paid = (world.ticket(merchant, customer, "refunded", except_type=REFUND)["id"] for _ in range(4))
        made(platform.post(f"/refunds/{failed}/failed", {"reason": "x"}))
        sql("UPDATE refund_payment SET due_time = due_time - %s WHERE ticket_id <> %s", DAY + 60, fresh)
        made(platform.post(f"/refunds/{paid}/paid", {"reference": "R1"}))

        def found(**asked):
            return {row["ticket_id"] for row in made(admin.get("/refunds", **asked))["items"]}

        assert found() == {late, failed, fresh, paid}
        assert found(overdue=True) == {late, failed}
        assert found(overdue=False) == {fresh, paid}
        assert found(overdue=True, status="due") == {late}
        assert (found(business_id=merchant.id, status="due"), found(business_id=2**31 - 1)) == ({late, fresh}, set())
        now = int(time.time())
        assert [unpaid(at) for at in (now, now + DAY - 60, now + 2 * DAY)] == [2, 2, 3]

    def test_merchants_and_customers_have_no_list_of_them(self, refund, merchant, customer):
        assert merchant.get("/refunds").status_code == customer.get("/refunds").status_code == 404
