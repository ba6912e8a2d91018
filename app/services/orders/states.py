"""The order's life: its table of moves (spec.md, States), and what each audience sees of an order."""

from collections.abc import Callable

from sqlalchemy import JSON, Integer, and_, bindparam, cast, func, literal, null, or_, select

from app.config import DAY, HOUR
from app.db.parameters import NOW
from app.db.types import Columns, Condition, Expression
from app.db.work import CUSTOMER, MERCHANT, PLATFORM, SYSTEM
from app.errors import (
    AfterSaleOver,
    AlreadyExtended,
    AlreadyShipped,
    NotShipped,
    OrderCompleted,
    OrderRefunded,
    OrderRefunding,
    RefundRefused,
    UnshipOver,
)
from app.models import Event, Order, OrderClock
from app.models import order as stored
from app.services import ownership
from app.services.lifecycle.deadlines import Deadline, deadline_at
from app.services.lifecycle.engine import Lifecycle
from app.services.lifecycle.table import BY_TICKET, Guard, Move, State
from app.services.orders import receivers

ORDER = Order.__table__
CLOCK = OrderClock.__table__
EVENT = Event.__table__
TRACKING = ("logistic_id", "logistic_name", "logistic_order_id")

# fmt: off
TO_SHIP        = State("to_ship",        stored.TO_SHIP,        refusal=NotShipped)
SHIPPED        = State("shipped",        stored.SHIPPED,        refusal=AlreadyShipped)
COMPLETED      = State("completed",      stored.COMPLETED,      refusal=OrderCompleted)
REFUNDED       = State("refunded",       stored.REFUNDED,       refusal=OrderRefunded)
REFUND_REFUSED = State("refund_refused", stored.REFUND_REFUSED, refusal=RefundRefused)
# fmt: on


def _refunding(name: str, where: Callable[[Columns], Condition]) -> State:
    """A refund in progress; the times of an order say where it was when its refund was requested."""
    return State(name, stored.REFUNDING, where, OrderRefunding)


REFUNDING_UNSHIPPED = _refunding("refunding_unshipped", lambda o: o.c.deliver_time.is_(None))
REFUNDING_SHIPPED = _refunding("refunding_shipped", lambda o: o.c.deliver_time.isnot(None) & o.c.recv_time.is_(None))
REFUNDING_RECEIVED = _refunding("refunding_received", lambda o: o.c.recv_time.isnot(None))


def is_under_way(o: Columns) -> Condition:
    """Whether the goods were shipped and not yet received, so that their tracking can be corrected."""
    return or_(SHIPPED.holds(o), REFUNDING_SHIPPED.holds(o))


def put_off(o: Columns) -> Expression:
    """Seconds by which the automatic receipt falls later: by the days that were granted, or for a number that came late."""
    late = func.greatest(func.coalesce(CLOCK.c.tracked_time, 0) - o.c.deliver_time, 0)
    by = select(CLOCK.c.extended_days * DAY + late).where(CLOCK.c.order_id == o.c.id).scalar_subquery()
    return func.coalesce(by, 0)


# fmt: off
SHIPMENT   = Deadline("ship",         TO_SHIP,   lambda o: o.c.create_time, reported=True)
RECEIPT    = Deadline("auto_receive", SHIPPED,   lambda o: o.c.deliver_time, later=put_off)
AFTER_SALE = Deadline("after_sale",   COMPLETED, lambda o: o.c.recv_time)
# fmt: on
DEADLINES = (SHIPMENT, RECEIPT, AFTER_SALE)


def within_after_sale(o: Columns) -> Condition:
    return or_(o.c.recv_time.is_(None), ~AFTER_SALE.has_passed(o))


def with_carrier(o: Columns) -> dict[str, Expression]:
    address = func.coalesce(bindparam("deliver_address"), o.c.deliver_address)
    return {"deliver_address": address, **{name: bindparam(name) for name in TRACKING}}


def shipping(o: Columns) -> dict[str, Expression]:
    return {"deliver_time": NOW, **with_carrier(o)}


def unshipping(o: Columns) -> dict[str, Expression]:
    return dict.fromkeys(("deliver_time", "deliver_address", *TRACKING), null())


def receiving(o: Columns) -> dict[str, Expression]:
    return {"recv_time": NOW, "close_time": NOW}


def asking(o: Columns) -> dict[str, Expression]:
    return {"close_time": null(), "after_care_id": bindparam("after_care_id"), "back_reason": bindparam("back_reason")}


def closing(o: Columns) -> dict[str, Expression]:
    return {"close_time": NOW}


def going_back(o: Columns) -> dict[str, Expression]:
    return {"close_time": o.c.recv_time, "after_care_id": null(), "back_reason": null()}


def tracking(o: Columns) -> Expression:
    return func.jsonb_build_object(*(part for name in TRACKING for part in (literal(name), o.c[name])))


