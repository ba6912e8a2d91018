"""Deleting a buyer's account (个人信息保护法, article 47): the orders stay, and nothing in them says any more whose they were.

An order that comes in for a deleted account, paid before it was deleted, is carried out like any other. The worker erases
its receiver once it has ended.
"""

from sqlalchemy import Text, and_, bindparam, cast, delete, func, insert, literal, not_, null, or_, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.config import DAY
from app.db.caller import ACCOUNTS
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import CUSTOMER, Work
from app.errors import AccountInUse, WrongConfirmation
from app.models import (
    CustomerFile,
    DeletedCustomer,
    Event,
    Evidence,
    ExceptOrder,
    IdempotencyKey,
    Order,
    OrderNote,
    OrderReceiver,
    OrderSearch,
)
from app.models.order import REFUNDING, SHIPPED, TO_SHIP
from app.security import DELETED
from app.services.accounts import accounts, logins, tries
from app.services.events import audit

ACCOUNT = ACCOUNTS[CUSTOMER]
ORDER = Order.__table__
TICKET = ExceptOrder.__table__
SEARCH = OrderSearch.__table__
RECEIVER = OrderReceiver.__table__
NOTE = OrderNote.__table__
EVENT = Event.__table__
FILE = CustomerFile.__table__
EVIDENCE = Evidence.__table__
KEY = IdempotencyKey.__table__
GONE = DeletedCustomer.__table__

ERASED = "已注销"
NAMED = 5  # open orders that a refusal names
PERSONAL = ("receiver", "receiver_name", "receiver_phone", "receiver_address", "former_receiver")  # in details of events
LATE = 30 * DAY  # an order that comes in later was placed at most this long before the account was deleted
WATCHED = 365 * DAY  # how long after it the worker looks for such orders
CHUNK = 100


def delete_me(work: Work, candidate: logins.Candidate) -> None:
    """The password was right: delete the actor's account, and end its session.

    Raises WrongConfirmation when the password was changed after it was checked, and AccountInUse while an order or ticket
    is open.
    """
    customer_id = accounts.own_id(work)
    if work.one(_LOCK, customer_id=customer_id, verified=candidate.password_hash) is None:
        raise WrongConfirmation(field="password")
    work.all(_LOCK_ORDERS, customer_id=customer_id)
    found = work.one(_OPEN, customer_id=customer_id)  # after the locks: what was asked for or placed meanwhile counts
    if found.orders:
        raise AccountInUse(orders=found.orders, tickets=found.tickets, numbers=found.numbers)
    _erase_orders(work, customer_id)
    work.do(_ERASE_OWN_EVENTS, customer_id=customer_id)
    work.do(_FORGET_KEYS, scope=f"{CUSTOMER}:{customer_id}")
    work.do(_REMOVE_FILES, customer_id=customer_id)
    tries.forget(work, logins.tried(CUSTOMER, customer_id))
    work.do(_ERASE, customer_id=customer_id)
    work.do(_REMEMBER, customer_id=customer_id)
    audit.note(work, "remove", "customer", customer_id)


def erase_late(work: Work) -> int:
    """Erase the receivers of orders that ended after their buyer's account was deleted; of how many buyers."""
    found = work.all(_LATE, deleted_after=work.now - WATCHED, chunk=CHUNK)
    for row in found:
        work.all(_LOCK_ORDERS, customer_id=row.customer_id)
        _erase_orders(work, row.customer_id)
    return len(found)


def _erase_orders(work: Work, customer_id: int) -> None:
    """Erase the receivers of the buyer's orders that have ended, which are locked."""
    work.one(_ALLOW_ERASING)
    for statement in (
        _ERASE_EVENTS,
        _ERASE_SEARCH,
        _ERASE_NOTES,
        _ERASE_WHOLE,
        _ERASE_RECEIVERS,
    ):  # the last makes the others find nothing
        work.do(statement, customer_id=customer_id)


_ID = bindparam("customer_id")
_UNDER_WAY = or_(*(ORDER.c.status == status for status in (TO_SHIP, SHIPPED, REFUNDING)))
_TO_ERASE = and_(not_(_UNDER_WAY), ORDER.c.receiver_address != ERASED)
_THEIRS = ORDER.c.customer_id == _ID
_ENDED = (_THEIRS, _TO_ERASE)
_THIS = ACCOUNT.c.id == _ID


