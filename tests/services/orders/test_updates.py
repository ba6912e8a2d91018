"""Orders that changed after a time: found whatever their number is, at a cost that goes by what changed."""

from itertools import pairwise

import pytest

from app.db.work import MERCHANT, Actor
from app.schemas.orders import MerchantOrderFilters
from app.services.orders import queries, updates
from tests.support.api import Api
from tests.support.factories import World, made
from tests.support.plans import Counting

pytestmark = pytest.mark.long
MANY = 10_002
START = 1_600_000_000
EVENTS = 4  # of each order, 100 seconds apart; orders are a minute apart
END = START + MANY * 60 + EVENTS * 100


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file, where PostgreSQL has never counted what is in the tables."""
    return migrated_module


@pytest.fixture(scope="module")
def world(migrated):
    with Api() as api:
        yield World(api)


@pytest.fixture(scope="module")
def sql(migrated, sql_connection):
    with sql_connection.asking(migrated) as sql:
        yield sql


@pytest.fixture(scope="module")
def merchant(world, sql):
    """A merchant with many orders, among those of others."""
    merchant, other, customer = world.merchant(), world.merchant(), world.customer()
    for table in ('"order"', "event"):
        sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    mine, others = (world.order(owner, customer, create_time=START)["id"] for owner in (merchant, other))
    columns = "status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count"
    receiver = "receiver_name, receiver_phone, receiver_address"
    for order, number in ((mine, MANY - 1), (others, 100)):
        sql(
            f"""INSERT INTO "order" (order_number, create_time, {columns}, {receiver})
            SELECT 'MANY' || id || '-' || n, create_time + n * 60, {columns}, {receiver}
            FROM "order", generate_series(1, %s) n WHERE id = %s""",
            number,
            order,
        )
    sql(f'UPDATE "order" SET status = 1, deliver_time = create_time WHERE id %% 3 = 0 AND id > {max(mine, others)}')
    sql("ALTER TABLE event DISABLE TRIGGER append_only")
    sql("DELETE FROM event WHERE order_id IS NOT NULL")
    sql("ALTER TABLE event ENABLE TRIGGER append_only")
    sql(
        """INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id, order_id)
        SELECT create_time + n * 100, 'system', 'overdue', 'order', id, business_id, id
        FROM "order", generate_series(1, %s) n ORDER BY 1""",
        EVENTS,
    )
    sql(
        "INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id) VALUES (%s, 'x', 'x', 'x', 1, %s)",
        END,
        merchant.id,
    )
    merchant.sku_id = made(merchant.get(f"/orders/{mine}"))["sku_id"]
    return merchant


AFTER = [END + 1, END, END - 1, END - 3600, END - 86_400, START + 5_000 * 60, START + 100, 0]
FILTERS = [
    ({}, "true"),
    ({"status": 1}, "status = 1"),
    ({"status": "0,1"}, "true"),
    ({"create_from": START + 6_000 * 60}, f"create_time >= {START + 6_000 * 60}"),
    ({"create_to": START + 6_000 * 60}, f"create_time <= {START + 6_000 * 60}"),
    ({"receiver": "张三"}, "true"),
    ({"order_number": "-77"}, "order_number LIKE '%%-77%%'"),
]


def changed(sql, after, condition, owner):
    """The orders that an event tells of after a time, newest first."""
    statement = f"""SELECT id FROM "order" o WHERE {condition} AND business_id = coalesce(%s, business_id)
        AND id IN (SELECT order_id FROM event WHERE time >= %s) ORDER BY create_time DESC, id DESC"""
    return [order_id for (order_id,) in sql(statement, owner, after)]


def ids(answer):
    return [row["id"] for row in answer["items"]]


@pytest.mark.parametrize("most", [None, 0], ids=["looked up", "walked"])
@pytest.mark.parametrize(("filters", "condition"), FILTERS, ids=[str(filters) for filters, _ in FILTERS])
def test_they_are_the_same_whichever_way_they_are_found(merchant, sql, monkeypatch, filters, condition, most):
    if most is not None:
        monkeypatch.setattr(updates, "MOST", most)
        monkeypatch.setattr(updates, "MOST_OF_WALK", most)
    for after in AFTER:
        wanted = changed(sql, after, condition, merchant.id)
        first = made(merchant.get("/orders", updated_after=after, size=50, **filters))
        assert (first["total"], first["total_is_capped"]) == (min(len(wanted), 10_000), len(wanted) > 10_000), after
        assert ids(first) == wanted[:50], after
        if first["next_cursor"]:
            onward = made(merchant.get("/orders", updated_after=after, size=50, cursor=first["next_cursor"], **filters))
            assert ids(onward) == wanted[50:100], after


@pytest.mark.parametrize("most", [None, 0], ids=["looked up", "walked"])
@pytest.mark.parametrize("of_one", [True, False])
def test_staff_find_those_of_one_merchant_and_of_all(world, merchant, sql, monkeypatch, of_one, most):
    if most is not None:
        monkeypatch.setattr(updates, "MOST", most)
    staff, owner = world.admin(), merchant.id if of_one else None
    for after in AFTER:
        wanted = changed(sql, after, "true", owner)
        shown = made(staff.get("/orders", updated_after=after, size=50, **({"business_id": owner} if owner else {})))
        assert (shown["total"], ids(shown)) == (min(len(wanted), 10_000), wanted[:50]), after


def test_an_export_has_them_all(merchant, sql):
    for after in (END, END - 3600, 0):
        content = merchant.get("/orders/export", updated_after=after, columns="order_id").content.decode("utf-8-sig")
        assert [int(line) for line in content.splitlines()[1:]] == changed(sql, after, "true", merchant.id)


@pytest.mark.parametrize("filters", [filters for filters, _ in FILTERS], ids=str)
@pytest.mark.parametrize("after", AFTER)
def test_no_order_is_compared_with_every_event_where_nothing_was_counted(merchant, filters, after):
    """By figures of an empty table, each was. At most, all events are looked up and all orders are read for total and page."""
    asked = MerchantOrderFilters(updated_after=after, **filters)
    with Counting(Actor(MERCHANT, merchant.id)) as work:
        queries.page(work, asked.filters(), asked.asked())
    assert work.read["order"] < 2.1 * MANY
    assert work.read["event"] < (EVENTS + 2.1) * MANY
    assert work.read["join"] == 0


def test_a_walk_ends_after_all_of_them(merchant, sql):
    after = END - 3 * 86_400
    pages, cursor = [], None
    while cursor or not pages:
        page = made(merchant.get("/orders", updated_after=after, size=100, **({"cursor": cursor} if cursor else {})))
        pages.append(ids(page))
        cursor = page["next_cursor"]
    found = [order_id for page in pages for order_id in page]
    assert found == changed(sql, after, "true", merchant.id)
    assert all(len(page) == 100 for page, _ in pairwise(pages))
