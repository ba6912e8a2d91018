"""What a merchant's ticket is about: the columns of its order that a row of a list needs, looked up by key."""

from sqlalchemy import JSON, cast, func, literal, select

from app.db.types import Columns, Expression
from app.models import Customer, Order
from app.services.orders import receivers

ORDER = Order.__table__.alias("its_order")
CUSTOMER = Customer.__table__.alias("its_buyer")


def shown(t: Columns) -> list[Expression]:
    """The order's number, goods, receiver, what was paid in yuan, and the buyer."""
    snapshot = cast(ORDER.c.sku_snapshot, JSON)
    columns = {
        "order_number": ORDER.c.order_number,
        "product_name": snapshot["product_name"].as_string(),
        "sku_name": snapshot["sku_name"].as_string(),
        "receiver": receivers.shown(ORDER),
        "pay_count": ORDER.c.pay_count,
    }
    buyer = func.json_build_object(literal("id"), CUSTOMER.c.id, literal("name"), CUSTOMER.c.name)
    of_order = ORDER.join(CUSTOMER, CUSTOMER.c.id == ORDER.c.customer_id)
    buyers = select(buyer).select_from(of_order).where(ORDER.c.id == t.c.order_id).correlate(t).scalar_subquery()
    return [*(_of_order(t, column).label(name) for name, column in columns.items()), buyers.label("buyer")]


def _of_order(t: Columns, column: Expression) -> Expression:
    return select(column).where(ORDER.c.id == t.c.order_id).correlate(t).scalar_subquery()
