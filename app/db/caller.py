"""Live sessions: the statement that a caller's token is the one in force, alone or as part of another statement.

A merchant may also call with an API key, which is in force beside the session until it is deleted.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import func, literal_column, null, or_, select

from app.db.parameters import ACTOR_ID, API_KEY_ID, KEY_SCOPE, SESSION, TRUSTED
from app.db.statement import Statement
from app.models import Admin, ApiKey, Customer, User

MERCHANT = "merchant"
ACCOUNTS = {MERCHANT: User.__table__, "customer": Customer.__table__, "admin": Admin.__table__}
KEY = ApiKey.__table__
SIGNED = "platform"  # has no account: its signature is verified before any work begins


@cache
def caller(kind: str) -> Any:
    """The caller's own row (id, caller_status), as a CTE: empty when the session is not the live one.

    An actor of our own making (`trusted`: a worker, a replay) acts for an account without its session. The platform has no
    account: its row is always there.
    """
    if kind not in ACCOUNTS:  # the platform, whose signature was verified
        return select(null().label("id"), literal_column("0").label("caller_status")).cte("caller")
    account = ACCOUNTS[kind]
    return (
        select(account.c.id, _status(account).label("caller_status"))
        .where(account.c.id == ACTOR_ID)
        .where(or_(TRUSTED, *_in_force(kind, account, SESSION, API_KEY_ID, KEY_SCOPE)))
        .cte("caller")
    )


def caller_id(kind: str) -> Any:
    """The id of the caller whose session is live and who is not disabled, else null."""
    live = caller(kind)
    return select(live.c.id).where(live.c.caller_status == 0).scalar_subquery()


def is_live(kind: str, given: Any) -> Any:
    """The condition that a row of `given` has an `actor_id` who is not disabled, and the `session` in force."""
    account = ACCOUNTS[kind]
    in_force = or_(*_in_force(kind, account, given.c.session, given.c.api_key_id, given.c.scope))
    return select(account.c.id).where(account.c.id == given.c.actor_id, in_force, _status(account) == 0).exists()


def _in_force(kind: str, account: Any, session: Any, api_key_id: Any, scope: Any) -> Iterator[Any]:
    """The ways in which a session may be in force: it is the live one of the account, or a key of it that has the scope.

    These may be columns of a row two floors above, which SQLAlchemy does not find by itself.
    """
    yield account.c.auth_token == session
    if kind == MERCHANT:
        key = _key_in_force(account.c.id, session, api_key_id)
        yield select(KEY.c.id).where(*key, scope == func.any(KEY.c.scopes)).correlate_except(KEY).exists()


def _key_in_force(business_id: Any, session: Any, api_key_id: Any) -> tuple[Any, ...]:
    return KEY.c.id == api_key_id, KEY.c.business_id == business_id, KEY.c.digest == session


def _status(account: Any) -> Any:
    """0 for an account that is not disabled, as all are that can not be."""
    return account.c.status if "status" in account.c else literal_column("0")


@cache
def proof(kind: str) -> Statement:
    """Whether the session is live, for work whose statements do not prove it themselves."""
    return Statement(select(caller(kind).c.caller_status), guarded=True)


def proved(kind: str, *columns: Any) -> Any:
    """A select of `columns` for the caller: no row when the session is not the live one."""
    if kind == SIGNED:
        return select(literal_column("0").label("caller_status"), *columns)
    live = caller(kind)
    return select(live.c.caller_status, *columns).select_from(live)


KEY_IN_FORCE = Statement(select(KEY.c.id).where(*_key_in_force(ACTOR_ID, SESSION, API_KEY_ID)))
"""Whether the actor's key is one of theirs, whatever its scopes."""
