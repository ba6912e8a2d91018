"""Every deadline: answers, lists, the sweep and the gauge agree to the second on when it passes."""

import orjson
import pytest

from app.config import DAY, HOUR, settings
from app.db import parameters
from app.db.work import MERCHANT, Actor, Work
from app.errors import AfterSaleOver
from app.services.lifecycle.deadlines import Deadline
from app.services.monitoring import gauges
from app.services.orders import queries as orders
from app.services.orders import states as order_states
from app.services.paging import Page
from app.services.sweeping import sweep
from app.services.tickets import queries as tickets
from app.services.tickets import states as ticket_states
from app.services.tickets import use_cases

PAGE = Page(1, 20)
DEADLINES = {deadline.name: deadline for deadline in (*order_states.DEADLINES, *ticket_states.DEADLINES)}
EACH = pytest.mark.parametrize("deadline", DEADLINES.values(), ids=DEADLINES.keys())
REPORTED = [deadline for deadline in DEADLINES.values() if deadline.reported]

ORDER_STATUS = {"to_ship": 0, "shipped": 1, "completed": 2}
SETTING_OF = {
    "ship": "ship_hours",
    "auto_receive": "auto_receive_days",
    "after_sale": "after_sale_days",
    "answer": "answer_hours",
    "consent": "consent_hours",
    "return_goods": "return_days",
    "return_receive": "return_receive_days",
}
SWEEP_OF = {
    "auto_receive": "received",
    "return_goods": "lapsed",
    "consent": "unaccepted",
    "return_receive": "returned",
    "answer": "agreed",
}
ENDS = ("return_receive",)  # reported, and moved by the sweep before it could be flagged


class Subject:
    """A row in the state of a deadline, as its merchant finds it at any moment."""

    def __init__(self, deadline: Deadline, world, merchant, customer) -> None:
        self.deadline = deadline
        self.merchant, self.customer = merchant, customer
        if deadline in order_states.DEADLINES:
            self.service = orders
            self.row = world.order(merchant, customer, ORDER_STATUS[deadline.state.name])
        else:
            self.service = tickets
            self.row = world.ticket(merchant, customer, deadline.state.name)

    def shown(self, now: int) -> int | None:
        """`deadline_at`, from the row itself and from the list, which agree."""
        with Work(Actor(MERCHANT, self.merchant.id), writes=False, now=now) as work:
            alone = orjson.loads(self.service.get(work, self.row["id"]))["deadline_at"]
        assert [row["deadline_at"] for row in self._listed(now)] == [alone]
        return alone

    def is_overdue(self, now: int) -> bool:
        """Whether the list's `overdue` finds it, and `not_overdue` does not."""
        late, in_time = self._listed(now, overdue=True), self._listed(now, not_overdue=True)
        assert len(late) + len(in_time) == 1
        return bool(late)

    def _listed(self, now: int, **filters: bool) -> list[dict]:
        with Work(Actor(MERCHANT, self.merchant.id), writes=False, now=now) as work:
            items = orjson.loads(self.service.page(work, filters, PAGE))["items"]
        return [row for row in items if row["id"] == self.row["id"]]


@pytest.fixture
def subject(deadline, world, merchant, customer):
    return Subject(deadline, world, merchant, customer)


def counted(now: int, name: str) -> float:
    """What the gauge says of the deadline."""
    return next(value for gauge, value in gauges.read(now) if gauge.labels == {"deadline": name})


def lag(now: int) -> float:
    return next(value for gauge, value in gauges.read(now) if gauge.name == "worker_lag_seconds")


@EACH
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_all_agree_before_at_and_after_the_moment(subject, deadline, monkeypatch, seconds):
    due = subject.row["deadline_at"]
    now, passed = due + seconds, seconds > 0
    assert subject.shown(now) == due
    assert subject.is_overdue(now) == (passed and deadline.reported)
    assert not deadline.reported or counted(now, deadline.name) == passed
    assert lag(now) == (max(seconds, 0) if deadline is order_states.RECEIPT else 0)
    assert deadline is not order_states.AFTER_SALE or asks_in_vain(subject, now) == passed
    flagged = sweep.sweep(now)  # a ticket is not agreed to yet, so that it is there to be flagged
    assert flagged["overdue"] == (passed and deadline.reported and deadline.name not in ENDS)
    monkeypatch.setattr(settings, "auto_agree", True)
    agreed = sweep.sweep(now)
    moved = {name: flagged.get(name, 0) + agreed[name] for name in sweep.SWEEPS}
    expected = SWEEP_OF.get(deadline.name) if passed else None
    assert moved == {name: int(name == expected) for name in sweep.SWEEPS}


@pytest.mark.parametrize("deadline", REPORTED, ids=[deadline.name for deadline in REPORTED])
def test_one_that_is_reported_is_near_from_six_hours_before(subject):
    due = subject.row["deadline_at"]
    assert [sweep.sweep(due - 6 * HOUR + seconds)["near"] for seconds in (-1, 0, 1, 2)] == [0, 0, 1, 0]


@pytest.mark.long
@EACH
def test_one_that_is_switched_off_never_passes(subject, deadline, monkeypatch, set_deadline):
    monkeypatch.setattr(settings, "auto_agree", True)
    set_deadline(SETTING_OF[deadline.name], 0)
    later = subject.row["deadline_at"] + 1000 * DAY
    assert subject.shown(later) is None
    assert not subject.is_overdue(later)
    if deadline.reported:
        assert counted(later, deadline.name) == 0
    assert lag(later) == 0
    if deadline is order_states.AFTER_SALE:
        assert not asks_in_vain(subject, later)
    done = sweep.sweep(later)
    assert [done[name] for name in (*sweep.SWEEPS, *sweep.FLAGS)] == [0] * 7


def test_each_has_its_own_setting_and_the_sweep_knows_all_that_are_its():
    assert DEADLINES.keys() == parameters.DEADLINES.keys()
    assert list(SWEEP_OF.values()) == list(sweep.SWEEPS)
    assert [deadline for _, deadline in sweep.REPORTED] == REPORTED


def asks_in_vain(subject: Subject, now: int) -> bool:
    """Whether the buyer is refused a refund because the window for it is over; nothing is kept of the try."""
    with Work(Actor("customer", subject.customer.id), writes=True, now=now) as work:
        try:
            use_cases.ask(work, subject.row["id"], except_type="仅退款", back_reason="不想要了", back_cost=None)
        except AfterSaleOver:
            return True
    return False
