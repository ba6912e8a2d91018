"""Entity tags: whether a caller has already what it asks for."""

from fastapi import Request


def is_known(request: Request, etag: str) -> bool:
    """Whether the caller has it already (RFC 9110, If-None-Match: compared weakly)."""
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known
