"""The secrets that deliveries are signed with: derived from SECRET_KEY, so nobody can sign as us with a leaked database."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from app.config import settings


def secret_of(webhook_id: int, seed: str) -> str:
    """The secret of a webhook, as Standard Webhooks writes it; the seed is new with each rotation."""
    message = f"webhook:{webhook_id}:{seed}".encode()
    return "whsec_" + base64.b64encode(hmac.digest(settings.token_key.encode(), message, hashlib.sha256)).decode()


def signatures(secrets: list[str], message_id: str, now: int, body: str) -> str:
    """The `webhook-signature` of a body: one for each secret in force, the newest first."""
    time = datetime.fromtimestamp(now, UTC)
    return " ".join(Signer(secret).sign(message_id, time, body) for secret in secrets)
