"""An order's clocks stand still while a ticket is open, and run on when it ends."""

import orjson
import pytest

from app.config import DAY, HOUR
from app.db.work import CUSTOMER, MERCHANT, Actor, Work
from app.services.monitoring import gauges
from app.services.orders import queries, shipping
from app.services.paging import Page
from app.services.sweeping import sweep
from app.services.tickets import use_cases as tickets
from tests.support.factories import REFUND, made

LENGTH = {0: 2 * DAY, 1: 10 * DAY, 2: 7 * DAY}
START = {0: "create_time", 1: "deliver_time", 2: "recv_time"}


class Clock:
    """An order whose ticket is opened and ended at given times."""

    def __init__(self, world, merchant, customer, status) -> None:
        self.merchant, self.customer = merchant, customer
        self.order = world.order(merchant, customer, status, num=3)
        self.start = self.order[START[status]]

    def at(self, kind, now, *, writes=True):
        caller = {MERCHANT: self.merchant, CUSTOMER: self.customer}[kind]
        return Work(Actor(kind, caller.id), writes=writes, now=now)

    def pause(self, begin, end, way="withdraw"):
        """A ticket that is open from `begin` to `end`, seconds after the clock's start."""
        with self.at(CUSTOMER, self.start + begin) as work:
            asked = orjson.loads(tickets.ask(work, self.order["id"], except_type=REFUND, back_reason="破损", back_cost=1.0))
            work.commit()
        ways = {
            "withdraw": (CUSTOMER, lambda work: tickets.withdraw(work, asked["id"])),
            "refuse": (MERCHANT, lambda work: tickets.refuse(work, asked["id"], remark="已备货")),
            "agree": (MERCHANT, lambda work: tickets.agree(work, asked["id"])),
        }
        kind, act = ways[way]
        with self.at(kind, self.start + end) as work:
            act(work)
            work.commit()

    def shown(self, now=None):
        with self.at(MERCHANT, now or self.start, writes=False) as work:
            alone = orjson.loads(queries.get(work, self.order["id"]))
            (listed,) = orjson.loads(queries.page(work, {}, Page(1, 20)))["items"]
        assert listed["deadline_at"] == alone["deadline_at"]
        return alone["deadline_at"]

    def is_overdue(self, now):
        with self.at(MERCHANT, now, writes=False) as work:
            late, in_time = (
                orjson.loads(queries.page(work, {name: True}, Page(1, 20)))["total"] for name in ("overdue", "not_overdue")
            )
        assert late + in_time == 1
        return bool(late)


@pytest.fixture
def clock(world, merchant, customer):
    return lambda status: Clock(world, merchant, customer, status)


@pytest.mark.parametrize("way", ["withdraw", "agree"])
@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_deadline_falls_later_by_the_time_that_a_ticket_was_open(clock, status, way):
    one = clock(status)
    one.pause(1 * DAY, 4 * DAY, way)
    assert one.shown() == one.start + LENGTH[status] + 3 * DAY


@pytest.mark.parametrize("status", [0, 1, 2])
def test_several_tickets_add_up(clock, status):
    one = clock(status)
    one.pause(1 * HOUR, 2 * HOUR)
    one.pause(3 * HOUR, 3 * HOUR)
    one.pause(5 * HOUR, 8 * HOUR, "agree")
    assert one.shown() == one.start + LENGTH[status] + 4 * HOUR


def test_an_order_whose_refund_was_refused_is_not_overdue_at_that_moment(clock, sql):
    one = clock(0)
    one.pause(1 * DAY, 5 * DAY, "refuse")
    due = one.start + 2 * DAY + 4 * DAY
    assert one.shown() == due
    assert [one.is_overdue(due + seconds) for seconds in (-4 * DAY + 1, 0, 1)] == [False, False, True]
    assert [sweep.sweep(due + seconds)["overdue"] for seconds in (-4 * DAY + 1, 0, 1, 2)] == [0, 0, 1, 0]
    counted = {gauge.labels.get("deadline"): value for gauge, value in gauges.read(due)}
    assert counted["ship"] == 0
    assert {gauge.labels.get("deadline"): value for gauge, value in gauges.read(due + 1)}["ship"] == 1


def test_one_withdrawn_late_is_not_received_at_once(clock):
    one = clock(1)
    one.pause(9 * DAY, 14 * DAY)
    due = one.start + 15 * DAY
    lag = {gauge.name: value for gauge, value in gauges.read(due - DAY)}["worker_lag_seconds"]
    assert lag == 0
    assert [sweep.sweep(due + seconds)["received"] for seconds in (-5 * DAY + 1, 0)] == [0, 0]
    assert {gauge.name: value for gauge, value in gauges.read(due + 7)}["worker_lag_seconds"] == 7
    assert sweep.sweep(due + 1)["received"] == 1


def test_the_after_sale_window_runs_on(clock):
    one = clock(2)
    one.pause(6 * DAY, 20 * DAY)
    due = one.start + 21 * DAY
    with one.at(CUSTOMER, due) as work:
        assert orjson.loads(queries.get(work, one.order["id"]))["actions"] == ["except-orders"]
        tickets.ask(work, one.order["id"], except_type=REFUND, back_reason="破损")
    with one.at(CUSTOMER, due + 1, writes=False) as work:
        assert orjson.loads(queries.get(work, one.order["id"]))["actions"] == []


def test_the_next_clock_starts_afresh(clock):
    one = clock(0)
    one.pause(1 * HOUR, 30 * HOUR, "refuse")
    with one.at(MERCHANT, one.start + 40 * HOUR) as work:
        shipping.ship(work, one.order["id"], logistic_id=1, logistic_name=None, logistic_order_id="SF1")
        work.commit()
    assert one.shown() == one.start + 40 * HOUR + 10 * DAY
    with one.at(CUSTOMER, one.start + 50 * HOUR) as work:
        shipping.receive(work, one.order["id"])
        work.commit()
    assert one.shown() == one.start + 50 * HOUR + 7 * DAY


def test_days_that_the_merchant_granted_count_for_the_receipt_alone(clock, sql):
    one = clock(1)
    sql("INSERT INTO order_clock (order_id, extended_days) VALUES (%s, 3)", one.order["id"])
    assert one.shown() == one.start + 13 * DAY
    one.pause(1 * DAY, 2 * DAY)
    assert one.shown() == one.start + 14 * DAY
    assert [sweep.sweep(one.start + 14 * DAY + seconds)["received"] for seconds in (0, 1)] == [0, 1]
    assert one.shown() == one.start + 14 * DAY + 1 + 7 * DAY


def test_an_old_order_whose_ticket_was_open_for_months_is_flagged(clock):
    one = clock(0)
    one.pause(1 * DAY, 100 * DAY, "refuse")
    assert sweep.sweep(one.start + 101 * DAY + 1)["overdue"] == 1


def test_an_order_without_tickets_has_no_clock_of_its_own(clock, sql, world, merchant, customer):
    for status in (0, 1, 2):
        clock(status)
    made(merchant.post(f"/orders/{world.order(merchant, customer)['id']}/cancel", {"remark": "断货"}))
    assert sql("SELECT count(*) FROM order_clock") == [(0,)]
