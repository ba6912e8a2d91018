"""Whose a row is: the condition that every statement over orders, tickets, goods and events begins with.

It fails closed: a kind of actor that a table does not name sees none of its rows, and moves none.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import false, select, true

from app.db.parameters import ACTOR_ID
from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, SYSTEM
from app.models import Order
from app.services.lifecycle.table import BY_TICKET, Row

Condition = Any  # SQLAlchemy 1.4 has one type for a condition, and another for a literal one
Owners = Mapping[str, Callable[[Row, Any], Condition]]  # by kind of actor: from the row and the caller's id

ORDER = Order.__table__


def _every_row(row: Row, caller: Any) -> Condition:
    return true()


def _of_merchant(row: Row, caller: Any) -> Condition:
    return row.c.business_id == caller


def _of_buyer(row: Row, caller: Any) -> Condition:
    return row.c.customer_id == caller


def _of_orders_buyer(row: Row, caller: Any) -> Condition:
    theirs = ORDER.alias("theirs")
    return select(theirs.c.id).where(theirs.c.id == row.c.order_id, theirs.c.customer_id == caller).exists()


# fmt: off
ORDERS: Owners = {
    MERCHANT: _of_merchant, CUSTOMER: _of_buyer,
    ADMIN: _every_row, PLATFORM: _every_row, SYSTEM: _every_row, BY_TICKET: _every_row,
}
TICKETS: Owners = {MERCHANT: _of_merchant, CUSTOMER: _of_orders_buyer, ADMIN: _every_row, SYSTEM: _every_row}
FIGURES: Owners = {MERCHANT: _of_merchant, ADMIN: _every_row}
EVENTS: Owners = {ADMIN: _every_row}
# fmt: on


def owned(owners: Owners, kind: str, row: Row, caller: Any = ACTOR_ID) -> Condition:
    """The condition that a row is for an actor of this kind, whose id is `caller`."""
    owns = owners.get(kind)
    return false() if owns is None else owns(row, caller)
