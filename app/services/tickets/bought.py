"""What a merchant's ticket is about: what a row of a list tells of its order."""

from sqlalchemy import JSON, cast, func, literal, select

from app.db.types import Columns
from app.models import Customer, Order
from app.services.orders import receivers

ORDER = Order.__table__.alias("its_order")
CUSTOMER = Customer.__table__.alias("its_buyer")


def of_ticket(t: Columns) -> Columns:
    """The order's number, goods, receiver, what was paid in yuan, and the buyer, to be joined to each ticket.

    The offset keeps PostgreSQL from joining whole tables: it looks the order up by key, once for a ticket.
    """
    snapshot = cast(ORDER.c.sku_snapshot, JSON)
    columns = (
        ORDER.c.order_number,
        snapshot["product_name"].as_string().label("product_name"),
        snapshot["sku_name"].as_string().label("sku_name"),
        receivers.shown(ORDER).label("receiver"),
        ORDER.c.pay_count,
        func.json_build_object(literal("id"), CUSTOMER.c.id, literal("name"), CUSTOMER.c.name).label("buyer"),
    )
    of_order = ORDER.join(CUSTOMER, CUSTOMER.c.id == ORDER.c.customer_id)
    rows = select(*columns).select_from(of_order).where(ORDER.c.id == t.c.order_id).correlate(t)
    return rows.offset(0).lateral("bought")
