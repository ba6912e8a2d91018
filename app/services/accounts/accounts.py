"""Accounts of merchants, customers and admins: making them, reading and changing them, shutting them out."""

from functools import cache, lru_cache
from typing import Any

import psycopg2.errors
from sqlalchemy import Text, bindparam, cast, delete, func, insert, literal_column, null, select, update

from app.db.caller import ACCOUNTS
from app.db.parameters import NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import ADMIN, CUSTOMER, MERCHANT, Work
from app.errors import AppError, LastAdmin, NameTaken, NotFound, StorenameTaken
from app.models.user import DISABLED, NORMAL
from app.services.events import audit
from app.services.paging import Page, answer, counted, page_statement

SECRET = ("password_hash", "auth_token")
_TAKEN: dict[str | None, type[AppError]] = {"uq_user_storename": StorenameTaken}
_COLUMNS = {
    MERCHANT: ("name", "storename", "password_hash"),
    CUSTOMER: ("name", "email_address", "tel_phone", "password_hash"),
    ADMIN: ("name", "password_hash"),
}


def create(work: Work, kind: str, **values: Any) -> str:
    """A new account with a name of its own, as JSON; raises NameTaken, StorenameTaken."""
    try:
        row = work.one(_create(kind), **values)
    except psycopg2.errors.UniqueViolation as taken:
        raise _TAKEN.get(taken.diag.constraint_name, NameTaken) from None
    audit.note(work, "register", ACCOUNTS[kind].name, row.id, business_id=row.id if kind == MERCHANT else None)
    return str(row.body)


def get(work: Work, kind: str, account_id: int) -> str:
    """One account as JSON, without its secrets; raises NotFound."""
    row = work.one(_one(kind), account_id=account_id)
    if row is None:
        raise NotFound
    return str(row.body)


def me(work: Work) -> str:
    """The account of the work's actor, as JSON."""
    return get(work, work.actor.kind, _own_id(work))


def change_me(work: Work, values: dict[str, Any]) -> str:
    """Change the named columns of the actor's own account, as JSON; raises NameTaken, StorenameTaken."""
    return change(work, work.actor.kind, _own_id(work), values)


def page(work: Work, kind: str, filters: dict[str, Any], page: Page) -> str:
    """Accounts of one kind, newest first, as JSON; `name` filters by a part of the name, `status` by state."""
    parameters = {**filters, **page.parameters()}
    statement = _list(work.actor.kind, kind, frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **parameters), page)


def change(work: Work, kind: str, account_id: int, values: dict[str, Any]) -> str:
    """Change the named columns; the account as JSON. Raises NameTaken, StorenameTaken, NotFound."""
    try:
        changed = work.do(_change(kind, frozenset(values)), account_id=account_id, **values) if values else 0
    except psycopg2.errors.UniqueViolation as taken:
        raise _TAKEN.get(taken.diag.constraint_name, NameTaken) from None
    if changed:
        audit.note(work, "change", ACCOUNTS[kind].name, account_id, business_id=_business(kind, account_id), details=values)
    return get(work, kind, account_id)


def set_password(work: Work, kind: str, account_id: int, password_hash: str) -> None:
    """Set a new password, and end the live session. Raises NotFound."""
    values = {"password_hash": password_hash, "auth_token": None}
    if not work.do(_change(kind, frozenset(values)), account_id=account_id, **values):
        raise NotFound
    _note_password(work, kind, account_id)


def replace_password(work: Work, verified: str | None, password_hash: str) -> bool:
    """Set the actor's own password if the stored hash is still the one that was verified; their session goes on."""
    kind, account_id = work.actor.kind, _own_id(work)
    if not work.do(_replace_password(kind), account_id=account_id, verified=verified, password_hash=password_hash):
        return False
    _note_password(work, kind, account_id)
    return True


def reset_password(work: Work, user_id: int, password_hash: str) -> str:
    """Set a merchant's password for them; ends their session; the merchant as JSON. Raises NotFound."""
    set_password(work, MERCHANT, user_id, password_hash)
    return get(work, MERCHANT, user_id)


def disable(work: Work, user_id: int) -> str:
    """Shut a merchant out at once; raises NotFound."""
    return _set_status(work, "disable", user_id, DISABLED)


