"""Reading a Retry-After header (RFC 9110, 10.2.3): a number of seconds, or a date."""

from datetime import UTC
from email.utils import parsedate_to_datetime

_DIGITS = 10  # that are read of a number of seconds


def seconds(asked: str, now: int) -> int:
    """Seconds to wait from `now`; 0 when the date is in the past, or the header cannot be read."""
    if asked.isascii() and asked.isdigit():
        return int(asked[:_DIGITS])
    try:
        date = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return 0
    return max(0, int(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) - now)
