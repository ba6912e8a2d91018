"""Who a row is between, by name."""

from sqlalchemy import select

from app.db.types import Expression
from app.models import Customer, User

_STORE = User.__table__.alias("its_store")
_BUYER = Customer.__table__.alias("its_buyer")


def customer_name(customer_id: Expression) -> Expression:
    """The name of the buyer's account, looked up by its key."""
    buyer = select(_BUYER.c.name).where(_BUYER.c.id == customer_id)
    return buyer.correlate_except(_BUYER).scalar_subquery().label("customer_name")


def storename(business_id: Expression) -> Expression:
    """The name of the merchant's store, looked up by its key."""
    store = select(_STORE.c.storename).where(_STORE.c.id == business_id)
    return store.correlate_except(_STORE).scalar_subquery().label("storename")


def names(business_id: Expression, customer_id: Expression) -> list[Expression]:
    """`storename` and `customer_name`."""
    return [storename(business_id), customer_name(customer_id)]
