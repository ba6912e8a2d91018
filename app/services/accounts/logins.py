"""Logging in and out, with one live session per account, and changing one's own password."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import bindparam, literal, null, select, true, update

from app.db.caller import ACCOUNTS
from app.db.parameters import NOW, SESSION
from app.db.statement import Statement
from app.db.types import Condition
from app.db.work import Work
from app.errors import Disabled, WrongOldPassword, WrongPassword
from app.security import new_token
from app.services.accounts import accounts, tries
from app.services.events import audit
from app.text import name_key


class Account(Protocol):
    """An account whose password is tried; `status` is 0 unless it is disabled."""

    id: int
    password_hash: str
    status: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whose password is tried; `account_id` is None when there is no such name. `delay` is in seconds."""

    attempt_id: int
    source: str
    delay: float
    account_id: int | None
    password_hash: str | None
    disabled: bool


def admit(work: Work, kind: str, name: str, address: str) -> Candidate:
    """Count a login, which may go on after `delay`; raises TooManyTries with the seconds to wait.

    The caller commits before it checks the password, so that simultaneous tries count each other.
    """
    account: Account | None = work.one(_BY_NAME[kind], name=name)
    return _admit(work, f"{kind}:{name_key(name)}" if account is None else tried(kind, account.id), account, address)


def admit_change(work: Work, address: str) -> Candidate:
    """As `admit`, for the actor who gives the old password to set a new one."""
    kind, account_id = work.actor.kind, work.actor.id
    assert account_id is not None
    return _admit(work, tried(kind, account_id), work.one(_BY_ID[kind], account_id=account_id), address)


def tried(kind: str, account_id: int) -> str:
    """What tries at an account are counted under."""
    return f"{kind}#{account_id}"


def open_session(work: Work, kind: str, candidate: Candidate) -> str:
    """The password was right: a token for a new session, which ends the one before.

    Raises Disabled, and WrongPassword when the password was changed after it was checked.
    """
    account_id = candidate.account_id
    assert account_id is not None
    tries.succeeded(work, candidate.attempt_id)
    token, session = new_token(kind, account_id, work.now)
    if not work.do(_OPEN[kind], account_id=account_id, verified=candidate.password_hash, new_session=session):
        account: Account | None = work.one(_BY_ID[kind], account_id=account_id)
        raise Disabled if account is not None and account.password_hash == candidate.password_hash else WrongPassword
    audit.note(work, "login", ACCOUNTS[kind].name, account_id, business_id=accounts.business_of(kind, account_id))
    return token


def close_session(work: Work) -> None:
    """End the session of the work's actor, unless a later login has ended it already."""
    kind, account_id = work.actor.kind, work.actor.id
    assert account_id is not None
    if work.do(_CLOSE[kind], account_id=account_id):
        audit.note(work, "logout", ACCOUNTS[kind].name, account_id, business_id=accounts.business_of(kind, account_id))


def change_password(work: Work, candidate: Candidate, password_hash: str) -> None:
    """The old password was right: set the actor's new one; their session goes on.

    Raises WrongOldPassword when the password was changed after it was checked.
    """
    kind, account_id = work.actor.kind, work.actor.id
    assert account_id is not None
    tries.succeeded(work, candidate.attempt_id)
    verified = candidate.password_hash
    if not work.do(_REPLACE_PASSWORD[kind], account_id=account_id, verified=verified, password_hash=password_hash):
        raise WrongOldPassword(field="old_password")
    accounts.note_password(work, kind, account_id)


def _admit(work: Work, name: str, account: Account | None, address: str) -> Candidate:
    tried = tries.count(work, name, address)
    if account is None:
        return Candidate(tried.id, tried.source, tried.delay, None, None, False)
    return Candidate(tried.id, tried.source, tried.delay, account.id, account.password_hash, bool(account.status))


def _candidate(kind: str, which: Condition) -> Statement:
    account = ACCOUNTS[kind]
    status = account.c.status if "status" in account.c else literal(0)
    return Statement(select(account.c.id, account.c.password_hash, status.label("status")).where(which))


def _open(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    normal = account.c.status == 0 if "status" in account.c else true()
    return Statement(
        update(account)
        .where(account.c.id == bindparam("account_id"), account.c.password_hash == bindparam("verified"), normal)
        .values(auth_token=bindparam("new_session"), last_login=NOW)
    )


def _close(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    in_force = account.c.auth_token == SESSION
    return Statement(update(account).where(account.c.id == bindparam("account_id"), in_force).values(auth_token=null()))


def _replace_password(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    unchanged = account.c.password_hash == bindparam("verified")
    values = {"password_hash": bindparam("password_hash"), "update_time": NOW}
    return Statement(update(account).where(account.c.id == bindparam("account_id"), unchanged).values(**values))


_BY_NAME = {kind: _candidate(kind, accounts.has_name(ACCOUNTS[kind])) for kind in ACCOUNTS}
_BY_ID = {kind: _candidate(kind, ACCOUNTS[kind].c.id == bindparam("account_id")) for kind in ACCOUNTS}
_OPEN = {kind: _open(kind) for kind in ACCOUNTS}
_CLOSE = {kind: _close(kind) for kind in ACCOUNTS}
_REPLACE_PASSWORD = {kind: _replace_password(kind) for kind in ACCOUNTS}
