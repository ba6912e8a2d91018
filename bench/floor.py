"""What is left to win: an app that only runs our statements, on the same server and driver as the service.

It reads one order or a page of orders; it finds no route, checks no input, counts and logs nothing.

    DATABASE_URL=… uvicorn bench.floor:app
"""

import time

from starlette.types import Receive, Scope, Send

from app.db.async_driver import on_loop
from app.db.work import MERCHANT, Actor, Work
from app.security import read_token
from app.services.orders import queries
from app.services.paging import Page

TO_SHIP = {"status": 0}
FIRST = Page(number=1, size=20)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/` to whoever waits for the start, and a merchant's `…/orders` and `…/orders/{id}`."""
    if scope["type"] != "http":
        return
    body = b"{}" if scope["path"] == "/" else await on_loop(_read, scope)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _read(scope: Scope) -> bytes:
    token = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
    caller = read_token(token, MERCHANT, int(time.time()))
    work = Work(Actor(MERCHANT, caller.account_id, caller.session), writes=False)
    last = scope["path"].rpartition("/")[2]
    if last == "orders":
        return work.perform(lambda: queries.page(work, TO_SHIP, FIRST)).encode()
    return work.perform(lambda: queries.get(work, int(last))).encode()