def _find_open() -> Statement:
    rows = (
        select(ORDER.c.order_number, TICKET.c.id.label("ticket_id"))
        .outerjoin(TICKET, (TICKET.c.order_id == ORDER.c.id) & TICKET.c.close_time.is_(None))
        .where(_THEIRS, or_(_UNDER_WAY, TICKET.c.id.isnot(None)))
        .order_by(ORDER.c.create_time.desc())
        .cte("under_way")
    )
    named = select(rows.c.order_number).limit(NAMED).subquery("named")
    numbers = select(func.string_agg(named.c.order_number, ", ")).scalar_subquery()
    tickets = func.count(rows.c.ticket_id)
    columns = (func.count().label("orders"), tickets.label("tickets"), numbers.label("numbers"))
    return Statement(select(*columns).select_from(rows))


def _erase_events() -> Statement:
    keys = cast(array(list(PERSONAL)), ARRAY(Text))
    of_orders = EVENT.c.order_id.in_(select(ORDER.c.id).where(*_ENDED))
    erased = update(EVENT).where(of_orders, EVENT.c.details.has_any(keys)).values(details=EVENT.c.details.op("-")(keys))
    return Statement(erased)


def _erase_search() -> Statement:
    """What an order is found by, made anew; a trigger has made the first."""
    parts = (ORDER.c.business_id, literal(ERASED), literal(ERASED), ORDER.c.order_number)
    grams = func.order_grams(*parts)
    return Statement(update(SEARCH).where(SEARCH.c.order_id == ORDER.c.id, *_ENDED).values(grams=grams))


def _erase() -> Statement:
    empty = dict.fromkeys(("email_address", "tel_phone", "auth_token", "last_login"), null())
    name = func.concat(f"{ERASED}-", func.gen_random_uuid())  # free for nobody to take, so that no other account is in its way
    return Statement(update(ACCOUNT).where(_THIS).values(name=name, password_hash=DELETED, update_time=NOW, **empty))


def _late() -> Statement:
    since = ORDER.c.create_time > GONE.c.create_time - LATE
    late = select(ORDER.c.id).where(ORDER.c.customer_id == GONE.c.customer_id, since, _TO_ERASE).exists()
    recent = GONE.c.create_time > bindparam("deleted_after")
    return Statement(select(GONE.c.customer_id).where(recent, late).limit(bindparam("chunk")))


_LOCK = Statement(select(ACCOUNT.c.id).where(_THIS, ACCOUNT.c.password_hash == bindparam("verified")).with_for_update())
_LOCK_ORDERS = Statement(select(ORDER.c.id).where(_THEIRS).order_by(ORDER.c.id).with_for_update())
_OPEN = _find_open()
_ALLOW_ERASING = Statement(select(func.set_config("meta_be.erasing", "on", true())))
_ERASE_EVENTS = _erase_events()
_ERASE_SEARCH = _erase_search()
_ERASE_RECEIVERS = Statement(
    update(ORDER).where(*_ENDED).values(receiver_name=ERASED, receiver_phone=ERASED, receiver_address=ERASED)
)
_ERASE_NOTES = Statement(update(NOTE).where(NOTE.c.order_id == ORDER.c.id, *_ENDED).values(note=null()))
_ERASE_WHOLE = Statement(delete(RECEIVER).where(RECEIVER.c.order_id == ORDER.c.id, *_ENDED))
_OWN_EVENTS = (EVENT.c.subject == "customer", EVENT.c.subject_id == _ID)
_ERASE_OWN_EVENTS = Statement(update(EVENT).where(*_OWN_EVENTS, EVENT.c.details.isnot(None)).values(details=null()))
_FORGET_KEYS = Statement(delete(KEY).where(KEY.c.scope == bindparam("scope")))
_SHOWN = select(EVIDENCE.c.name).where(EVIDENCE.c.customer_id == FILE.c.customer_id, EVIDENCE.c.name == FILE.c.name).exists()
_REMOVE_FILES = Statement(delete(FILE).where(FILE.c.customer_id == _ID, ~_SHOWN))
_ERASE = _erase()
_REMEMBER = Statement(insert(GONE).values(customer_id=_ID, create_time=NOW))
_LATE = _late()
