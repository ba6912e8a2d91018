"""One attempt to deliver: a signed POST to an address that was checked, within TIMEOUT."""

import asyncio
import ssl
import time
from datetime import UTC, datetime
from typing import Self

import httpcore
import orjson

from app.models.webhook import MOST_KEPT
from app.services.webhooks import retry_after
from app.services.webhooks.addresses import AddressRefused, GuardedNetwork, HostNotFound
from app.services.webhooks.leases import Delivery
from app.services.webhooks.retrying import RETRIES, Outcome
from app.services.webhooks.secrets import secret_of, signatures

TIMEOUT = 15.0  # seconds for the whole attempt
RESTS = {429, 503}  # the answers whose Retry-After is followed
ERRORS = {
    AddressRefused: "address_not_allowed",
    HostNotFound: "host_not_found",
    ssl.SSLError: "tls_failed",
    TimeoutError: "timed_out",
    httpcore.TimeoutException: "timed_out",
    httpcore.ConnectError: "connection_failed",
    httpcore.NetworkError: "connection_lost",
    httpcore.ProtocolError: "not_http",
    OSError: "connection_failed",
}


class Sender:
    """Sends the deliveries of one turn at a webhook over one connection; it follows no redirects and uses no proxy."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=GuardedNetwork(), max_connections=1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._pool.aclose()

    async def send(self, webhook_id: int, delivery: Delivery, now: int) -> Outcome:
        """Attempt the delivery at `now` (Unix time); the outcome says what went wrong."""
        body = _payload(delivery)
        headers = _headers(webhook_id, delivery, now, body)
        begun = time.monotonic()
        status, kept, error, rest = None, b"", None, 0
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                self._pool.stream("POST", delivery.url, headers=headers, content=body) as answer,
            ):
                status, rest = answer.status, _rest(answer, now)
                async for chunk in answer.aiter_stream():
                    kept += chunk
                    if len(kept) >= MOST_KEPT:
                        break
        except tuple(ERRORS) as failure:
            error = None if status is not None else _named(failure)
        taken = round((time.monotonic() - begun) * 1000)
        return Outcome(taken, status, _text(kept) if status is not None else None, error, rest)


def message_id(webhook_id: int, event_id: int) -> str:
    """The `webhook-id` header: the same at each attempt to deliver this event to this webhook."""
    return f"msg_{webhook_id}_{event_id}"


def _payload(delivery: Delivery) -> bytes:
    time = datetime.fromtimestamp(delivery.time, UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": delivery.type, "timestamp": time, "data": orjson.Fragment(delivery.body)})


def _headers(webhook_id: int, delivery: Delivery, now: int, body: bytes) -> dict[str | bytes, str | bytes]:
    seeds = [seed for seed in (delivery.secret_seed, delivery.previous_seed) if seed is not None]
    message = message_id(webhook_id, delivery.event_id)
    secrets = [secret_of(webhook_id, seed) for seed in seeds]
    return {
        "content-type": "application/json",
        "user-agent": "meta_be",
        "webhook-id": message,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(secrets, message, now, body.decode()),
    }


def _rest(answer: httpcore.Response, now: int) -> int:
    """Seconds that the receiver asks us to wait, at most as long as the last retry waits anyway."""
    asked = next((value.decode("latin-1") for name, value in answer.headers if name.lower() == b"retry-after"), "")
    return min(retry_after.seconds(asked, now), max(RETRIES)) if answer.status in RESTS else 0


def _named(failure: BaseException) -> str:
    """The name in ERRORS for a failure; httpcore wraps TLS errors, which are named themselves."""
    while failure.__context__ is not None and isinstance(failure.__context__, ssl.SSLError):
        failure = failure.__context__
    return next(name for kind, name in ERRORS.items() if isinstance(failure, kind))


def _text(body: bytes) -> str:
    return body[:MOST_KEPT].decode(errors="replace").replace("\0", "\ufffd")
