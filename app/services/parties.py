"""Who a row is between, by name: for staff, who see everybody's."""

from sqlalchemy import select

from app.db.types import Expression
from app.models import Customer, User

_STORE = User.__table__.alias("its_store")
_BUYER = Customer.__table__.alias("its_buyer")


def names(business_id: Expression, customer_id: Expression) -> list[Expression]:
    """`storename` and `customer_name`, each looked up by its key."""
    store = select(_STORE.c.storename).where(_STORE.c.id == business_id)
    buyer = select(_BUYER.c.name).where(_BUYER.c.id == customer_id)
    return [
        store.correlate_except(_STORE).scalar_subquery().label("storename"),
        buyer.correlate_except(_BUYER).scalar_subquery().label("customer_name"),
    ]
