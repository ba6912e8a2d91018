"""Types of settings that pydantic does not have: networks, time zones, and words in upper or lower case."""

from typing import Annotated
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


LOWER_CASE = BeforeValidator(_lower)
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Networks = Annotated[str, AfterValidator(_parsable)]
"""Addresses and networks, comma-separated, for `app.networks`."""
