"""The ticket's life: its steps, its table of moves, and what each audience sees of a ticket."""

from sqlalchemy import Float, String, and_, bindparam, case, cast, func, literal, literal_column, null, or_, select

from app.db.parameters import NOW
from app.db.types import Columns, Condition, Expression
from app.db.work import ADMIN, CUSTOMER, MERCHANT, SYSTEM
from app.errors import (
    ReasonMissing,
    RefundAboveAgreed,
    RefundTooLarge,
    RefundZero,
    TicketApplied,
    TicketAwaitingReceipt,
    TicketAwaitingReturn,
    TicketLapsed,
    TicketOffered,
    TicketRefunded,
    TicketRefused,
    TicketWithdrawn,
)
from app.models import (
    Event,
    ExceptOrder,
    Order,
    RefundOffer,
    ReturnAddress,
    ReturnParcel,
    ReturnQuantity,
    TicketReturnAddress,
)
from app.models import except_order as stored
from app.services import ownership
from app.services.lifecycle.deadlines import Deadline, deadline_at
from app.services.lifecycle.engine import Lifecycle
from app.services.lifecycle.table import BY_AGREEING, Guard, Move, State
from app.services.lifecycle.times import in_order
from app.services.refunds import states as refunds
from app.services.tickets import evidence, given_back
from app.services.tickets.given_back import is_settled

TICKET = ExceptOrder.__table__
ORDER = Order.__table__
PARCEL = ReturnParcel.__table__
QUANTITY = ReturnQuantity.__table__
OFFER = RefundOffer.__table__
OFFERED_COLUMNS = ("back_cost", "remark", "time")
COUNTED_COLUMNS = ("asked", "sent", "received", "restocked")
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


def _never_came(t: Columns) -> Condition:
    return and_(~_open(t), _goods_expected(t), t.c.recv_time.is_(None))


def _offered(t: Columns) -> Condition:
    return and_(_open(t), of_offer(t, "back_cost").isnot(None))


def _applied(t: Columns) -> Condition:
    return and_(_open(t), of_offer(t, "back_cost").is_(None))


def _with_what_belongs_to_it() -> Columns:
    offer = (OFFER.c[name].label(f"offer_{name}") for name in OFFERED_COLUMNS)
    pieces = (QUANTITY.c[name].label(f"pieces_{name}") for name in COUNTED_COLUMNS)
    rows = TICKET.outerjoin(OFFER, OFFER.c.ticket_id == TICKET.c.id).outerjoin(QUANTITY, QUANTITY.c.ticket_id == TICKET.c.id)
    return select(*TICKET.c, *offer, *pieces).select_from(rows).subquery("ticket")


def _beside(t: Columns, table: Columns, prefix: str, column: str) -> Expression:
    """A column of a table beside the ticket's: as it was joined, or looked up for a row that comes alone."""
    if f"{prefix}_{column}" in t.c:
        return t.c[f"{prefix}_{column}"]
    return select(table.c[column]).where(table.c.ticket_id == t.c.id).correlate(t).scalar_subquery()


def of_offer(t: Columns, column: str) -> Expression:
    return _beside(t, OFFER, "offer", column)


def _object(t: Columns, table: Columns, prefix: str, columns: tuple[str, ...]) -> Expression:
    """The columns as a JSON object; null if the ticket has no such row."""
    parts = [(literal(name), _beside(t, table, prefix, name)) for name in columns]
    return case((parts[0][1].isnot(None), func.json_build_object(*(part for pair in parts for part in pair))), else_=null())


# fmt: off
OFFERED          = State("offered",          stored.APPLIED, _offered,            TicketOffered)
APPLIED          = State("applied",          stored.APPLIED, _applied,            TicketApplied)
AWAITING_RETURN  = State("awaiting_return",  stored.AGREED,  _awaiting_return,    TicketAwaitingReturn)
AWAITING_RECEIPT = State("awaiting_receipt", stored.AGREED,  _awaiting_receipt,   TicketAwaitingReceipt)
SETTLED          = State("refunded",         stored.AGREED,  is_settled,          TicketRefunded)
REFUSED          = State("refused",          stored.REFUSED, lambda t: ~_open(t), TicketRefused)
WITHDRAWN        = State("withdrawn",        stored.APPLIED, lambda t: ~_open(t), TicketWithdrawn)
LAPSED           = State("lapsed",           stored.AGREED,  _never_came,         TicketLapsed)
# fmt: on
STEPS = (OFFERED, APPLIED, AWAITING_RETURN, AWAITING_RECEIPT, SETTLED, REFUSED, WITHDRAWN, LAPSED)
# Whom a ticket waits for, by its steps that are open.
WAITING_FOR = {MERCHANT: (APPLIED, AWAITING_RECEIPT), CUSTOMER: (OFFERED, AWAITING_RETURN)}
# Whether an offer was made or not: nothing is agreed yet.
# fmt: off
UNDECIDED        = State("applied", stored.APPLIED, _open,                                         TicketApplied)
APPLIED_REFUND   = State("applied", stored.APPLIED, lambda t: and_(_applied(t), _refund_only(t)),    TicketApplied)
APPLIED_RETURN   = State("applied", stored.APPLIED, lambda t: and_(_applied(t), _goods_expected(t)), TicketApplied)
UNDECIDED_REFUND = State("applied", stored.APPLIED, lambda t: and_(_open(t), _refund_only(t)),       TicketApplied)
UNDECIDED_RETURN = State("applied", stored.APPLIED, lambda t: and_(_open(t), _goods_expected(t)),    TicketApplied)
OFFERED_REFUND   = State("offered", stored.APPLIED, lambda t: and_(_offered(t), _refund_only(t)),    TicketOffered)
OFFERED_RETURN   = State("offered", stored.APPLIED, lambda t: and_(_offered(t), _goods_expected(t)), TicketOffered)
# fmt: on


