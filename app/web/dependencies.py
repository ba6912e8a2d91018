"""Dependencies that tell a controller who its caller is: an account with a live session, the platform, or anyone.

Each gives a `Call`, on which the controller's services run their statements.
"""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Path, Request

from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, Actor, Work
from app.errors import BadKey, NotAuthenticated, NotForApiKeys, WrongAudience
from app.schemas.fields import MAX_INT
from app.security import API_KEY, fingerprint, read_api_key, read_token, verify_signature
from app.services.idempotency import Key
from app.web.media_types import media_type
from app.web.middleware import READING
from app.web.scopes import scope_of

RowId = Annotated[int, Path(ge=1, le=MAX_INT)]


class Call(Work):
    """The work of one request, with the caller's address, Idempotency-Key, and the Unix time at which the token expires."""

    def __init__(self, request: Request, actor: Actor, key: Key | None = None, *, expires: float = math.inf) -> None:
        super().__init__(actor, writes=request.method not in READING, request_id=request.state.request_id)
        request.state.actor = _name_of(actor)
        self.address = request.client.host if request.client else ""
        self.key = key
        self.expires = expires


def _name_of(actor: Actor) -> str:
    """The actor as log lines name it: `merchant:5`, and `merchant:5/key:12` for one that came with a key."""
    account = actor.kind if actor.id is None else f"{actor.kind}:{actor.id}"
    return account if actor.api_key_id is None else f"{account}/key:{actor.api_key_id}"


CallOf = Callable[[Request], Awaitable[Call]]


def _session_of(audience: str) -> CallOf:
    async def session(request: Request) -> Call:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated
        if token.startswith(API_KEY):
            return await _by_key(request, token, audience)
        found = read_token(token, audience, int(time.time()))
        actor = Actor(audience, found.account_id, found.session)
        key = await _key(request, f"{audience}:{found.account_id}")
        return Call(request, actor, key, expires=found.expires)

    return session


async def _by_key(request: Request, token: str, audience: str) -> Call:
    """The call of a merchant's machine; raises WrongAudience, WrongApiKey, NotForApiKeys."""
    if audience != MERCHANT:
        raise WrongAudience
    given = read_api_key(token)
    scope = scope_of(request.scope["route"].endpoint.__module__, request.method)
    if scope is None:
        raise NotForApiKeys
    actor = Actor(MERCHANT, given.account_id, given.digest, given.key_id, scope)
    call = Call(request, actor, await _key(request, f"{MERCHANT}:{given.account_id}"))
    request.state.machine = actor
    return call


async def _signed(request: Request) -> Call:
    verify_signature(await request.body(), request.headers)
    return Call(request, Actor(PLATFORM), await _key(request, PLATFORM))


def _without_account(audience: str) -> CallOf:
    async def newcomer(request: Request) -> Call:
        return Call(request, Actor(audience), await _key(request, f"{audience}:new:{fingerprint(await request.body())[:32]}"))

    return newcomer


def _report_of(session: CallOf) -> Callable[[Call], Awaitable[Call]]:
    """The same session, for a controller that reads much: it runs in a thread, on the replica where there is one."""

    async def report(call: Annotated[Call, Depends(session)]) -> Call:
        call.heavy = True
        return call

    return report


async def _anyone(request: Request) -> Call:
    return Call(request, Actor("anyone"))


async def _key(request: Request, scope: str) -> Key | None:
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
        raise BadKey
    in_form = media_type(request).startswith("multipart/")  # uploads.received adds the file's digest
    body = b"" if in_form else await request.body()
    parts = (request.method.encode(), request.url.path.encode(), request.url.query.encode(), body)
    return Key(scope, key, fingerprint(*parts))


merchant_session = _session_of(MERCHANT)
customer_session = _session_of(CUSTOMER)
admin_session = _session_of(ADMIN)
new_merchant = _without_account(MERCHANT)
new_customer = _without_account(CUSTOMER)
new_admin = _without_account(ADMIN)
platform_signature = _signed
SESSIONS = {merchant_session, customer_session, admin_session}

MerchantCall = Annotated[Call, Depends(merchant_session)]
CustomerCall = Annotated[Call, Depends(customer_session)]
AdminCall = Annotated[Call, Depends(admin_session)]
MerchantReport = Annotated[Call, Depends(_report_of(merchant_session))]
AdminReport = Annotated[Call, Depends(_report_of(admin_session))]
PlatformCall = Annotated[Call, Depends(platform_signature)]
NewMerchantCall = Annotated[Call, Depends(new_merchant)]
NewCustomerCall = Annotated[Call, Depends(new_customer)]
AnyoneCall = Annotated[Call, Depends(_anyone)]
