"""What a Retry-After asks for (RFC 9110, 10.2.3): a number of seconds, or a date."""

from datetime import UTC
from email.utils import parsedate_to_datetime

_DIGITS = 10  # of a number of seconds; more are as good as for ever


def seconds(asked: str, now: int) -> int:
    """How long to wait, in seconds from `now`; 0 when it has passed already, or can not be read."""
    if asked.isascii() and asked.isdigit():
        return int(asked[:_DIGITS])
    try:
        date = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return 0
    return max(0, int(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) - now)
