"""The events of the service as the document's webhooks: what each type carries."""

from typing import Any

Schema = dict[str, Any]


def schemas(known: dict[str, Schema]) -> dict[str, Schema]:
    """The schema of each event's message."""
    return {}


def described() -> dict[str, Schema]:
    """The webhooks, by the types of their events."""
    return {}
