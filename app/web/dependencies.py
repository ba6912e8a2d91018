"""Who is at the door: the dependencies that hand a controller the work of its caller."""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Path, Request

from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, Actor, Work
from app.errors import BadKey, NotAuthenticated
from app.schemas.fields import MAX_INT
from app.security import fingerprint, read_token, verify_signature
from app.services.idempotency import Key
from app.web.media_types import media_type
from app.web.middleware import READING

RowId = Annotated[int, Path(ge=1, le=MAX_INT)]


class Call(Work):
    """The work of one request: as `Work`, with the caller's address, Idempotency-Key and when the token expires (Unix time)."""

    def __init__(self, request: Request, actor: Actor, key: Key | None = None, *, expires: float = math.inf) -> None:
        super().__init__(actor, writes=request.method not in READING, request_id=request.state.request_id)
        request.state.actor = actor.kind if actor.id is None else f"{actor.kind}:{actor.id}"
        self.address = request.client.host if request.client else ""
        self.key = key
        self.expires = expires


Caller = Callable[[Request], Awaitable[Call]]  # a dependency that finds out who calls


def _session_of(audience: str) -> Caller:
    async def session(request: Request) -> Call:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated
        found = read_token(token, audience, int(time.time()))
        actor = Actor(audience, found.account_id, found.session)
        key = await _key(request, f"{audience}:{found.account_id}")
        return Call(request, actor, key, expires=found.expires)

    return session


async def _signed(request: Request) -> Call:
    verify_signature(await request.body(), request.headers)
    return Call(request, Actor(PLATFORM), await _key(request, PLATFORM))


def _stranger_at(audience: str) -> Caller:
    async def stranger(request: Request) -> Call:
        return Call(request, Actor(audience), await _key(request, f"{audience}:new:{fingerprint(await request.body())[:32]}"))

    return stranger


def _heavy(session: Caller) -> Callable[[Call], Awaitable[Call]]:
    async def heavy(call: Annotated[Call, Depends(session)]) -> Call:
        call.heavy = True
        return call

    return heavy


async def _anyone(request: Request) -> Call:
    return Call(request, Actor("anyone"))


async def _key(request: Request, scope: str) -> Key | None:
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
        raise BadKey
    in_form = media_type(request).startswith("multipart/")  # its files are not read into memory here
    body = b"" if in_form else await request.body()
    parts = (request.method.encode(), request.url.path.encode(), request.url.query.encode(), body)
    return Key(scope, key, fingerprint(*parts))


merchant_session = _session_of(MERCHANT)
customer_session = _session_of(CUSTOMER)
admin_session = _session_of(ADMIN)
new_merchant = _stranger_at(MERCHANT)
new_customer = _stranger_at(CUSTOMER)
new_admin = _stranger_at(ADMIN)
platform_signature = _signed
SESSIONS = {merchant_session, customer_session, admin_session}

MerchantCall = Annotated[Call, Depends(merchant_session)]
CustomerCall = Annotated[Call, Depends(customer_session)]
AdminCall = Annotated[Call, Depends(admin_session)]
MerchantReport = Annotated[Call, Depends(_heavy(merchant_session))]
"""The call of a merchant who asks for much at once: it may be read from the replica."""
AdminReport = Annotated[Call, Depends(_heavy(admin_session))]
PlatformCall = Annotated[Call, Depends(platform_signature)]
NewMerchantCall = Annotated[Call, Depends(new_merchant)]
NewCustomerCall = Annotated[Call, Depends(new_customer)]
AnyoneCall = Annotated[Call, Depends(_anyone)]