def agreed_at(t: Columns) -> Expression:
    """When it was agreed to, which only the event says; now, while the statement that writes the event still runs."""
    is_agreed = or_(EVENT.c.verb == "agree", EVENT.c.verb == "accept")
    agreed = and_(EVENT.c.order_id == t.c.order_id, EVENT.c.subject == TICKET.name, is_agreed)
    seen = select(func.max(EVENT.c.time)).where(agreed, EVENT.c.subject_id == t.c.id).scalar_subquery()
    return func.coalesce(seen, NOW)


# fmt: off
ANSWER       = Deadline("answer",         APPLIED,          lambda t: t.c.create_time, reported=True)
CONSENT      = Deadline("consent",        OFFERED,          lambda t: of_offer(t, "time"))
RETURN       = Deadline("return_goods",   AWAITING_RETURN,  agreed_at)
CONFIRMATION = Deadline("return_receive", AWAITING_RECEIPT, lambda t: t.c.deliver_time, reported=True)
# fmt: on
DEADLINES = (CONSENT, ANSWER, RETURN, CONFIRMATION)


def can_come_back(t: Columns) -> Condition:
    """Whether there is an address for the goods, where they are to come back."""
    return or_(_refund_only(t), select(ADDRESS.c.business_id).where(ADDRESS.c.business_id == t.c.business_id).exists())


def given(t: Columns) -> Expression:
    """The refund that the caller names, else the one that was asked for or agreed."""
    return func.coalesce(cast(bindparam("back_cost"), Float), t.c.back_cost)


def at_most_what_is_left(t: Columns) -> Condition:
    paid = select(given_back.cents(ORDER.c.pay_count)).where(ORDER.c.id == t.c.order_id).scalar_subquery()
    return given_back.cents(given(t)) <= paid - given_back.money(t.c.order_id)


def something_if_paid(t: Columns) -> Condition:
    free = select(ORDER.c.pay_count == 0).where(ORDER.c.id == t.c.order_id).scalar_subquery()
    return or_(given(t) > 0, free)


def at_most_what_was_agreed(t: Columns) -> Condition:
    return given_back.cents(given(t)) <= given_back.cents(t.c.back_cost)


def less_only_with_a_reason(t: Columns) -> Condition:
    return or_(given_back.cents(given(t)) >= given_back.cents(t.c.back_cost), cast(bindparam("remark"), String).isnot(None))


def agreeing(t: Columns) -> dict[str, Expression]:
    return {"back_cost": given(t), "remark": func.coalesce(cast(bindparam("remark"), String), t.c.remark)}


def accepting(t: Columns) -> dict[str, Expression]:
    return {name: of_offer(t, name) for name in ("back_cost", "remark")}


def accepting_refund(t: Columns) -> dict[str, Expression]:
    return {**closing(t), **accepting(t)}


def settling(t: Columns) -> dict[str, Expression]:
    return {**closing(t), **agreeing(t)}


def refusing(t: Columns) -> dict[str, Expression]:
    return {**closing(t), "remark": bindparam("remark")}


def closing(t: Columns) -> dict[str, Expression]:
    return {"close_time": in_order(t.c.create_time, t.c.deliver_time)}


def with_parcel(t: Columns) -> dict[str, Expression]:
    return {name: bindparam(name) for name in ("logistics_id", "logistics_order_id")}


def sending_back(t: Columns) -> dict[str, Expression]:
    return {"deliver_time": in_order(t.c.create_time), **with_parcel(t)}


def receiving(t: Columns) -> dict[str, Expression]:
    return {"recv_time": in_order(t.c.create_time, t.c.deliver_time), **settling(t)}


def offer(t: Columns) -> Expression:
    columns = ((literal(name), of_offer(t, name)) for name in ("back_cost", "remark"))
    return func.jsonb_build_object("asked", t.c.back_cost, *(part for pair in columns for part in pair))


def decision(t: Columns) -> Expression:
    return func.jsonb_build_object("except_type", t.c.except_type, "back_cost", t.c.back_cost, "remark", t.c.remark)


def parcel(t: Columns) -> Expression:
    return func.jsonb_build_object("logistics_id", t.c.logistics_id, "logistics_order_id", t.c.logistics_order_id)


