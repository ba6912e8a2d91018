"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): one answer per key, in the transaction of the change.

A request that is refused changes nothing and keeps no key, so it can be sent again and is then tried again.
One that joins a batch (see `app/db/batching.py`) has its answer kept by the batch's statement.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import Integer, String, Text, and_, bindparam, cast, column, delete, false, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.config import DAY
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, Query
from app.db.work import Work
from app.errors import KeyReused, StillRunning
from app.models import IdempotencyKey

KEY = IdempotencyKey.__table__
LIFE = DAY  # how long an answer is kept

# What each row of a batch says of its key, if it has one.
CLAIM = (
    column("claim_scope", Text),
    column("claim_key", Text),
    column("claim_fingerprint", Text),
    column("claim_status", Integer),
)


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


class Replayed(Exception):
    """Ends a request whose key was used by the same request before: it gets that one's answer."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(slots=True)
class Claim:
    """A request's claim to its key, and the status that its answer will have; `is_kept` once that answer is kept."""

    key: Key
    status: int
    is_kept: bool = False

    def hold(self, work: Work) -> None:
        """Hold the key until commit; raises Replayed, StillRunning, KeyReused."""
        answer = None if self.is_kept else first_answer(work, self.key)
        if answer is not None:
            raise Replayed(answer)


class BatchStatement(NamedTuple):
    """The statement of a batch: as it is where no request has a key, and one that looks after the keys, which costs more."""

    plain: Statement
    keyed: Statement

    def of(self, claims: Iterable[Claim | None]) -> Statement:
        """The one for requests with these claims."""
        return self.keyed if any(claims) else self.plain


def claim_of(work: Work) -> Claim | None:
    """The work's claim to a key, which a batch that it joins has to keep."""
    return work.claim if isinstance(work.claim, Claim) else None


def columns_of(claim: Claim | None) -> dict[str, str | int]:
    """What the row of a request says of its claim, in the columns of CLAIM; nothing if it has none."""
    if claim is None:
        return {}
    key = claim.key
    values: tuple[str | int, ...] = (key.scope, key.key, key.fingerprint, claim.status)
    return {column.name: value for column, value in zip(CLAIM, values, strict=True)}


def mark_kept(claims: Iterable[Claim | None], done: Container[int]) -> None:
    """Mark the claims whose answers the batch's statement has kept: those at the positions `done`."""
    for position, claim in enumerate(claims):
        if claim is not None:
            claim.is_kept = position in done


def repeated(claims: Iterable[Claim | None]) -> set[int]:
    """The positions of the claims to a key that an earlier one claims too: a batch can't hold it for both."""
    seen: set[tuple[str, str]] = set()
    found: set[int] = set()
    for position, claim in enumerate(claims):
        if claim is not None:
            key = claim.key.scope, claim.key.key
            if key in seen:
                found.add(position)
            seen.add(key)
    return found


def is_free(given: Columns) -> Condition:
    """The condition that a row of a batch has no key, or one that was never used, and is now held by the batch."""
    scope, key = given.c.claim_scope, given.c.claim_key
    used = select(literal_column("1")).where(KEY.c.scope == scope, KEY.c.key == key).scalar_subquery()
    return or_(key.is_(None), and_(used.is_(None), func.pg_try_advisory_xact_lock(_lock_of(scope, key))))


def kept(answers: Query) -> Query:
    """The answers of a batch, each kept under its key: the columns of `answers`, which are those of CLAIM and `body`, and more.

    A key that another request has kept meanwhile is a UniqueViolation.
    """
    rows = answers.cte("answers")
    values = {name: rows.c[f"claim_{name}"] for name in ("scope", "key", "fingerprint", "status")}
    keys = select(*values.values(), rows.c.body, NOW).where(rows.c.claim_key.isnot(None))
    written = insert(KEY).from_select([*values, "body", "create_time"], keys).returning(KEY.c.key).cte("kept_answers")
    claim = {each.name for each in CLAIM}
    return select(*(each for each in rows.c if each.name not in claim)).select_from(rows.outerjoin(written, false()))


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


def _lock_of(scope: Expression, key: Expression) -> Expression:
    """The number of the advisory lock that holds a key."""
    return func.hashtextextended(func.concat(scope, " ", key), 0)


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
_LOCK = _lock_of(cast(bindparam("scope"), String), cast(bindparam("key"), String))
_HOLD = Statement(select(func.pg_try_advisory_xact_lock(_LOCK).label("held")))
_FIND = Statement(select(KEY.c.status, KEY.c.body, KEY.c.fingerprint).where(*_SAME, KEY.c.create_time > bindparam("oldest")))
_KEEP = _keep()
_FORGET = Statement(delete(KEY).where(KEY.c.create_time <= bindparam("oldest")))
