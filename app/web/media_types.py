"""What a request says that its body is."""

from fastapi import Request


def media_type(request: Request) -> str:
    """The media type of the request's body, in lower case and without parameters (RFC 9110, 8.3); empty if it names none."""
    return str(request.headers.get("content-type", "").partition(";")[0].strip().lower())
