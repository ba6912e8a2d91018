"""How an event is shown: what happened to what (`order.ship`), with the columns of its subject that a receiver needs.

They are looked up by key when the event is read, so writing an event costs nothing more.
"""

from sqlalchemy import Float, Text, case, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db.types import Columns, Expression
from app.models import Event, ExceptOrder, Order

EVENT = Event.__table__
ORDER = Order.__table__.alias("its_order")
TICKET = ExceptOrder.__table__.alias("its_ticket")
REFUND = "refund"  # the subject of events of a refund payment, whose id is its ticket's
INTERNAL = "digest"  # of an event's details: recognises a purchase that comes again
COLUMNS = tuple(column.name for column in EVENT.c if column.name != "txid")


def type_of(event: Columns) -> Expression:
    """What happened to what, such as `order.ship`."""
    return func.concat(event.c.subject, ".", event.c.verb)


def shown(event: Columns) -> list[Expression]:
    """The columns of an event as it is shown, without txid.

    `status` is the one that the subject reached, or has now when the event changed none; `amount` is in yuan: what was paid for
    an order, a ticket's refund, a refund payment.
    """
    return [
        *(_details(event) if name == "details" else event.c[name] for name in COLUMNS),
        type_of(event).label("type"),
        _of_order(event, "order_number").label("order_number"),
        _status(event).label("status"),
        _amount(event).label("amount"),
    ]


def _details(event: Columns) -> Expression:
    return func.nullif(event.c.details.op("-")(literal(INTERNAL, Text)), cast(literal("{}"), JSONB)).label("details")


def _status(event: Columns) -> Expression:
    return case(
        (event.c.to_status.isnot(None), func.to_jsonb(event.c.to_status)),
        (event.c.subject == "order", func.to_jsonb(_of_order(event, "status"))),
        (event.c.subject == "except_order", func.to_jsonb(_of_ticket(event, "status"))),
        (event.c.subject == REFUND, func.to_jsonb(event.c.verb)),
        else_=null(),
    )


def _amount(event: Columns) -> Expression:
    return case(
        (event.c.subject == "order", _of_order(event, "pay_count")),
        (
            event.c.subject == "except_order",
            func.coalesce(cast(event.c.details["back_cost"].astext, Float), _of_ticket(event, "back_cost")),
        ),
        (event.c.subject == REFUND, cast(event.c.details["amount"].astext, Float)),
        else_=null(),
    )


def _of_order(event: Columns, name: str) -> Expression:
    return select(ORDER.c[name]).where(ORDER.c.id == event.c.order_id).correlate(event).scalar_subquery()


def _of_ticket(event: Columns, name: str) -> Expression:
    return select(TICKET.c[name]).where(TICKET.c.id == event.c.subject_id).correlate(event).scalar_subquery()
