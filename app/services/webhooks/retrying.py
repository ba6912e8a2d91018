"""What follows from an attempt to deliver: whether the delivery is done, failed, or tried again, and when."""

import random
from dataclasses import dataclass

from app.config import DAY, HOUR
from app.models.webhook import DELIVERED, FAILED, PENDING

RETRIES = (5, 300, HOUR // 2, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY)  # Standard Webhooks' own schedule
JITTER = 0.1
PATIENCE = 5 * DAY  # how long a webhook may fail before it is disabled
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the status and the start of the body of the answer, or the `error` that prevented one."""

    duration_ms: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    rest: int = 0  # seconds that the receiver asked us to wait (Retry-After)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def after(outcome: Outcome, attempts: int, now: int) -> dict[str, object]:
    """The columns of a delivery after an attempt; `attempts` counts those before it."""
    status, again = FAILED, None
    if outcome.succeeded:
        status = DELIVERED
    elif outcome.status != GONE and attempts < len(RETRIES):
        wait = RETRIES[attempts]
        wait += round(wait * random.uniform(0, JITTER))  # noqa: S311 - spreads load, no secret
        status, again = PENDING, now + max(wait, outcome.rest)
    return {
        "status": status,
        "attempts": attempts + 1,
        "next_attempt_time": again,
        "response_status": outcome.status,
        "response_body": outcome.body,
        "error": outcome.error,
        "duration_ms": outcome.duration_ms,
    }


def reason_to_disable(outcome: Outcome, failing_since: int, now: int) -> str | None:
    """Why a webhook is disabled after a failed attempt, or None: its receiver is gone, or it has failed for too long."""
    if outcome.status == GONE:
        return "gone"
    return "failing" if now - failing_since >= PATIENCE else None
