"""Logging in and out: one live session per account, and a throttle on guessing that never locks the owner out for good.

Tries are counted per account and address, per address, and per account. The last count does not hold back an
address that the account was logged in from before, so a stranger's guesses can not keep the owner out.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, and_, bindparam, cast, delete, func, insert, literal, null, or_, select, true, update

from app.config import DAY
from app.database import Statement
from app.errors import Disabled, TooManyTries
from app.models import LoginAttempt
from app.security import new_token
from app.services import ledger
from app.services.sessions import ACCOUNTS
from app.work import MERCHANT, Work

ATTEMPT = LoginAttempt.__table__

WINDOW = 15 * 60  # seconds within which failed tries count
PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, PER_ACCOUNT = 5, 50, 50
KNOWN_FOR = 90 * DAY  # how long a successful login makes an address known


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who a login would let in, if the password is right; `account_id` is None when there is no such name."""

    attempt_id: int
    account_id: int | None
    password_hash: str | None
    disabled: bool


def admit(work: Work, kind: str, name: str, address: str) -> Candidate:
    """Count the try and let it go on; raises TooManyTries with the seconds to wait.

    The caller commits before the password is looked at, so that tries at once count each other.
    """
    account = hashlib.sha256(f"{kind} {name}".encode()).hexdigest()
    parameters = {"account": account, "address": address[:64]}
    work.one(_TAKE_TURNS, **parameters)
    seen = work.one(_SEEN, **parameters, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)
    limits = [
        (seen.by_both, PER_ACCOUNT_AND_ADDRESS, seen.first_by_both),
        (seen.by_address, PER_ADDRESS, seen.first_by_address),
        (0 if seen.known else seen.by_account, PER_ACCOUNT, seen.first_by_account),
    ]
    waits = [first + WINDOW - work.now for count, limit, first in limits if count >= limit]
    if waits:
        wait = max(1, max(waits))
        raise TooManyTries(retry_after=wait)
    attempt = work.one(_TRY, **parameters)
    row = work.one(_CANDIDATE[kind], name=name)
    if row is None:
        return Candidate(attempt.id, None, None, False)
    return Candidate(attempt.id, row.id, row.password_hash, bool(row.status))


def open_session(work: Work, kind: str, candidate: Candidate) -> str:
    """The password was right: a token, whose session ends the one before; raises Disabled."""
    assert candidate.account_id is not None
    work.do(_SUCCEEDED, attempt_id=candidate.attempt_id)
    token, session = new_token(kind, candidate.account_id, work.now)
    if not work.do(_OPEN[kind], account_id=candidate.account_id, new_session=session):
        raise Disabled
    business = candidate.account_id if kind == MERCHANT else None
    ledger.note(work, "login", ACCOUNTS[kind].name, candidate.account_id, business_id=business)
    return token


def close_session(work: Work) -> None:
    """End the session of the work's actor, unless a login has ended it by now."""
    kind, account_id = work.actor.kind, work.actor.id
    if not work.do(_CLOSE[kind], account_id=account_id):
        return
    business = account_id if kind == MERCHANT else None
    ledger.note(work, "logout", ACCOUNTS[kind].name, account_id or 0, business_id=business)


def forget_old(work: Work) -> int:
    """Delete the tries that no limit looks at any more; how many they were."""
    return work.do(_FORGET, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)


def _seen() -> Statement:
    same_account = ATTEMPT.c.account == bindparam("account")
    same_address = ATTEMPT.c.address == bindparam("address")
    recent = and_(ATTEMPT.c.create_time > bindparam("since"), ~ATTEMPT.c.succeeded)
    columns: list[Any] = []
    for name, which in (("both", and_(same_account, same_address)), ("address", same_address), ("account", same_account)):
        columns.append(select(func.count()).where(recent, which).scalar_subquery().label(f"by_{name}"))
        columns.append(select(func.min(ATTEMPT.c.create_time)).where(recent, which).scalar_subquery().label(f"first_by_{name}"))
    known = and_(ATTEMPT.c.succeeded, same_account, same_address, ATTEMPT.c.create_time > bindparam("known_since"))
    return Statement(select(*columns, select(ATTEMPT.c.id).where(known).exists().label("known")))


def _candidate(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    status = account.c.status if "status" in account.c else literal(0)
    return Statement(
        select(account.c.id, account.c.password_hash, status.label("status")).where(account.c.name == bindparam("name"))
    )


def _open(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    normal = account.c.status == 0 if "status" in account.c else true()
    return Statement(
        update(account)
        .where(account.c.id == bindparam("account_id"), normal)
        .values(auth_token=bindparam("new_session"), last_login=bindparam("now"))
    )


def _close(kind: str) -> Statement:
    account = ACCOUNTS[kind]
    in_force = account.c.auth_token == bindparam("session")
    return Statement(update(account).where(account.c.id == bindparam("account_id"), in_force).values(auth_token=null()))


_TAKE_TURNS = Statement(
    select(
        func.pg_advisory_xact_lock(func.hashtextextended(cast(bindparam("address"), String), 1)),
        func.pg_advisory_xact_lock(func.hashtextextended(cast(bindparam("account"), String), 2)),
    )
)
_SEEN = _seen()
_TRY = Statement(
    insert(ATTEMPT)
    .values(account=bindparam("account"), address=bindparam("address"), succeeded=False, create_time=bindparam("now"))
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
_CANDIDATE = {kind: _candidate(kind) for kind in ACCOUNTS}
_OPEN = {kind: _open(kind) for kind in ACCOUNTS}
_CLOSE = {kind: _close(kind) for kind in ACCOUNTS}