LEFT = Guard(at_most_what_is_left, RefundTooLarge, of_input=True)
AGREED = Guard(at_most_what_was_agreed, RefundAboveAgreed, of_input=True)
REASON = Guard(less_only_with_a_reason, ReasonMissing, of_input=True)
SOMETHING = Guard(something_if_paid, RefundZero, of_input=True)
PAID, WORN = (LEFT, SOMETHING), (LEFT, SOMETHING, AGREED, REASON)
JUDGES = (MERCHANT, ADMIN)

# fmt: off
MOVES = (
    #    verb        from              to                who                        guards writes            notes
    Move("apply",    None,             APPLIED,          (CUSTOMER,)),
    Move("cancel",   None,             SETTLED,          (MERCHANT,)),
    Move("agree",    UNDECIDED_REFUND, SETTLED,          JUDGES,                    PAID,  settling,         decision),
    Move("agree",    UNDECIDED_RETURN, AWAITING_RETURN,  JUDGES,                    PAID,  agreeing,         decision),
    Move("agree",    APPLIED_REFUND,   SETTLED,          (SYSTEM,),                 PAID,  settling,         decision),
    Move("agree",    APPLIED_RETURN,   AWAITING_RETURN,  (SYSTEM,),                 PAID,  agreeing,         decision),
    Move("offer",    UNDECIDED,        OFFERED,          (BY_AGREEING,),            (),    lambda t: {},     offer),
    Move("accept",   OFFERED_REFUND,   SETTLED,          (CUSTOMER,),               (),    accepting_refund, decision),
    Move("accept",   OFFERED_RETURN,   AWAITING_RETURN,  (CUSTOMER,),               (),    accepting,        decision),
    Move("refuse",   APPLIED,          REFUSED,          (MERCHANT,),               (),    refusing,         decision),
    Move("refuse",   UNDECIDED,        REFUSED,          (ADMIN,),                  (),    refusing,         decision),
    Move("refuse",   AWAITING_RECEIPT, REFUSED,          JUDGES,                    (),    refusing,         decision),
    Move("return",   AWAITING_RETURN,  AWAITING_RECEIPT, (CUSTOMER,),               (),    sending_back,     parcel),
    Move("return",   AWAITING_RECEIPT, AWAITING_RECEIPT, (CUSTOMER,),               (),    with_parcel,      parcel),
    Move("receive",  AWAITING_RECEIPT, SETTLED,          (*JUDGES, SYSTEM),         WORN,  receiving,        decision),
    Move("withdraw", UNDECIDED,        WITHDRAWN,        (CUSTOMER,),               (),    closing),
    Move("withdraw", AWAITING_RETURN,  WITHDRAWN,        (CUSTOMER,),               (),    closing),
    Move("lapse",    OFFERED,          WITHDRAWN,        (SYSTEM,),                 (),    closing),
    Move("lapse",    AWAITING_RETURN,  LAPSED,           (SYSTEM,),                 (),    closing),
)
# fmt: on


def step_of(t: Columns) -> Expression:
    return case(*((step.holds(t), literal(step.name)) for step in STEPS), else_=null())


def in_short(ticket_id: Expression) -> Expression:
    """The ticket of this id as JSON with its step and its refund; null if there is none."""
    t = TICKET.alias("in_force")
    parts = (literal("id"), t.c.id, literal("step"), step_of(t), literal("back_cost"), t.c.back_cost)
    short = select(func.json_build_object(*parts)).where(t.c.id == ticket_id).correlate_except(t)
    return case((ticket_id.isnot(None), short.scalar_subquery()), else_=null())


def ticket_columns(t: Columns) -> list[Expression]:
    p = select(PARCEL).where(PARCEL.c.id == t.c.logistics_order_id).correlate(t).subquery("p")
    return_parcel = select(func.row_to_json(literal_column("p"))).select_from(p).scalar_subquery()
    parts = (KEPT_ADDRESS.c.name, KEPT_ADDRESS.c.phone, KEPT_ADDRESS.c.address)
    a = select(*parts).where(KEPT_ADDRESS.c.ticket_id == t.c.id).correlate(t).subquery("a")
    return_address = select(func.row_to_json(literal_column("a"))).select_from(a).scalar_subquery()
    return [
        *(t.c[column.name] for column in TICKET.c),
        step_of(t).label("step"),
        deadline_at(DEADLINES, t).label("deadline_at"),
        return_parcel.label("return_parcel"),
        return_address.label("return_address"),
        evidence.shown(t).label("evidence"),
        refunds.of_ticket(t, SETTLED.holds(t)).label("refund"),
        _object(t, QUANTITY, "pieces", COUNTED_COLUMNS).label("pieces"),
        _object(t, OFFER, "offer", OFFERED_COLUMNS).label("offer"),
    ]


LIFECYCLE = Lifecycle(
    TICKET,
    MOVES,
    states=STEPS,
    deadlines=DEADLINES,
    owners=ownership.TICKETS,
    subject=lambda t: {"business_id": t.c.business_id, "order_id": t.c.order_id},
    columns=ticket_columns,
)
# Tickets for reading: what belongs to a ticket is joined once, instead of being looked up by each of its columns.
JOINED = _with_what_belongs_to_it()
