"""API keys at the door: the use of a key is recorded, and wrong keys are slowed down as wrong passwords are."""

import time

from fastapi import Request

from app.config import MINUTE
from app.db.async_driver import on_loop
from app.db.work import Actor, Work
from app.services.accounts import api_keys, slowing, tries

_recorded: dict[str, float] = {}  # when this process last recorded the use of a key, by its digest


async def answered(request: Request) -> None:
    """A call was answered: record the use of its key, if it came with one, once a minute."""
    actor: Actor | None = getattr(request.state, "machine", None)
    if actor is None or actor.session is None:
        return
    now = time.monotonic()
    if now - _recorded.get(actor.session, -MINUTE) >= MINUTE:
        _recorded[actor.session] = now
        await on_loop(_record, actor)


async def refused(request: Request) -> None:
    """A call came with a wrong key: count it, and wait if many did from its address. Raises TooManyTries."""
    actor: Actor | None = getattr(request.state, "machine", None)
    name = "malformed" if actor is None else f"{actor.id}_{actor.api_key_id}"
    tried = await on_loop(_count, name, request.client.host if request.client else "")
    await slowing.wait(tried.source, tried.delay)


def _record(actor: Actor) -> None:
    with Work(actor, writes=True) as work:
        api_keys.used(work)
        work.commit()


def _count(name: str, address: str) -> tries.Try:
    with Work(Actor("anyone"), writes=True) as work:
        tried = api_keys.refused(work, name, address)
        work.commit()
        return tried
