"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): one answer per key, in the transaction of the change.

A request that is refused changes nothing and keeps no key, so it can be sent again and is then tried again.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import String, bindparam, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.config import DAY
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import Work
from app.errors import KeyReused, StillRunning
from app.models import IdempotencyKey

KEY = IdempotencyKey.__table__
LIFE = DAY  # how long an answer is kept


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key; `scope` is the account that it belongs to, `fingerprint` is a digest of the request."""

    scope: str
    key: str
    fingerprint: str


class KeptAnswer(Protocol):
    """The answer that is kept under a key, and the fingerprint of the request that it was given to."""

    status: int
    body: str
    fingerprint: str


def first_answer(work: Work, key: Key) -> KeptAnswer | None:
    """What the first request with this key was answered, or None when the key is new; holds the key until commit.

    Raises StillRunning when another request holds it, KeyReused when it was used for another request.
    """
    work.begin()
    if not work.one(_HOLD, scope=key.scope, key=key.key).held:
        raise StillRunning(retry_after=1)
    answer: KeptAnswer | None = work.one(_FIND, scope=key.scope, key=key.key, oldest=work.now - LIFE)
    if answer is not None and answer.fingerprint != key.fingerprint:
        raise KeyReused
    return answer


def keep(work: Work, key: Key, status: int, body: str) -> None:
    """Keep the answer for the next request with this key."""
    kept = work.do(
        _KEEP,
        scope=key.scope,
        key=key.key,
        fingerprint=key.fingerprint,
        status=status,
        body=body,
        oldest=work.now - LIFE,
    )
    if not kept:
        raise StillRunning(retry_after=1)


def forget_old(work: Work) -> int:
    """Delete the keys that are older than LIFE; how many there were."""
    return work.do(_FORGET, oldest=work.now - LIFE)


def _keep() -> Statement:
    names = ("scope", "key", "fingerprint", "status", "body")
    row = insert(KEY).values(**{name: bindparam(name) for name in names}, create_time=NOW)
    renewed = {name: row.excluded[name] for name in ("fingerprint", "status", "body", "create_time")}
    return Statement(
        row.on_conflict_do_update(
            index_elements=[KEY.c.scope, KEY.c.key], set_=renewed, where=KEY.c.create_time <= bindparam("oldest")
        )
    )


_SAME = (KEY.c.scope == bindparam("scope"), KEY.c.key == bindparam("key"))
_LOCK = func.hashtextextended(func.concat(cast(bindparam("scope"), String), " ", cast(bindparam("key"), String)), 0)
_HOLD = Statement(select(func.pg_try_advisory_xact_lock(_LOCK).label("held")))
_FIND = Statement(select(KEY.c.status, KEY.c.body, KEY.c.fingerprint).where(*_SAME, KEY.c.create_time > bindparam("oldest")))
_KEEP = _keep()
_FORGET = Statement(delete(KEY).where(KEY.c.create_time <= bindparam("oldest")))
