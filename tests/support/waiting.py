"""Waiting for what happens in another process, and for a server that answers."""

import time
from collections.abc import Callable
from typing import Any

import httpx

WAITING = "SELECT pid FROM pg_stat_activity WHERE application_name = 'meta_be' AND wait_event_type = 'Lock'"
"""Who of ours waits for a lock that somebody holds."""


def eventually(holds: Callable[[], Any], seconds: float = 20, *, told: Callable[[], str] = lambda: "") -> Any:
    """What `holds` returns once it is true; `told` says what is known when it never is."""
    begun = time.monotonic()
    while not (found := holds()):
        waited = time.monotonic() - begun
        assert waited < seconds, f"it does not come true\n{told()}"
        time.sleep(min(max(0.01, waited / 20), 0.2))  # what has not come soon is looked for less often
    return found


def answers(url: str, headers: dict[str, str] | None = None) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
