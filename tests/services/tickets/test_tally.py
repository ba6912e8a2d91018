"""The total of all tickets of a shop, and of all shops, is a tally that the database keeps."""

import psycopg2
import pytest

from app.db import migration
from app.db.work import ADMIN, MERCHANT, SYSTEM, Actor, Work
from app.services.paging import Start
from app.services.tickets import queries, tally
from tests.support.factories import REFUND, made
from tests.support.plans import explained, rows_read

pytestmark = pytest.mark.long

# For each ticket, so many older ones that were closed.
CLOSED = """
    INSERT INTO except_order (order_id, business_id, except_type, status, create_time, close_time, back_reason, back_cost)
    SELECT order_id, business_id, except_type, 0, create_time - n, create_time, 'x', 1
    FROM except_order, generate_series(1, %s) n
"""


def totals(admin, *merchants):
    return [made(caller.get("/except-orders"))["total"] for caller in (*merchants, admin)]


def test_it_is_right_before_and_after_the_folding(world, merchant, customer, sql):
    admin, other, none = world.admin(), world.merchant(), world.merchant()
    for step in ("applied", "refused", "refunded"):
        world.ticket(merchant, customer, step)
    withdrawn = world.ticket(other, customer, "withdrawn")
    world.ask(customer, {"id": withdrawn["order_id"]}, REFUND)
    made(other.post(f"/orders/{world.order(other, customer)['id']}/cancel", {"remark": "断货"}))
    for rows in (6, 2):
        assert totals(admin, merchant, other, none) == [3, 3, 0, 6]
        assert sql("SELECT count(*) FROM ticket_tally") == [(rows,)]
        with Work(Actor(SYSTEM), writes=True) as work:
            tally.fold(work)
            work.commit()
    world.ticket(merchant, customer)
    assert totals(admin, merchant, other, none) == [4, 3, 0, 7]


def test_a_ticket_that_is_gone_is_not_counted(world, merchant, customer, sql):
    made(customer.post(f"/except-orders/{world.ticket(merchant, customer)['id']}/withdraw"))
    sql('UPDATE "order" SET after_care_id = NULL')
    sql("DELETE FROM return_quantity")
    sql("DELETE FROM except_order")
    assert totals(world.admin(), merchant) == [0, 0]


def test_the_tickets_of_before_are_counted(empty_database):
    migration.migrate("0029")
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute("""
            SET session_replication_role = replica;
            INSERT INTO except_order (order_id, business_id, except_type, status, create_time, back_reason, back_cost)
            SELECT n, 1 + n % 2, '仅退款', 0, 1, 'x', 1 FROM generate_series(1, 5) n
        """)
    migration.migrate()
    with psycopg2.connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT business_id, sum(delta) FROM ticket_tally GROUP BY 1 ORDER BY 1")
        assert cursor.fetchall() == [(1, 2), (2, 3)]


def test_a_page_reads_few_tickets_of_many(world, merchant, customer, sql):
    world.ticket(merchant, customer)
    sql(CLOSED, 12_000)
    sql("ANALYZE")
    shown = made(merchant.get("/except-orders"))
    assert (shown["total"], shown["total_is_capped"]) == (10_000, True)
    for kind, actor in ((MERCHANT, merchant), (ADMIN, world.admin())):
        with Work(Actor(kind, actor.id), writes=False) as work:
            plan = explained(work, queries._list(kind, frozenset(), Start.TOP))
        assert rows_read(plan)["except_order"] <= 21


def test_a_page_of_tickets_that_wait_reads_few_of_many_orders(world, merchant, customer, sql):
    ticket, tickets = world.ticket(merchant, customer), 300
    for table, row_id in (("order", ticket["order_id"]), ("except_order", ticket["id"])):
        sql(
            f"""
            INSERT INTO "{table}" SELECT (jsonb_populate_record(t, to_jsonb(t) || other)).*
            FROM "{table}" t, generate_series(2, {tickets}) n, LATERAL (
                SELECT jsonb_build_object('id', 100000 + n, 'order_number', n::text, 'order_id', 100000 + n,
                    'create_time', 1700000000 + n * 7919 %% {tickets}) AS other
            ) o WHERE id = %s
            """,
            row_id,
        )
    sql(CLOSED, 200)
    sql("ANALYZE")
    waiting = frozenset({"waiting_for_merchant"})
    with Work(Actor(ADMIN, world.admin().id), writes=False) as work:
        plan = explained(work, queries._list(ADMIN, waiting, Start.TOP))
    assert rows_read(plan)["except_order"] <= tickets + 60, "that are counted, and shown"
