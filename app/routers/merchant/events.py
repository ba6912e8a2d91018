"""A merchant's live news, as Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.database import AWAY
from app.dependencies import Call, MerchantCall
from app.errors import AppError
from app.live import bell
from app.routers.merchant import router
from app.services import feed
from app.threads import in_thread

HEARTBEAT = 15  # seconds between signs of life; the session is looked at as often


@router.get("/events", responses={200: {"content": {"text/event-stream": {}}}}, response_class=Response)
async def follow_events(call: MerchantCall, last_event_id: Annotated[str | None, Header()] = None) -> EventSourceResponse:
    """Everything that happens in the shop, as it happens; `Last-Event-ID` goes on without loss or doubling."""
    start = feed.Position.parse(last_event_id) if last_event_id else await in_thread(_present, call)
    return EventSourceResponse(_news(call, start), ping=HEARTBEAT)


async def _news(call: Call, position: feed.Position) -> AsyncIterator[ServerSentEvent]:
    assert call.actor.id is not None
    with bell.heard_by(call.actor.id) as rung:
        yield ServerSentEvent(id=str(position), comment="from here", retry=2000)
        while True:
            rung.clear()
            try:
                news = await in_thread(_after, call, position)
            except AWAY:
                await asyncio.sleep(1)
                continue
            except AppError as ended:  # logged out, or disabled
                yield ServerSentEvent(event="closed", data=orjson.dumps({"code": ended.code}).decode())
                return
            for position, verb, body in news.events:
                yield ServerSentEvent(id=str(position), event=verb, data=body)
            if not news.more:
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), HEARTBEAT)


def _present(call: Call) -> feed.Position:
    with call:
        return feed.present(call)


def _after(call: Call, position: feed.Position) -> feed.News:
    with call:
        return feed.after(call, position)
