"""Live sessions: the statement that a caller's token is the one in force, alone or as part of another statement."""

from functools import cache
from typing import Any

from sqlalchemy import literal_column, or_, select

from app.db.parameters import ACTOR_ID, SESSION, TRUSTED
from app.db.statement import Statement
from app.models import Admin, Customer, User

SIGNED = "platform"  # has no account: its signature is verified before any work begins
ACCOUNTS = {"merchant": User.__table__, "customer": Customer.__table__, "admin": Admin.__table__}


@cache
def caller(kind: str) -> Any:
    """The caller's own row (id, caller_status), as a CTE: empty when the session is not the live one.

    An actor of our own making (`trusted`: a worker, a replay) acts for an account without its session.
    """
    account = ACCOUNTS[kind]
    return (
        select(account.c.id, _status(account).label("caller_status"))
        .where(account.c.id == ACTOR_ID)
        .where(or_(TRUSTED, account.c.auth_token == SESSION))
        .cte("caller")
    )


def caller_id(kind: str) -> Any:
    """The id of the caller whose session is live and who is not disabled, else null."""
    live = caller(kind)
    return select(live.c.id).where(live.c.caller_status == 0).scalar_subquery()


def is_live(kind: str, given: Any) -> Any:
    """The condition that a row of `given` has an `actor_id` who is not disabled, and the `session` in force."""
    account = ACCOUNTS[kind]
    in_force = account.c.auth_token == given.c.session
    return select(account.c.id).where(account.c.id == given.c.actor_id, in_force, _status(account) == 0).exists()


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
