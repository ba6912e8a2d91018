"""Which rows belong to whom: the first condition of every statement over orders, tickets, goods and events.

It fails closed: a kind of actor that a table does not list sees and moves none of its rows.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import false, select, true

from app.db.parameters import ACTOR_ID
from app.db.types import Columns, Condition, Expression
from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, SYSTEM
from app.models import Order
from app.services.lifecycle.table import BY_AGREEING, BY_TICKET

# For each kind of actor, a condition on the row and the caller's id.
Owners = Mapping[str, Callable[[Columns, Expression], Condition]]

ORDER = Order.__table__


def _every_row(row: Columns, caller: Expression) -> Condition:
    return true()


def _of_merchant(row: Columns, caller: Expression) -> Condition:
    return row.c.business_id == caller


def _of_buyer(row: Columns, caller: Expression) -> Condition:
    return row.c.customer_id == caller


def _of_orders_buyer(row: Columns, caller: Expression) -> Condition:
    theirs = ORDER.alias("theirs")
    return select(theirs.c.id).where(theirs.c.id == row.c.order_id, theirs.c.customer_id == caller).exists()


def _of_platform(row: Columns, caller: Expression) -> Condition:
    return row.c.business_id.is_(None)


# fmt: off
ORDERS: Owners = {
    MERCHANT: _of_merchant, CUSTOMER: _of_buyer,
    ADMIN: _every_row, PLATFORM: _every_row, SYSTEM: _every_row, BY_TICKET: _every_row,
}
TICKETS: Owners = {
    MERCHANT: _of_merchant, CUSTOMER: _of_orders_buyer,
    ADMIN: _every_row, SYSTEM: _every_row, BY_AGREEING: _every_row,
}
FIGURES: Owners = {MERCHANT: _of_merchant, ADMIN: _every_row}
GOODS: Owners = {ADMIN: _every_row}
EVENTS: Owners = {ADMIN: _every_row}
REFUNDS: Owners = {PLATFORM: _every_row, ADMIN: _every_row}
WEBHOOKS: Owners = {MERCHANT: _of_merchant, PLATFORM: _of_platform}
# fmt: on


def owned(owners: Owners, kind: str, row: Columns, caller: Expression = ACTOR_ID) -> Condition:
    """Whether the row may be seen and moved by an actor of this kind, whose id is `caller`."""
    owns = owners.get(kind)
    return false() if owns is None else owns(row, caller)
