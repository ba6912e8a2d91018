"""Signatures of Standard Webhooks: those of deliveries, verified, and those of the platform's own requests."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from meta_be_client.generated.models import AuditView

TOLERANCE = 300  # seconds between the sender's clock and ours


class BadSignature(Exception):
    """The delivery was not sent by the service, or too long ago."""


@dataclass(frozen=True)
class Delivered:
    """A delivery. The same `id` may come again; `type` is what the webhook asked for, `event` what happened."""

    id: str
    type: str
    event: AuditView


def verify_webhook(secrets: str | list[str], body: bytes, headers: Mapping[str, str], *, now: float | None = None) -> Delivered:
    """What a delivery tells, if its signature is right; raises BadSignature.

    `secrets` are the webhook's (whsec_…): the one in force, and while it is rotated the one before it. `body` is as it came.
    """
    given = httpx.Headers(dict(headers))  # their names in any case
    id_, timestamp, signatures = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not timestamp.isdecimal() or abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        raise BadSignature("the delivery is too old, or from the future")
    known = [_signature(secret, id_, timestamp, body) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in signatures.split() for other in known):
        raise BadSignature("no signature of the delivery is right")
    message = json.loads(body)
    return Delivered(id_, message["type"], AuditView.from_dict(message["data"]))


def signed(secret: str, body: bytes) -> dict[str, str]:
    """The headers that sign a request of the platform's, sent now."""
    id_, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": _signature(secret, id_, timestamp, body),
    }


def _signature(secret: str, id_: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
