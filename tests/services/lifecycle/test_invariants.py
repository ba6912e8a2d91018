"""The rules that attacks are judged by find what breaks them."""

import psycopg2
import pytest

from tests.support.invariants import RULES, broken

pytestmark = pytest.mark.long
BREAKS = {
    "a row was moved before the move before it": 'UPDATE "order" SET recv_time = deliver_time - 1 WHERE id = {order}',
    "stock is negative": "UPDATE sku SET stock = -1 WHERE id = {sku}",
    "a move is not in the table": "UPDATE event SET verb = 'teleport' WHERE order_id = {order} AND verb = 'ship'",
    "a move does not start where the one before ended": "DELETE FROM event WHERE order_id = {order} AND verb = 'ship'",
    "a row is not where its last move took it": 'UPDATE "order" SET status = 1 WHERE id = {order}',
    "a row has no event": "DELETE FROM event WHERE order_id = {order}",
    "a settled ticket has no payment of its money, or another one has a payment": """
        DELETE FROM refund_payment WHERE ticket_id = {ticket}""",
    "a row of a merchant carries what is another's": "UPDATE except_order SET business_id = {other} WHERE id = {ticket}",
    "more is refunded than was paid": "UPDATE except_order SET back_cost = 99 WHERE id = {ticket}",
    "more comes back than was bought": "UPDATE return_quantity SET received = 9 WHERE ticket_id = {ticket}",
    "an order is over while both money and goods are owed": 'UPDATE "order" SET pay_count = 1000, num = 5 WHERE id = {order}',
    "an order goes on while nothing is owed": 'UPDATE "order" SET status = 2 WHERE id = {order}',
    "pieces count that no settled ticket gave back": "UPDATE return_quantity SET received = 1 WHERE ticket_id = {open}",
    "the goods put back are not those that the tickets say": """
        UPDATE return_quantity SET restocked = 0 WHERE ticket_id = {ticket}""",
    "stock is not the sum of its movements": "UPDATE sku SET stock = stock + 1 WHERE id = {sku}",
    "an order is being refunded without an open ticket, or has one without being refunded": """
        UPDATE "order" SET status = 2 WHERE id = {asked}""",
    "orders are miscounted": "DELETE FROM order_tally",
    "tickets are miscounted": "DELETE FROM ticket_tally",
}


@pytest.fixture
def rows(world, merchant, customer):
    """A refunded order with its ticket, and one whose refund is asked for."""
    refunded = world.ticket(merchant, customer, "refunded")
    asked = world.ticket(merchant, customer, "applied")
    order = merchant.get(f"/orders/{refunded['order_id']}").json()
    found = {"order": order["id"], "sku": order["sku_id"], "ticket": refunded["id"], "other": world.merchant().id}
    return {**found, "open": asked["id"], "asked": asked["order_id"]}


def test_each_rule_has_a_break():
    assert BREAKS.keys() == RULES.keys()


@pytest.mark.parametrize("rule", BREAKS)
def test_it_is_found(rule, rows, sql, migrated):
    assert broken(sql) == {}
    connection = psycopg2.connect(migrated)
    connection.autocommit = True
    with connection.cursor() as cursor:  # with no trigger and no check in the way
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
        for table, check in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        cursor.execute(BREAKS[rule].format(**rows))
    connection.close()
    assert rule in broken(sql)
