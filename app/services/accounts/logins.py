"""Logging in and out: one live session per account, and a throttle on guessing that never locks the owner out for good.

Tries are counted per account and address, per account, and per address. The second count does not hold back an address
that the account was logged in from before, so a stranger's guesses can not keep the owner out. The third refuses nobody:
it makes accounts wait that were never logged in from there (docs/decisions/0006).
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from sqlalchemy import (
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from app.config import DAY
from app.db.caller import ACCOUNTS
from app.db.parameters import NOW, SESSION
from app.db.statement import Statement
from app.db.work import MERCHANT, Work
from app.errors import Disabled, TooManyTries, WrongOldPassword, WrongPassword
from app.models import LoginAttempt
from app.networks import address_of
from app.security import new_token
from app.services.accounts import accounts, slowing
from app.services.events import audit

ATTEMPT = LoginAttempt.__table__

WINDOW = 15 * 60  # seconds within which failed tries count
PER_ACCOUNT_AND_ADDRESS, PER_ACCOUNT = 5, 50
KNOWN_FOR = 90 * DAY  # how long a right password makes an address known


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
    """Count a login and let it go on after `delay`; raises TooManyTries with the seconds to wait.

    The caller commits before the password is looked at, so that tries at once count each other.
    """
    row = work.one(_BY_NAME[kind], name=name)
    return _admit(work, f"{kind}:{name}" if row is None else f"{kind}#{row.id}", row, address)


def admit_change(work: Work, address: str) -> Candidate:
    """As `admit`, for the actor who gives the old password to set a new one."""
    kind, account_id = work.actor.kind, work.actor.id
    return _admit(work, f"{kind}#{account_id}", work.one(_BY_ID[kind], account_id=account_id), address)


def open_session(work: Work, kind: str, candidate: Candidate) -> str:
    """The password was right: a token, whose session ends the one before.

    Raises Disabled, and WrongPassword when the password was changed since it was looked at.
    """
    account_id = candidate.account_id
    assert account_id is not None
    work.do(_SUCCEEDED, attempt_id=candidate.attempt_id)
    token, session = new_token(kind, account_id, work.now)
    if not work.do(_OPEN[kind], account_id=account_id, verified=candidate.password_hash, new_session=session):
        now = work.one(_BY_ID[kind], account_id=account_id)
        raise Disabled if now is not None and now.password_hash == candidate.password_hash else WrongPassword
    audit.note(work, "login", ACCOUNTS[kind].name, account_id, business_id=account_id if kind == MERCHANT else None)
    return token


def change_password(work: Work, candidate: Candidate, password_hash: str) -> None:
    """The old password was right: set the actor's new one; their session goes on.

    Raises WrongOldPassword when the password was changed since it was looked at.
    """
    work.do(_SUCCEEDED, attempt_id=candidate.attempt_id)
    if not accounts.replace_password(work, candidate.password_hash, password_hash):
        raise WrongOldPassword(field="old_password")


def source_of(address: str) -> str:
    """What tries are counted by: the address, or the /64 of an IPv6 one, all of which a client has."""
    found = address_of(address)
    if found is None:
        return address[:64]
    return str(IPv6Network((int(found), 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def close_session(work: Work) -> None:
    """End the session of the work's actor, unless a login has ended it by now."""
    kind, account_id = work.actor.kind, work.actor.id
    if not work.do(_CLOSE[kind], account_id=account_id):
        return
    business = account_id if kind == MERCHANT else None
    audit.note(work, "logout", ACCOUNTS[kind].name, account_id or 0, business_id=business)


def _admit(work: Work, account: str, row: Any, address: str) -> Candidate:
    parameters = {"account": hashlib.sha256(account.encode()).hexdigest(), "address": source_of(address)}
    work.one(_TAKE_TURNS, **parameters)
    seen = work.one(_SEEN, **parameters, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)
    limits = [(seen.by_both, PER_ACCOUNT_AND_ADDRESS, seen.first_by_both)]
    if not seen.known:
        limits.append((seen.by_account, PER_ACCOUNT, seen.first_by_account))
    waits = [first + WINDOW - work.now for count, limit, first in limits if count >= limit]
    if waits:
        raise TooManyTries(retry_after=max(1, *waits))
    delay = 0.0 if seen.known else slowing.delay(seen.by_address)
    slowing.require_place(parameters["address"], delay)
    attempt = work.one(_TRY, **parameters)
    if row is None:
        return Candidate(attempt.id, parameters["address"], delay, None, None, False)
    return Candidate(attempt.id, parameters["address"], delay, row.id, row.password_hash, bool(row.status))


def forget_old(work: Work) -> int:
    """Delete the tries that no limit looks at any more; how many they were."""
    return work.do(_FORGET, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)


def _seen() -> Statement:
    same_account = ATTEMPT.c.account == bindparam("account")
    same_address = ATTEMPT.c.address == bindparam("address")
    recent = and_(ATTEMPT.c.create_time > bindparam("since"), ~ATTEMPT.c.succeeded)
    columns: list[Any] = []
    for name, which in (("both", and_(same_account, same_address)), ("account", same_account)):
        columns.append(select(func.count()).where(recent, which).scalar_subquery().label(f"by_{name}"))
        columns.append(select(func.min(ATTEMPT.c.create_time)).where(recent, which).scalar_subquery().label(f"first_by_{name}"))
    counted = select(literal_column("1")).where(recent, same_address).limit(slowing.MOST_COUNTED).subquery()
    columns.append(select(func.count()).select_from(counted).scalar_subquery().label("by_address"))
    known = and_(ATTEMPT.c.succeeded, same_account, same_address, ATTEMPT.c.create_time > bindparam("known_since"))
    return Statement(select(*columns, select(ATTEMPT.c.id).where(known).exists().label("known")))


def _candidate(kind: str, column: str, parameter: str) -> Statement:
    account = ACCOUNTS[kind]
    status = account.c.status if "status" in account.c else literal(0)
    which = account.c[column] == bindparam(parameter)
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


_TAKE_TURNS = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(cast(bindparam("account"), String), 2))))
_SEEN = _seen()
_TRY = Statement(
    insert(ATTEMPT)
    .values(account=bindparam("account"), address=bindparam("address"), succeeded=False, create_time=NOW)
    .returning(ATTEMPT.c.id)
)
_SUCCEEDED = Statement(update(ATTEMPT).where(ATTEMPT.c.id == bindparam("attempt_id")).values(succeeded=True))
_FORGET = Statement(
    delete(ATTEMPT).where(
        or_(
            and_(~ATTEMPT.c.succeeded, ATTEMPT.c.create_time <= bindparam("since")),
            ATTEMPT.c.create_time <= bindparam("known_since"),
        )
    )
)
_BY_NAME = {kind: _candidate(kind, "name", "name") for kind in ACCOUNTS}
_BY_ID = {kind: _candidate(kind, "id", "account_id") for kind in ACCOUNTS}
_OPEN = {kind: _open(kind) for kind in ACCOUNTS}
_CLOSE = {kind: _close(kind) for kind in ACCOUNTS}
