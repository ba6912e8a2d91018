"""The order's life: its table of moves (spec.md, States), and what each audience sees of an order."""

from collections.abc import Callable

from sqlalchemy import JSON, Float, Integer, and_, bindparam, case, cast, func, literal, not_, null, or_, select

from app.config import HOUR
from app.db.parameters import NOW
from app.db.types import Columns, Condition, Expression
from app.db.work import CUSTOMER, MERCHANT, PLATFORM, SYSTEM
from app.errors import (
    AfterSaleOver,
    AlreadyExtended,
    AlreadyShipped,
    GoodsStillOwed,
    NothingStillOwed,
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
from app.services.lifecycle.times import in_order
from app.services.orders import clocks, receivers
from app.services.tickets import given_back

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


STATES = (
    TO_SHIP,
    SHIPPED,
    COMPLETED,
    REFUNDED,
    REFUND_REFUSED,
    REFUNDING_UNSHIPPED,
    REFUNDING_SHIPPED,
    REFUNDING_RECEIVED,
)


def is_under_way(o: Columns) -> Condition:
    """Whether the goods were shipped and not yet received, so that their tracking can be corrected."""
    return or_(SHIPPED.holds(o), REFUNDING_SHIPPED.holds(o))


# fmt: off
SHIPMENT   = Deadline("ship",         TO_SHIP,   lambda o: o.c.create_time,  later=clocks.later, reported=True)
RECEIPT    = Deadline("auto_receive", SHIPPED,   lambda o: o.c.deliver_time, later=clocks.later)
AFTER_SALE = Deadline("after_sale",   COMPLETED, lambda o: o.c.recv_time,    later=clocks.later)
# fmt: on
DEADLINES = (SHIPMENT, RECEIPT, AFTER_SALE)


def within_after_sale(o: Columns) -> Condition:
    return or_(o.c.recv_time.is_(None), ~AFTER_SALE.has_passed(o))


def all_is_back(o: Columns) -> Condition:
    money = given_back.money(o.c.id) >= given_back.cents(o.c.pay_count)
    return or_(money, given_back.pieces(o.c.id) >= o.c.num)


def rest_is_owed(o: Columns) -> Condition:
    return not_(all_is_back(o))


def with_carrier(o: Columns) -> dict[str, Expression]:
    address = func.coalesce(bindparam("deliver_address"), o.c.deliver_address)
    return {"deliver_address": address, **{name: bindparam(name) for name in TRACKING}}


def shipping(o: Columns) -> dict[str, Expression]:
    return {"deliver_time": in_order(o.c.create_time), **with_carrier(o)}


def unshipping(o: Columns) -> dict[str, Expression]:
    return dict.fromkeys(("deliver_time", "deliver_address", *TRACKING), null())


def receiving(o: Columns) -> dict[str, Expression]:
    received = in_order(o.c.create_time, o.c.deliver_time)
    return {"recv_time": received, "close_time": received}


def asking(o: Columns) -> dict[str, Expression]:
    return {"close_time": null(), "after_care_id": bindparam("after_care_id"), "back_reason": bindparam("back_reason")}


def closing(o: Columns) -> dict[str, Expression]:
    return {"close_time": in_order(o.c.create_time, o.c.deliver_time, o.c.recv_time)}


def cancelling(o: Columns) -> dict[str, Expression]:
    return {**closing(o), "after_care_id": bindparam("after_care_id"), "back_reason": bindparam("back_reason")}


def completing(o: Columns) -> dict[str, Expression]:
    return {"close_time": o.c.recv_time}


def going_back(o: Columns) -> dict[str, Expression]:
    """The ticket in force is then the one before, if it gave something back."""
    before = {"after_care_id": "id", "back_reason": "back_reason"}
    return {**completing(o), **{name: given_back.latest(o.c.id, column) for name, column in before.items()}}


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
# These two are about what the ticket brings, so they have no influence on which verbs are open.
ALL_BACK = (Guard(all_is_back, GoodsStillOwed, of_input=True),)
REST_OWED = (Guard(rest_is_owed, NothingStillOwed, of_input=True),)

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
    Move("except-orders", TO_SHIP,             REFUNDING_UNSHIPPED, (CUSTOMER,),        (),         asking),
    Move("except-orders", SHIPPED,             REFUNDING_SHIPPED,   (CUSTOMER,),        (),         asking),
    Move("except-orders", COMPLETED,           REFUNDING_RECEIVED,  (CUSTOMER,),        IN_TIME,    asking),
    Move("cancel",        TO_SHIP,             REFUNDED,            (MERCHANT,),        ALL_BACK,   cancelling),
    Move("refund",        REFUNDING_UNSHIPPED, REFUNDED,            (BY_TICKET,),       ALL_BACK,   closing),
    Move("refund",        REFUNDING_SHIPPED,   REFUNDED,            (BY_TICKET,),       ALL_BACK,   closing),
    Move("refund",        REFUNDING_RECEIVED,  REFUNDED,            (BY_TICKET,),       ALL_BACK,   closing),
    Move("refund_part",   REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,),       REST_OWED),
    Move("refund_part",   REFUNDING_SHIPPED,   SHIPPED,             (BY_TICKET,),       REST_OWED),
    Move("refund_part",   REFUNDING_RECEIVED,  COMPLETED,           (BY_TICKET,),       REST_OWED,  completing),
    Move("refuse",        REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,)),
    Move("refuse",        REFUNDING_SHIPPED,   REFUND_REFUSED,      (BY_TICKET,),       (),         closing),
    Move("refuse",        REFUNDING_RECEIVED,  REFUND_REFUSED,      (BY_TICKET,),       (),         closing),
    Move("withdraw",      REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,),       (),         going_back),
    Move("withdraw",      REFUNDING_SHIPPED,   SHIPPED,             (BY_TICKET,),       (),         going_back),
    Move("withdraw",      REFUNDING_RECEIVED,  COMPLETED,           (BY_TICKET,),       (),         going_back),
    Move("lapse",         REFUNDING_UNSHIPPED, TO_SHIP,             (BY_TICKET,),       (),         going_back),
    Move("lapse",         REFUNDING_SHIPPED,   SHIPPED,             (BY_TICKET,),       (),         going_back),
    Move("lapse",         REFUNDING_RECEIVED,  COMPLETED,           (BY_TICKET,),       (),         going_back),
)
# fmt: on


def order_columns(o: Columns) -> list[Expression]:
    own = [o.c[column.name] for column in ORDER.c]
    columns = [cast(c, JSON).label(c.name) if c.name == "sku_snapshot" else c for c in own]
    untouched = o.c.after_care_id.is_(None)  # as most are, so that no ticket needs to be looked for
    refunded = case((untouched, 0), else_=cast(given_back.money(o.c.id), Float) / 100)
    left = case((untouched, o.c.num), else_=o.c.num - given_back.pieces(o.c.id))
    return [
        *columns,
        receivers.shown(o).label("receiver"),
        updated_at(o).label("updated_at"),
        deadline_at(DEADLINES, o).label("deadline_at"),
        refunded.label("refunded"),
        left.label("pieces_left"),
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
    states=STATES,
    deadlines=DEADLINES,
    owners=ownership.ORDERS,
    subject=lambda o: {"business_id": o.c.business_id, "order_id": o.c.id},
    columns=order_columns,
)
