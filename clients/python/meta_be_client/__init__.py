"""The client of meta_be: every operation of its OpenAPI document, typed; the live stream; webhooks, verified.

`meta_be_client.generated` is made from the document: a module for each operation under `generated.api`, what goes in and comes
out in `generated.models`.
"""

from meta_be_client.connection import connect, connect_platform
from meta_be_client.generated.client import AuthenticatedClient
from meta_be_client.generated.types import UNSET, File
from meta_be_client.live import Stream, StreamEnded
from meta_be_client.problems import ProblemError, answered
from meta_be_client.webhooks import BadSignature, Delivered, verify_webhook

__all__ = [
    "UNSET",
    "AuthenticatedClient",
    "BadSignature",
    "Delivered",
    "File",
    "ProblemError",
    "Stream",
    "StreamEnded",
    "answered",
    "connect",
    "connect_platform",
    "verify_webhook",
]
