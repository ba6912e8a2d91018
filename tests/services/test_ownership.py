"""Whose a row is: a kind of actor that nobody named sees nothing and moves nothing."""

import orjson
import pytest

from app.db import caller
from app.db.work import ADMIN, Actor, Work
from app.errors import NotFound
from app.models import Admin
from app.services import ownership
from app.services.catalogue import everywhere
from app.services.events import audit
from app.services.orders import queries as orders
from app.services.paging import Page
from app.services.statistics import reports
from app.services.tickets import queries as tickets
from app.services.tickets import use_cases

NEW = "auditor"
FIRST = Page(1, 20)


@pytest.fixture
def by(world, monkeypatch):
    """Work by an actor of either kind: both have an account and a live session."""
    monkeypatch.setitem(caller.ACCOUNTS, NEW, Admin.__table__)
    admin = world.admin()

    def work(kind):
        return Work(Actor(kind, admin.id), writes=False)

    return work


@pytest.fixture
def ticket(world, merchant, customer):
    return world.ticket(merchant, customer, "refunded")


LISTS = {
    "orders": lambda work: orders.page(work, {}, FIRST),
    "tickets": lambda work: tickets.page(work, {}, FIRST),
    "products": lambda work: everywhere.page(work, {}, FIRST),
    "events": lambda work: audit.page(work, {}, FIRST),
}
ROWS = {
    "an order": lambda work, ticket: orders.get(work, ticket["order_id"]),
    "its timeline": lambda work, ticket: orders.timeline(work, ticket["order_id"], FIRST),
    "its product": lambda work, ticket: everywhere.get(work, 1),
    "a ticket": lambda work, ticket: tickets.get(work, ticket["id"]),
    "a ticket, to move it": lambda work, ticket: use_cases.refuse(work, ticket["id"], remark="no"),
}


@pytest.mark.parametrize("read", LISTS.values(), ids=LISTS.keys())
def test_it_is_shown_an_empty_list(by, ticket, read):
    with by(NEW) as work:
        assert orjson.loads(read(work))["items"] == []
    with by(ADMIN) as work:
        assert orjson.loads(read(work))["items"] != []


@pytest.mark.parametrize("act", ROWS.values(), ids=ROWS.keys())
def test_no_row_is_there_for_it(by, ticket, act):
    with by(NEW) as work, pytest.raises(NotFound):
        act(work, ticket)


COUNTS = {"orders": orders.counts, "tickets": tickets.counts}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS.keys())
@pytest.mark.parametrize("filters", [{}, {"business_id": 1}], ids=str)
def test_it_counts_no_rows(by, ticket, counts, filters):
    for kind, number in ((NEW, 0), (ADMIN, 1)):
        with by(kind) as work:
            assert sum(orjson.loads(counts(work, filters)).values()) == number


def test_it_counts_no_sales(by, ticket):
    with by(NEW) as work:
        assert orjson.loads(reports.overview(work))["today"]["orders"] == 0
    with by(ADMIN) as work:
        assert orjson.loads(reports.overview(work))["today"]["orders"] == 1


OWNERS = ("ORDERS", "TICKETS", "FIGURES", "GOODS", "EVENTS", "REFUNDS", "WEBHOOKS")


@pytest.mark.parametrize("owners", [getattr(ownership, name) for name in OWNERS], ids=OWNERS)
def test_no_table_has_a_rule_for_those_it_does_not_name(owners):
    assert str(ownership.owned(owners, NEW, ownership.ORDER)) == "false"
