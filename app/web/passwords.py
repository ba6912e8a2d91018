"""Making accounts, logging in and changing passwords, alike for merchants, customers and admins."""

import orjson
from fastapi import Response

from app.config import HOUR, settings
from app.db.async_driver import on_loop
from app.errors import Disabled, WrongConfirmation, WrongOldPassword, WrongPassword
from app.schemas.accounts import AccountDeletion, Login, NewAdmin, NewCustomer, NewMerchant, PasswordChange
from app.security import hash_password, password_matches
from app.services.accounts import accounts, deletion, logins, slowing
from app.web.dependencies import Call
from app.web.door import answered


async def log_in(call: Call, body: Login) -> Response:
    """Log in. No database connection and no pool thread is held while the try is slowed or the password is hashed."""
    kind = call.actor.kind
    candidate = await on_loop(_admitted, call, body.name)
    await slowing.wait(candidate.source, candidate.delay)
    if not await password_matches(body.password, candidate.password_hash):
        raise WrongPassword
    if candidate.disabled:
        raise Disabled
    token = await on_loop(_opened, call, kind, candidate)
    answer = {"access_token": token, "token_type": "bearer", "expires_in": settings.token_hours * HOUR}
    return Response(orjson.dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


async def change_password(call: Call, body: PasswordChange) -> Response:
    """Change the caller's own password and keep this session. A wrong old password counts as a failed login."""
    candidate = await on_loop(_admitted_to_change, call)
    await slowing.wait(candidate.source, candidate.delay)
    if not await password_matches(body.old_password, candidate.password_hash):
        raise WrongOldPassword(field="old_password")
    await on_loop(_changed, call, candidate, await hash_password(body.new_password))
    return Response(status_code=204)


async def delete_account(call: Call, body: AccountDeletion) -> Response:
    """Delete the caller's own account, which their password confirms. A wrong one counts as a failed login."""
    candidate = await on_loop(_admitted_to_change, call)
    await slowing.wait(candidate.source, candidate.delay)
    if not await password_matches(body.password, candidate.password_hash):
        raise WrongConfirmation(field="password")
    await on_loop(_deleted, call, candidate)
    return Response(status_code=204)


async def create_account(call: Call, kind: str, body: NewMerchant | NewCustomer | NewAdmin) -> Response:
    """Make an account of this kind, for its owner or by an admin."""
    password_hash = await hashed(call, body.password)
    values = {**body.model_dump(exclude={"password"}), "password_hash": password_hash}
    return await on_loop(answered, call, 201, lambda: accounts.create(call, kind, **values))


async def hashed(call: Call, password: str) -> str:
    """The hash of a new password; a caller whose session has ended is refused before it is computed."""
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


def _admitted_to_change(call: Call) -> logins.Candidate:
    with call:
        candidate = logins.admit_change(call, call.address)
        call.commit()
        return candidate


def _changed(call: Call, candidate: logins.Candidate, password_hash: str) -> None:
    with call:
        logins.change_password(call, candidate, password_hash)
        call.commit()


def _deleted(call: Call, candidate: logins.Candidate) -> None:
    with call:
        deletion.delete_me(call, candidate)
        call.commit()
