"""Types of settings that pydantic does not have: networks, time zones, and words in upper or lower case."""

from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator

from app import networks


def _lower(word: object) -> object:
    return word.lower() if isinstance(word, str) else word


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"TIMEZONE is not a time zone: {name}; write it as Asia/Shanghai") from None
    return name


def _parsable(text: str) -> str:
    networks.parsed(text)
    return text


def _reachable(url: str) -> str:
    if url and (not url.startswith(("http://", "https://")) or not urlsplit(url).hostname):
        raise ValueError("is not a URL such as http://collector:4318")
    return url


LOWER_CASE = BeforeValidator(_lower)
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Networks = Annotated[str, AfterValidator(_parsable)]
"""Addresses and networks, comma-separated, for `app.networks`."""
HttpUrl = Annotated[str, AfterValidator(_reachable)]
"""A URL of HTTP or HTTPS, or nothing."""
