"""What must be true of the stored orders, tickets and goods, whatever happened."""

from collections.abc import Callable
from typing import Any

from app.services.lifecycle.engine import Lifecycle
from app.services.orders import states as order_states
from app.services.tickets import states as ticket_states


def _lines(subject: str, life: Lifecycle) -> str:
    """The table of moves as rows of SQL: subject, verb, status before (null at birth), status after."""
    moves = {(move.verb, move.source and move.source.status, move.target.status) for move in life.moves}
    return ", ".join(
        f"('{subject}', '{verb}', {'NULL::int' if before is None else before}, {after})"
        for verb, before, after in sorted(moves, key=str)
    )


_MOVES = f"{_lines('order', order_states.LIFECYCLE)}, {_lines('except_order', ticket_states.LIFECYCLE)}"
_PATHS = """
    SELECT subject, subject_id, verb, from_status, to_status, row_number() OVER life AS nth,
        lag(to_status) OVER life AS before, lead(to_status) OVER life IS NULL AS newest
    FROM event WHERE subject IN ('order', 'except_order') AND to_status IS NOT NULL
    WINDOW life AS (PARTITION BY subject, subject_id ORDER BY id)
"""
_SETTLED = "t.status = 1 AND t.close_time IS NOT NULL AND (t.except_type = '仅退款' OR t.recv_time IS NOT NULL)"
_BACK = f"""
    SELECT o.*, coalesce(sum(round(t.back_cost * 100)), 0) AS cents, coalesce(sum(q.received), 0) AS pieces,
        coalesce(sum(q.restocked), 0) AS restocked
    FROM "order" o LEFT JOIN except_order t ON t.order_id = o.id AND {_SETTLED}
    LEFT JOIN return_quantity q ON q.ticket_id = t.id GROUP BY o.id
"""
RULES = {
    "a row was moved before the move before it": """
        SELECT id FROM "order" WHERE deliver_time < create_time OR recv_time < deliver_time OR close_time < create_time
            OR close_time < deliver_time OR close_time < recv_time
        UNION ALL SELECT id FROM except_order WHERE deliver_time < create_time OR recv_time < deliver_time
            OR close_time < create_time OR close_time < deliver_time OR close_time < recv_time""",
    "stock is negative": "SELECT id FROM sku WHERE stock < 0",
    "a move is not in the table": f"""
        SELECT DISTINCT subject, verb, from_status, to_status FROM ({_PATHS}) p WHERE NOT EXISTS (
            SELECT FROM (VALUES {_MOVES}) m (subject, verb, before, after) WHERE m.subject = p.subject AND m.verb = p.verb
            AND m.before IS NOT DISTINCT FROM p.from_status AND m.after = p.to_status)""",
    "a move does not start where the one before ended": f"""
        SELECT subject, subject_id, nth FROM ({_PATHS}) p WHERE from_status IS DISTINCT FROM before""",
    "a row is not where its last move took it": f"""
        SELECT subject, subject_id, to_status FROM ({_PATHS}) p WHERE newest AND to_status IS DISTINCT FROM
        CASE subject WHEN 'order' THEN (SELECT status FROM "order" o WHERE o.id = subject_id)
        ELSE (SELECT status FROM except_order t WHERE t.id = subject_id) END""",
    "a row has no event": """
        SELECT id FROM "order" o WHERE NOT EXISTS (SELECT FROM event WHERE subject = 'order' AND subject_id = o.id)
        UNION ALL SELECT id FROM except_order t
        WHERE NOT EXISTS (SELECT FROM event WHERE subject = 'except_order' AND subject_id = t.id)""",
    "a settled ticket has no payment of its money, or another one has a payment": f"""
        SELECT t.id FROM except_order t FULL JOIN refund_payment p ON p.ticket_id = t.id
        WHERE t.id IS NULL OR ({_SETTLED}) <> (p.ticket_id IS NOT NULL) OR round(p.amount * 100) <> round(t.back_cost * 100)""",
    "a row of a merchant carries what is another's": """
        SELECT o.id FROM "order" o LEFT JOIN sku s ON s.id = o.sku_id LEFT JOIN product d ON d.id = s.product_id
        WHERE d.business_id <> o.business_id
        UNION ALL SELECT t.id FROM except_order t JOIN "order" o ON o.id = t.order_id WHERE o.business_id <> t.business_id
        UNION ALL SELECT e.id FROM event e JOIN "order" o ON o.id = e.order_id WHERE o.business_id <> e.business_id""",
    "more is refunded than was paid": f"SELECT id FROM ({_BACK}) o WHERE cents > round(pay_count * 100)",
    "more comes back than was bought": f"SELECT id FROM ({_BACK}) o WHERE pieces > num",
    "an order is over while both money and goods are owed": f"""
        SELECT id FROM ({_BACK}) o WHERE status = 3 AND cents < round(pay_count * 100) AND pieces < num""",
    "an order goes on while nothing is owed": f"""
        SELECT id FROM ({_BACK}) o WHERE status IN (0, 1, 2) AND (cents = round(pay_count * 100) OR pieces = num)""",
    "pieces count that no settled ticket gave back": f"""
        SELECT t.id FROM except_order t JOIN return_quantity q ON q.ticket_id = t.id
        WHERE q.received IS NOT NULL AND NOT ({_SETTLED})""",
    "the goods put back are not those that the tickets say": f"""
        SELECT id FROM ({_BACK}) o WHERE restocked <> (SELECT coalesce(sum(delta), 0) FROM stock_movement m
        WHERE m.reference = o.order_number AND m.reason = 'refund')""",
    "stock is not the sum of its movements": """
        SELECT id FROM sku WHERE stock <> (SELECT sum(delta) FROM stock_movement m WHERE m.sku_id = sku.id)""",
    "an order is being refunded without an open ticket, or has one without being refunded": """
        SELECT id FROM "order" o WHERE (status = -1) <>
        EXISTS (SELECT FROM except_order t WHERE t.order_id = o.id AND close_time IS NULL)""",
    "orders are miscounted": """
        SELECT status FROM (SELECT status, count(*) AS n FROM "order" GROUP BY 1) o
        FULL JOIN (SELECT status, sum(delta) AS n FROM order_tally GROUP BY 1) y USING (status)
        WHERE coalesce(o.n, 0) <> coalesce(y.n, 0)""",
    "tickets are miscounted": """
        SELECT business_id FROM (SELECT business_id, count(*) AS n FROM except_order GROUP BY 1) t
        FULL JOIN (SELECT business_id, sum(delta) AS n FROM ticket_tally GROUP BY 1) y USING (business_id)
        WHERE coalesce(t.n, 0) <> coalesce(y.n, 0)""",
}


def broken(sql: Callable[..., Any]) -> dict[str, list[tuple]]:
    """The rules that do not hold, with the rows that break them."""
    found = {rule: sql(query) for rule, query in RULES.items()}
    return {rule: rows for rule, rows in found.items() if rows}
