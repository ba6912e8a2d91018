"""Accounts of merchants, customers and admins: making, reading and changing them; what only staff do is in `staff.py`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import psycopg2.errors
from sqlalchemy import Text, bindparam, cast, insert, select

from app.db.caller import ACCOUNTS
from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_of, name_key
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText
from app.db.work import ADMIN, CUSTOMER, MERCHANT, Work
from app.errors import AppError, NameTaken, StorenameTaken
from app.models.user import NORMAL
from app.security import DELETED
from app.services.accounts import by_phone
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page

SECRET = ("password_hash", "auth_token")
_TAKEN: dict[str | None, type[AppError]] = dict.fromkeys(("uq_user_storename", "uq_user_storename_key"), StorenameTaken)
_COLUMNS = {
    MERCHANT: ("name", "storename", "password_hash"),
    CUSTOMER: ("name", "email_address", "tel_phone", "password_hash"),
    ADMIN: ("name", "password_hash"),
}


def create(work: Work, kind: str, **values: object) -> JsonText:
    """A new account with a name that looks like no other, as JSON; raises NameTaken, StorenameTaken."""
    with _names_unique():
        row = work.one(_create(kind), **values)
    audit.note(work, "register", ACCOUNTS[kind].name, row.id, business_id=business_of(kind, row.id))
    return str(row.body)


def get(work: Work, kind: str, account_id: int) -> JsonText:
    """One account as JSON, without its secrets; raises NotFound."""
    return work.body(_one(kind), account_id=account_id)


def me(work: Work) -> JsonText:
    """The account of the work's actor, as JSON."""
    return get(work, work.actor.kind, own_id(work))


def page(work: Work, kind: str, filters: Mapping[str, object], page: Page) -> JsonText:
    """Accounts of one kind, newest first, as JSON.

    `name` filters by a part of the name, `status` by state, `phone` by the phone of a buyer (see `by_phone.py`).
    """
    return _listing(kind).page(work, page, filters)


def change(work: Work, kind: str, account_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns; the account as JSON. Raises NameTaken, StorenameTaken, NotFound."""
    if values:
        with _names_unique():
            _change(kind).make(work, values, account_id=account_id)
        business = business_of(kind, account_id)
        audit.note(work, "change", ACCOUNTS[kind].name, account_id, business_id=business, details=values)
    return get(work, kind, account_id)


def change_me(work: Work, values: Mapping[str, object]) -> JsonText:
    """Change the named columns of the actor's own account, as JSON; raises NameTaken, StorenameTaken."""
    return change(work, work.actor.kind, own_id(work), values)


def set_password(work: Work, kind: str, account_id: int, password_hash: str) -> None:
    """Set a new password, and end the live session. Raises NotFound."""
    _change(kind).make(work, {"password_hash": password_hash, "auth_token": None}, account_id=account_id)
    note_password(work, kind, account_id)


def note_password(work: Work, kind: str, account_id: int) -> None:
    """Record that the account has a new password."""
    audit.note(work, "password", ACCOUNTS[kind].name, account_id, business_id=business_of(kind, account_id))


def id_by_name(work: Work, kind: str, name: str) -> int | None:
    """The id of the account with this name or one that looks the same, or None."""
    row = work.one(_by_name(kind), name=name)
    return None if row is None else int(row.id)


def business_of(kind: str, account_id: int) -> int | None:
    """The merchant whom an event about an account is about, if it is one."""
    return account_id if kind == MERCHANT else None


@contextmanager
def _names_unique() -> Iterator[None]:
    """Raise NameTaken or StorenameTaken where the account would have a name that another has."""
    try:
        yield
    except psycopg2.errors.UniqueViolation as taken:
        raise _TAKEN.get(taken.diag.constraint_name, NameTaken) from None


def take_turns(work: Work) -> None:
    """Lock the merchant's own row, so that what a merchant may have so many of is counted and added by one at a time."""
    work.one(_LOCK_MERCHANT)


def own_id(work: Work) -> int:
    """The id of the account that acts."""
    assert work.actor.id is not None
    return work.actor.id


def _public(kind: str) -> list[Expression]:
    return [column for column in ACCOUNTS[kind].c if column.name not in SECRET]


@cache
def _create(kind: str) -> Statement:
    values = {name: bindparam(name) for name in _COLUMNS[kind]} | {"create_time": NOW, "update_time": NOW}
    row = insert(ACCOUNTS[kind]).values(**values, **({"status": NORMAL} if kind == MERCHANT else {}))
    created = row.returning(*_public(kind)).cte("created")
    return Statement(select(created.c.id, json_of(select(created)).label("body")).select_from(created))


@cache
def _one(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    return Statement(select(json_of(select(*_public(kind)).where(account.c.id == bindparam("account_id"))).label("body")))


@cache
def _listing(kind: str) -> Listing:
    account = ACCOUNTS[kind]
    filters = {"name": contains(account.c.name, "name")}
    if "status" in account.c:
        filters["status"] = account.c.status == bindparam("status")
    if kind == CUSTOMER:
        filters["phone"] = by_phone.HAS_PHONE
    return Listing(select(*_public(kind)), account.c.id, time=account.c.create_time, filters=filters)


@cache
def _change(kind: str) -> Change:
    account = ACCOUNTS[kind]
    is_there = account.c.password_hash != DELETED  # seen again after the lock: it may have been deleted meanwhile
    return Change(account, account.c.id == bindparam("account_id"), is_there, update_time=NOW)


def has_name(account: Columns) -> Condition:
    """Whether the account has the name that is given as `name`, or one that looks the same."""
    return name_key(account.c.name) == name_key(cast(bindparam("name"), Text))


@cache
def _by_name(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    return Statement(select(account.c.id).where(has_name(account)))


_OWN = ACCOUNTS[MERCHANT].c.id
_LOCK_MERCHANT = Statement(select(_OWN).where(_OWN == ACTOR_ID).with_for_update(key_share=True))
