"""Tries at passwords, counted so that guessing is throttled, and the owner of an account is never kept out for good.

Tries are counted per account and address, per account, and per address. The second count does not hold back an address from
which the account was logged in before, so the guesses of others cannot keep the owner out. The third refuses nobody: it makes
tries wait at accounts that were never logged in from there (docs/decisions/0006).
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Protocol

from sqlalchemy import String, and_, bindparam, cast, delete, func, insert, literal_column, or_, select, update

from app.config import DAY
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import Expression
from app.db.work import Work
from app.errors import TooManyTries
from app.models import LoginAttempt
from app.networks import address_of
from app.services.accounts import slowing

ATTEMPT = LoginAttempt.__table__

WINDOW = 15 * 60  # seconds within which failed tries count
PER_ACCOUNT_AND_ADDRESS, PER_ACCOUNT = 5, 50
KNOWN_FOR = 90 * DAY  # how long a successful login makes an address known


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was counted and may go on after `delay` (seconds); `source` is what it was counted by."""

    id: int
    source: str
    delay: float


class Seen(Protocol):
    """The tries within the window, and when the first of them was made (null when there are none)."""

    by_both: int
    first_by_both: int
    by_account: int
    first_by_account: int
    by_address: int
    known: bool  # the account was logged in from this address before


def count(work: Work, account: str, address: str) -> Try:
    """Count a try at an account, under the name that the caller gives it; raises TooManyTries with the seconds to wait.

    It counts as failed until it `succeeded`. Tries at one account take turns, so none slips past the count of another.
    """
    parameters = {"account": _digest(account), "address": source_of(address)}
    work.one(_TAKE_TURNS, **parameters)
    seen: Seen = work.one(_SEEN, **parameters, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)
    limits = [(seen.by_both, PER_ACCOUNT_AND_ADDRESS, seen.first_by_both)]
    if not seen.known:
        limits.append((seen.by_account, PER_ACCOUNT, seen.first_by_account))
    waits = [first + WINDOW - work.now for count, limit, first in limits if count >= limit]
    if waits:
        raise TooManyTries(retry_after=max(1, *waits))
    delay = 0.0 if seen.known else slowing.delay(seen.by_address)
    slowing.require_place(parameters["address"], delay)
    return Try(work.one(_TRY, **parameters).id, parameters["address"], delay)


def succeeded(work: Work, try_id: int) -> None:
    """The password was right: the try no longer counts, and its address is known to the account."""
    work.do(_SUCCEEDED, attempt_id=try_id)


def source_of(address: str) -> str:
    """What tries are counted by: the address, or for IPv6 its /64 network, because a client has all of that."""
    found = address_of(address)
    if found is None:
        return address[:64]
    return str(IPv6Network((int(found), 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def forget(work: Work, account: str) -> None:
    """Delete all tries at an account, with the addresses that they came from."""
    work.do(_FORGET_ACCOUNT, account=_digest(account))


def forget_old(work: Work) -> int:
    """Delete the tries that no limit considers any more; how many there were."""
    return work.do(_FORGET, since=work.now - WINDOW, known_since=work.now - KNOWN_FOR)


def _digest(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()


def _seen() -> Statement:
    same_account = ATTEMPT.c.account == bindparam("account")
    same_address = ATTEMPT.c.address == bindparam("address")
    recent = and_(ATTEMPT.c.create_time > bindparam("since"), ~ATTEMPT.c.succeeded)
    columns: list[Expression] = []
    for name, which in (("both", and_(same_account, same_address)), ("account", same_account)):
        columns.append(select(func.count()).where(recent, which).scalar_subquery().label(f"by_{name}"))
        columns.append(select(func.min(ATTEMPT.c.create_time)).where(recent, which).scalar_subquery().label(f"first_by_{name}"))
    counted = select(literal_column("1")).where(recent, same_address).limit(slowing.MOST_COUNTED).subquery()
    columns.append(select(func.count()).select_from(counted).scalar_subquery().label("by_address"))
    known = and_(ATTEMPT.c.succeeded, same_account, same_address, ATTEMPT.c.create_time > bindparam("known_since"))
    return Statement(select(*columns, select(ATTEMPT.c.id).where(known).exists().label("known")))


_TAKE_TURNS = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(cast(bindparam("account"), String), 2))))
_SEEN = _seen()
_TRY = Statement(
    insert(ATTEMPT)
    .values(account=bindparam("account"), address=bindparam("address"), succeeded=False, create_time=NOW)
    .returning(ATTEMPT.c.id)
)
_SUCCEEDED = Statement(update(ATTEMPT).where(ATTEMPT.c.id == bindparam("attempt_id")).values(succeeded=True))
_FORGET_ACCOUNT = Statement(delete(ATTEMPT).where(ATTEMPT.c.account == bindparam("account")))
_FORGET = Statement(
    delete(ATTEMPT).where(
        or_(
            and_(~ATTEMPT.c.succeeded, ATTEMPT.c.create_time <= bindparam("since")),
            ATTEMPT.c.create_time <= bindparam("known_since"),
        )
    )
)