def former(o: Columns) -> Expression:
    """What the order was shipped with last, which only the event says once it is unshipped."""
    shipped = and_(EVENT.c.order_id == o.c.id, EVENT.c.subject == ORDER.name, EVENT.c.verb == "ship")
    return select(EVENT.c.details).where(shipped).order_by(EVENT.c.id.desc()).limit(1).scalar_subquery()


def days(o: Columns) -> Expression:
    return func.jsonb_build_object("days", cast(bindparam("days"), Integer))


def just_shipped(o: Columns) -> Condition:
    return o.c.deliver_time >= NOW - HOUR


def not_extended(o: Columns) -> Condition:
    return ~select(CLOCK.c.order_id).where(CLOCK.c.order_id == o.c.id, CLOCK.c.extended_days > 0).exists()


IN_TIME = (Guard(within_after_sale, AfterSaleOver),)
AT_ONCE = (Guard(just_shipped, UnshipOver),)
ONCE = (Guard(not_extended, AlreadyExtended),)

# fmt: off
MOVES = (
    #    verb             from                 to                   who                 guards      writes        notes
    Move("place",         None,                TO_SHIP,             (PLATFORM,)),
    Move("ship",          TO_SHIP,             SHIPPED,             (MERCHANT,),        (),         shipping,     tracking),
    Move("ship",          SHIPPED,             SHIPPED,             (MERCHANT,),        (),         with_carrier, tracking),
    Move("ship",          REFUNDING_SHIPPED,   REFUNDING_SHIPPED,   (MERCHANT,),        (),         with_carrier, tracking),
    Move("unship",        SHIPPED,             TO_SHIP,             (MERCHANT,),        AT_ONCE,    unshipping,   former),
    Move("extend",        SHIPPED,             SHIPPED,             (MERCHANT,),        ONCE,       notes=days),
    Move("receive",       SHIPPED,             COMPLETED,           (CUSTOMER, SYSTEM), (),         receiving),
    Move("except-orders", TO_SHIP,             REFUNDING_UNSHIPPED, (CUSTOMER,),        IN_TIME,    asking),
    Move("except-orders", SHIPPED,             REFUNDING_SHIPPED,   (CUSTOMER,),        IN_TIME,    asking),
    Move("except-orders", COMPLETED,           REFUNDING_RECEIVED,  (CUSTOMER,),        IN_TIME,    asking),
    Move("refund",        REFUNDING_UNSHIPPED, REFUNDED,            (BY_TICKET,),       (),         closing),
    Move("refund",        REFUNDING_SHIPPED,   REFUNDED,            (BY_TICKET,),       (),         closing),
    Move("refund",        REFUNDING_RECEIVED,  REFUNDED,            (BY_TICKET,),       (),         closing),
    Move("refuse",        REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,)),
    Move("refuse",        REFUNDING_SHIPPED,   REFUND_REFUSED,      (BY_TICKET,),       (),         closing),
    Move("refuse",        REFUNDING_RECEIVED,  REFUND_REFUSED,      (BY_TICKET,),       (),         closing),
    Move("withdraw",      REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,),       (),         going_back),
    Move("withdraw",      REFUNDING_SHIPPED,   SHIPPED,             (BY_TICKET,),       (),         going_back),
    Move("withdraw",      REFUNDING_RECEIVED,  COMPLETED,           (BY_TICKET,),       (),         going_back),
    Move("lapse",         REFUNDING_SHIPPED,   SHIPPED,             (BY_TICKET,),       (),         going_back),
    Move("lapse",         REFUNDING_RECEIVED,  COMPLETED,           (BY_TICKET,),       (),         going_back),
)
# fmt: on


def order_columns(o: Columns) -> list[Expression]:
    own = [o.c[column.name] for column in ORDER.c]
    columns = [cast(c, JSON).label(c.name) if c.name == "sku_snapshot" else c for c in own]
    return [
        *columns,
        receivers.shown(o).label("receiver"),
        updated_at(o).label("updated_at"),
        deadline_at(DEADLINES, o).label("deadline_at"),
    ]


def updated_at(o: Columns) -> Expression:
    """When the order's last event happened; now, in the statement that writes the event."""
    if o is not ORDER:
        return cast(NOW, Integer)
    last = select(EVENT.c.time).where(EVENT.c.order_id == o.c.id).order_by(EVENT.c.id.desc()).limit(1)
    return func.coalesce(last.correlate(o).scalar_subquery(), o.c.create_time)


def took_stock(o: Columns) -> Condition:
    """Whether the order took its goods out of the stock; one for goods that were removed with their stock did not."""
    placed = (EVENT.c.order_id == o.c.id, EVENT.c.verb == "place", EVENT.c.details["stock_taken"].astext == "false")
    return ~select(EVENT.c.id).where(*placed).correlate(o).exists()


LIFECYCLE = Lifecycle(
    ORDER,
    MOVES,
    deadlines=DEADLINES,
    owners=ownership.ORDERS,
    subject=lambda o: {"business_id": o.c.business_id, "order_id": o.c.id},
    columns=order_columns,
)
