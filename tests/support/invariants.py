"""What must be true of the stored orders, tickets and goods, whatever happened."""

from collections.abc import Callable
from typing import Any

_SETTLED = "t.status = 1 AND t.close_time IS NOT NULL AND (t.except_type = '仅退款' OR t.recv_time IS NOT NULL)"
_BACK = f"""
    SELECT o.*, coalesce(sum(round(t.back_cost * 100)), 0) AS cents, coalesce(sum(q.received), 0) AS pieces,
        coalesce(sum(q.restocked), 0) AS restocked
    FROM "order" o LEFT JOIN except_order t ON t.order_id = o.id AND {_SETTLED}
    LEFT JOIN return_quantity q ON q.ticket_id = t.id GROUP BY o.id
"""
_BROKEN = {
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
}


def broken(sql: Callable[..., Any]) -> dict[str, list[tuple]]:
    """The rules that do not hold, with the rows that break them."""
    found = {rule: sql(query) for rule, query in _BROKEN.items()}
    return {rule: rows for rule, rows in found.items() if rows}