def enable(work: Work, user_id: int) -> str:
    """Let a merchant in again, with a new login; raises NotFound."""
    return _set_status(work, "enable", user_id, NORMAL)


def remove_admin(work: Work, admin_id: int) -> None:
    """Delete an admin; raises NotFound, LastAdmin."""
    admins = {row.id for row in work.all(_LOCK_ADMINS)}
    if admin_id not in admins:
        raise NotFound
    if len(admins) == 1:
        raise LastAdmin
    work.do(_REMOVE_ADMIN, account_id=admin_id)
    audit.note(work, "remove", "admin", admin_id)


def id_by_name(work: Work, kind: str, name: str) -> int | None:
    """The id of the account of this name, if there is one."""
    row = work.one(_by_name(kind), name=name)
    return None if row is None else int(row.id)


def _set_status(work: Work, verb: str, user_id: int, status: int) -> str:
    row = work.one(_STATUS[status], account_id=user_id, status=status)
    if row is None:
        if work.one(_one(MERCHANT), account_id=user_id) is None:
            raise NotFound
    else:
        audit.note(work, verb, "user", user_id, business_id=user_id)
    return get(work, MERCHANT, user_id)


def _note_password(work: Work, kind: str, account_id: int) -> None:
    audit.note(work, "password", ACCOUNTS[kind].name, account_id, business_id=_business(kind, account_id))


def _own_id(work: Work) -> int:
    assert work.actor.id is not None
    return work.actor.id


def _business(kind: str, account_id: int) -> int | None:
    return account_id if kind == MERCHANT else None


def _public(kind: str) -> list[Any]:
    return [column for column in ACCOUNTS[kind].c if column.name not in SECRET]


@cache
def _create(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    values: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS[kind]}
    values |= {"create_time": NOW, "update_time": NOW}
    if kind == MERCHANT:
        values["status"] = NORMAL
    created = insert(account).values(**values).returning(*_public(kind)).cte("created")
    return Statement(select(created.c.id, json_of(select(created)).label("body")).select_from(created))


@cache
def _one(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    view = select(*_public(kind)).where(account.c.id == bindparam("account_id")).subquery("v")
    return Statement(select(cast(func.row_to_json(literal_column("v")), Text).label("body")).select_from(view))


@lru_cache(maxsize=100)
def _list(actor_kind: str, kind: str, filters: frozenset[str], by_cursor: bool) -> Statement:
    account = ACCOUNTS[kind]
    conditions = []
    if "name" in filters:
        conditions.append(func.strpos(func.lower(account.c.name), func.lower(bindparam("name"))) > 0)
    if "status" in filters:
        conditions.append(account.c.status == bindparam("status"))
    view = select(*_public(kind)).where(*conditions)
    total = counted(select(account.c.id).where(*conditions))
    return page_statement(view, account.c.create_time, account.c.id, total=total, by_cursor=by_cursor, kind=actor_kind)


@lru_cache(maxsize=100)
def _change(kind: str, names: frozenset[str]) -> Statement:
    account = ACCOUNTS[kind]
    values = {name: bindparam(name) for name in sorted(names)}
    return Statement(update(account).where(account.c.id == bindparam("account_id")).values(**values, update_time=NOW))


@cache
def _replace_password(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    values = {"password_hash": bindparam("password_hash"), "update_time": NOW}
    unchanged = account.c.password_hash == bindparam("verified")
    return Statement(update(account).where(account.c.id == bindparam("account_id"), unchanged).values(**values))


@cache
def _by_name(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    return Statement(select(account.c.id).where(account.c.name == bindparam("name")))


USER = ACCOUNTS[MERCHANT]
_ADMINS = ACCOUNTS[ADMIN]
_LOCK_ADMINS = Statement(select(_ADMINS.c.id).order_by(_ADMINS.c.id).with_for_update())
_REMOVE_ADMIN = Statement(delete(_ADMINS).where(_ADMINS.c.id == bindparam("account_id")))
_SET_STATUS = (
    update(USER)
    .where(USER.c.id == bindparam("account_id"), USER.c.status != bindparam("status"))
    .values(status=bindparam("status"), update_time=NOW)
    .returning(USER.c.id)
)
_STATUS = {DISABLED: Statement(_SET_STATUS), NORMAL: Statement(_SET_STATUS.values(auth_token=null()))}
