"""The worker's messenger: sends what is due to merchants' webhooks, many webhooks at a time, each in order."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpcore

from app.db.failures import is_away
from app.db.threads import in_thread
from app.db.work import SYSTEM, Actor, Work
from app.ops import incidents, tracing
from app.ops.incidents import survived
from app.process import alive
from app.redaction import redacted
from app.services.webhooks import attempts, fan_out, leases
from app.services.webhooks.leases import Delivery, Lease
from app.services.webhooks.retrying import Outcome
from app.services.webhooks.sender import Sender

INTERVAL = 1.0  # seconds between rounds
AT_ONCE = 100  # webhooks that are served at a time
TURN = 50  # deliveries to one webhook before others have their turn
GRACE = 5.0  # seconds for attempts that are under way at a stop
STEPS = ROUNDS, NEWS, TURNS, ATTEMPTS = ("webhook_rounds", "webhook_news", "webhook_turns", "webhook_attempts")

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Messenger:
    """Serves webhooks until stopped. A failed attempt ends the turn of its webhook, so slow receivers hold up nobody else."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._tls = httpcore.default_ssl_context()
        self._serving: set[asyncio.Task[None]] = set()

    async def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; attempts that are under way then have GRACE seconds to finish."""
        try:
            while not stop.is_set():
                try:
                    await self.round()
                except Exception as error:
                    incidents.note(ROUNDS, error)
                await asyncio.sleep(INTERVAL)
            if self._serving:
                await asyncio.wait(self._serving, timeout=GRACE)
        finally:
            await self.close()

    async def round(self) -> None:
        """Make deliveries of new events, and start to serve the webhooks that have deliveries due."""
        with survived(NEWS):
            await self._spread()
        room = AT_ONCE - len(self._serving)
        for held in await self._do(leases.lease, room) if room else ():
            task = asyncio.create_task(self._serve(held))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def close(self) -> None:
        """Cancel the attempts that are under way; they will be made again."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until no attempt is under way."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def _spread(self) -> None:
        """Make deliveries of new events: for all webhooks at once, or for each one by itself when that fails."""
        try:
            while await self._do(fan_out.spread) == fan_out.BATCH:
                pass
        except Exception as error:
            if is_away(error):
                raise
            log.warning("deliveries are made for each webhook by itself: %s", redacted(error))
            for webhook_id in await self._do(fan_out.with_news):
                with survived(NEWS, webhook_id):
                    await self._do(fan_out.spread, webhook_id)

    async def _serve(self, held: Lease) -> None:
        rest = 0
        try:
            with tracing.job("webhook_turn", webhook_id=held.webhook_id):
                rest = await self._take_turn(held)
        except asyncio.CancelledError:
            log.info("webhook %s: stopped on the way, to be tried again", held.webhook_id)
        except Exception as error:  # it keeps its lease, so that it is not tried again at once
            incidents.note(TURNS, error, held.webhook_id)
            return
        try:
            await self._do(leases.give_back, held, rest)
        except Exception as error:
            incidents.note(TURNS, error, held.webhook_id)

    async def _take_turn(self, held: Lease) -> int:
        """Deliver what is due until an attempt fails; the seconds that the receiver then asks us to wait."""
        async with Sender(self._tls) as sender:
            for delivery in await self._do(leases.due, held, TURN):
                outcome = await self._sent(sender, held, delivery)
                if not await self._do(attempts.record, held, delivery, outcome):
                    return outcome.rest
        return 0

    async def _sent(self, sender: Sender, held: Lease, delivery: Delivery) -> Outcome:
        """The outcome of an attempt; an unexpected error counts as a failed attempt, like any other."""
        try:
            with tracing.job("webhook_attempt"):
                return await sender.send(held.webhook_id, delivery, int(self._clock()))
        except Exception as error:
            incidents.note(ATTEMPTS, error, delivery.id)
            return Outcome(0, error="internal_error")

    async def _do(self, act: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await in_thread(_carried_out, act, int(self._clock()), *arguments)
        finally:
            alive.beat("messenger")


def run(stop: threading.Event) -> None:
    """Deliver in this thread until `stop` is set."""
    asyncio.run(Messenger().run(stop))


def _carried_out(act: Callable[..., Result], now: int, *arguments: object) -> Result:
    with Work(Actor(SYSTEM), writes=True, now=now) as work:
        result = act(work, *arguments)
        work.commit()
        return result
