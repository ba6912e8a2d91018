"""A merchant's live news, as Server-Sent Events."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import anyio
import orjson
from fastapi import Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.db.async_driver import on_loop
from app.db.failures import AWAY
from app.errors import AppError, NotAuthenticated
from app.routers.merchant import router
from app.services.events import stream
from app.services.events.bell import bell
from app.web.dependencies import Call, MerchantCall

HEARTBEAT = 15  # seconds between signs of life; the session is looked at as often
FAREWELL = 2  # seconds that a stream has to end by itself when the process stops


@router.get("/events", responses={200: {"content": {"text/event-stream": {}}}}, response_class=Response)
async def follow_events(call: MerchantCall, last_event_id: Annotated[str | None, Header()] = None) -> EventSourceResponse:
    """Follow what happens in the shop (实时消息), as it happens, named by its type (`order.ship`).

    `Last-Event-ID` goes on without loss or doubling.
    """
    start = stream.Position.parse(last_event_id) if last_event_id else await on_loop(_present, call)
    leaving = anyio.Event()
    news = _news(call, start, leaving)
    return EventSourceResponse(news, ping=HEARTBEAT, shutdown_event=leaving, shutdown_grace_period=FAREWELL)


async def _news(call: Call, position: stream.Position, leaving: anyio.Event) -> AsyncIterator[ServerSentEvent]:
    assert call.actor.id is not None
    with bell.heard_by(call.actor.id) as rung, _set_after(leaving, rung):
        yield ServerSentEvent(id=str(position), comment="from here", retry=2000)
        while not leaving.is_set():
            rung.clear()
            try:
                news = await on_loop(_after, call, position)
            except AWAY:
                await asyncio.sleep(1)
                continue
            except AppError as ended:  # logged out, disabled, or the token has expired
                yield ServerSentEvent(event="closed", data=orjson.dumps({"code": ended.code}).decode())
                return
            for position, type_, body in news.events:
                yield ServerSentEvent(id=str(position), event=type_, data=body)
            if not news.more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), min(HEARTBEAT, call.expires - time.time()))
        yield ServerSentEvent(comment="this process stops: come back", retry=500 + secrets.randbelow(2000))


@contextmanager
def _set_after(first: anyio.Event, then: asyncio.Event) -> Iterator[None]:
    async def wait() -> None:
        await first.wait()
        then.set()

    waiting = asyncio.create_task(wait())
    try:
        yield
    finally:
        waiting.cancel()


def _present(call: Call) -> stream.Position:
    with call:
        return stream.present(call)


def _after(call: Call, position: stream.Position) -> stream.News:
    if call.expires <= time.time():
        raise NotAuthenticated
    with call:
        return stream.after(call, position)
