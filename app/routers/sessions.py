"""Logging in and changing passwords: the same at the doors of merchants, customers and admins."""

import orjson
from fastapi import Response

from app.config import HOUR, settings
from app.dependencies import Call
from app.errors import Disabled, WrongOldPassword, WrongPassword
from app.loop import on_loop
from app.schemas.accounts import Login, PasswordChange
from app.security import hash_password, password_matches
from app.services import accounts, logins


async def log_in(call: Call, body: Login) -> Response:
    """Try a password; no connection and no thread of the pool is held while it is hashed."""
    kind = call.actor.kind
    candidate = await on_loop(_admitted, call, body.name)
    if not await password_matches(body.password, candidate.password_hash):
        raise WrongPassword
    if candidate.disabled:
        raise Disabled
    token = await on_loop(_opened, call, kind, candidate)
    answer = {"access_token": token, "token_type": "bearer", "expires_in": settings.token_hours * HOUR}
    return Response(orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


async def change_password(call: Call, body: PasswordChange) -> Response:
    """Change the caller's own password; the session that asks goes on."""
    kind, account_id = call.actor.kind, call.actor.id
    assert account_id is not None
    stored = await on_loop(_stored, call, kind, account_id)
    if not await password_matches(body.old_password, stored):
        raise WrongOldPassword(field="old_password")
    await on_loop(_set, call, kind, account_id, await hash_password(body.new_password))
    return Response(status_code=204)


async def hashed(call: Call, password: str) -> str:
    """The hash of a password that a live session sets; a dead one costs no hashing."""
    await on_loop(_proved, call)
    return await hash_password(password)


def _proved(call: Call) -> None:
    with call:
        call.prove()


def _admitted(call: Call, name: str) -> logins.Candidate:
    with call:
        candidate = logins.admit(call, call.actor.kind, name, call.address)
        call.commit()
        return candidate


def _opened(call: Call, kind: str, candidate: logins.Candidate) -> str:
    with call:
        token = logins.open_session(call, kind, candidate)
        call.commit()
        return token


def _stored(call: Call, kind: str, account_id: int) -> str:
    with call:
        return accounts.stored_password(call, kind, account_id)


def _set(call: Call, kind: str, account_id: int, password_hash: str) -> None:
    with call:
        accounts.set_password(call, kind, account_id, password_hash, keep_session=True)
        call.commit()
