"""The ticket's life: its steps, its table of moves, and what each audience sees of a ticket."""

from sqlalchemy import and_, bindparam, case, func, literal, literal_column, null, or_, select

from app.db.parameters import NOW
from app.db.types import Columns, Condition, Expression
from app.db.work import CUSTOMER, MERCHANT, SYSTEM
from app.errors import (
    RefundTooLarge,
    RefundZero,
    TicketApplied,
    TicketAwaitingReceipt,
    TicketAwaitingReturn,
    TicketLapsed,
    TicketRefunded,
    TicketRefused,
    TicketWithdrawn,
)
from app.models import Event, ExceptOrder, Order, ReturnAddress, ReturnParcel, TicketReturnAddress
from app.models import except_order as stored
from app.services import ownership
from app.services.lifecycle.deadlines import Deadline, deadline_at
from app.services.lifecycle.engine import Lifecycle
from app.services.lifecycle.table import Guard, Move, State
from app.services.refunds import states as refunds
from app.services.tickets import evidence

TICKET = ExceptOrder.__table__
ORDER = Order.__table__
PARCEL = ReturnParcel.__table__
EVENT = Event.__table__
ADDRESS = ReturnAddress.__table__
KEPT_ADDRESS = TicketReturnAddress.__table__


def _open(t: Columns) -> Condition:
    return t.c.close_time.is_(None)


def _goods_expected(t: Columns) -> Condition:
    return t.c.except_type == stored.RETURN_AND_REFUND


def _refund_only(t: Columns) -> Condition:
    return t.c.except_type == stored.REFUND_ONLY


def _awaiting_return(t: Columns) -> Condition:
    return and_(_open(t), t.c.deliver_time.is_(None))


def _awaiting_receipt(t: Columns) -> Condition:
    return and_(_open(t), t.c.deliver_time.isnot(None))


def _settled(t: Columns) -> Condition:
    return and_(~_open(t), or_(_refund_only(t), t.c.recv_time.isnot(None)))


def _never_came(t: Columns) -> Condition:
    return and_(~_open(t), _goods_expected(t), t.c.recv_time.is_(None))


# fmt: off
APPLIED          = State("applied",          stored.APPLIED, _open,               TicketApplied)
AWAITING_RETURN  = State("awaiting_return",  stored.AGREED,  _awaiting_return,    TicketAwaitingReturn)
AWAITING_RECEIPT = State("awaiting_receipt", stored.AGREED,  _awaiting_receipt,   TicketAwaitingReceipt)
SETTLED          = State("refunded",         stored.AGREED,  _settled,            TicketRefunded)
REFUSED          = State("refused",          stored.REFUSED, lambda t: ~_open(t), TicketRefused)
WITHDRAWN        = State("withdrawn",        stored.APPLIED, lambda t: ~_open(t), TicketWithdrawn)
LAPSED           = State("lapsed",           stored.AGREED,  _never_came,         TicketLapsed)
# fmt: on
STEPS = (APPLIED, AWAITING_RETURN, AWAITING_RECEIPT, SETTLED, REFUSED, WITHDRAWN, LAPSED)
APPLIED_REFUND = State("applied", stored.APPLIED, lambda t: and_(_open(t), _refund_only(t)), TicketApplied)
APPLIED_RETURN = State("applied", stored.APPLIED, lambda t: and_(_open(t), _goods_expected(t)), TicketApplied)


def agreed_at(t: Columns) -> Expression:
    """When the merchant agreed, which only the event says; now, while the statement that writes the event still runs."""
    agreed = and_(EVENT.c.order_id == t.c.order_id, EVENT.c.subject == TICKET.name, EVENT.c.verb == "agree")
    seen = select(func.max(EVENT.c.time)).where(agreed, EVENT.c.subject_id == t.c.id).scalar_subquery()
    return func.coalesce(seen, NOW)


# fmt: off
ANSWER       = Deadline("answer",         APPLIED,          lambda t: t.c.create_time, reported=True)
RETURN       = Deadline("return_goods",   AWAITING_RETURN,  agreed_at)
CONFIRMATION = Deadline("return_receive", AWAITING_RECEIPT, lambda t: t.c.deliver_time, reported=True)
# fmt: on
DEADLINES = (ANSWER, RETURN, CONFIRMATION)


def can_come_back(t: Columns) -> Condition:
    """Whether there is an address for the goods, where they are to come back."""
    return or_(_refund_only(t), select(ADDRESS.c.business_id).where(ADDRESS.c.business_id == t.c.business_id).exists())


def at_most_what_was_paid(t: Columns) -> Condition:
    paid = select(ORDER.c.pay_count).where(ORDER.c.id == t.c.order_id).scalar_subquery()
    return func.coalesce(bindparam("back_cost"), t.c.back_cost) <= paid


def something_if_paid(t: Columns) -> Condition:
    free = select(ORDER.c.pay_count == 0).where(ORDER.c.id == t.c.order_id).scalar_subquery()
    return or_(func.coalesce(bindparam("back_cost"), t.c.back_cost) > 0, free)


def agreeing(t: Columns) -> dict[str, Expression]:
    return {
        "back_cost": func.coalesce(bindparam("back_cost"), t.c.back_cost),
        "remark": func.coalesce(bindparam("remark"), t.c.remark),
    }


def settling(t: Columns) -> dict[str, Expression]:
    return {"close_time": NOW, **agreeing(t)}


def refusing(t: Columns) -> dict[str, Expression]:
    return {"close_time": NOW, "remark": bindparam("remark")}


def closing(t: Columns) -> dict[str, Expression]:
    return {"close_time": NOW}


def with_parcel(t: Columns) -> dict[str, Expression]:
    return {name: bindparam(name) for name in ("logistics_id", "logistics_order_id")}


def sending_back(t: Columns) -> dict[str, Expression]:
    return {"deliver_time": NOW, **with_parcel(t)}


def receiving(t: Columns) -> dict[str, Expression]:
    return {"recv_time": NOW, "close_time": NOW}


def decision(t: Columns) -> Expression:
    return func.jsonb_build_object("except_type", t.c.except_type, "back_cost", t.c.back_cost, "remark", t.c.remark)


def parcel(t: Columns) -> Expression:
    return func.jsonb_build_object("logistics_id", t.c.logistics_id, "logistics_order_id", t.c.logistics_order_id)


PAID = (
    Guard(at_most_what_was_paid, RefundTooLarge, of_input=True),
    Guard(something_if_paid, RefundZero, of_input=True),
)

# fmt: off
MOVES = (
    #    verb        from              to                who                  guards writes        notes
    Move("apply",    None,             APPLIED,          (CUSTOMER,)),
    Move("agree",    APPLIED_REFUND,   SETTLED,          (MERCHANT, SYSTEM),  PAID,  settling,     decision),
    Move("agree",    APPLIED_RETURN,   AWAITING_RETURN,  (MERCHANT, SYSTEM),  PAID,  agreeing,     decision),
    Move("refuse",   APPLIED,          REFUSED,          (MERCHANT,),         (),    refusing,     decision),
    Move("return",   AWAITING_RETURN,  AWAITING_RECEIPT, (CUSTOMER,),         (),    sending_back, parcel),
    Move("return",   AWAITING_RECEIPT, AWAITING_RECEIPT, (CUSTOMER,),         (),    with_parcel,  parcel),
    Move("receive",  AWAITING_RECEIPT, SETTLED,          (MERCHANT,),         (),    receiving,    decision),
    Move("withdraw", APPLIED,          WITHDRAWN,        (CUSTOMER,),         (),    closing),
    Move("withdraw", AWAITING_RETURN,  WITHDRAWN,        (CUSTOMER,),         (),    closing),
    Move("lapse",    AWAITING_RETURN,  LAPSED,           (SYSTEM,),           (),    closing),
)
# fmt: on


def step_of(t: Columns) -> Expression:
    return case(*((step.holds(t), literal(step.name)) for step in STEPS), else_=null())


def ticket_columns(t: Columns) -> list[Expression]:
    p = select(PARCEL).where(PARCEL.c.id == t.c.logistics_order_id).correlate(t).subquery("p")
    return_parcel = select(func.row_to_json(literal_column("p"))).select_from(p).scalar_subquery()
    parts = (KEPT_ADDRESS.c.name, KEPT_ADDRESS.c.phone, KEPT_ADDRESS.c.address)
    a = select(*parts).where(KEPT_ADDRESS.c.ticket_id == t.c.id).correlate(t).subquery("a")
    return_address = select(func.row_to_json(literal_column("a"))).select_from(a).scalar_subquery()
    return [
        *t.c,
        step_of(t).label("step"),
        deadline_at(DEADLINES, t).label("deadline_at"),
        return_parcel.label("return_parcel"),
        return_address.label("return_address"),
        evidence.shown(t).label("evidence"),
        refunds.of_ticket(t, SETTLED.holds(t)).label("refund"),
    ]


LIFECYCLE = Lifecycle(
    TICKET,
    MOVES,
    deadlines=DEADLINES,
    owners=ownership.TICKETS,
    subject=lambda t: {"business_id": t.c.business_id, "order_id": t.c.order_id},
    columns=ticket_columns,
)
