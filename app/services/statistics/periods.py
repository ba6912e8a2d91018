"""Days and hours by the shop's clock (`settings.timezone`), in Unix seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.config import HOUR, settings
from app.errors import RangeReversed, RangeTooLong

MOST_DAYS = {"day": 366, "hour": 31}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, but not including, `stop`; `name` is its date, or its time with the UTC offset."""

    name: str
    start: int
    stop: int


def today(now: int) -> date:
    """The date at `now`."""
    return datetime.fromtimestamp(now, _zone()).date()


def span(first: date, last: date) -> tuple[int, int]:
    """When the days from `first` to `last` begin and end."""
    return _midnight(first), _midnight(last + _DAY)


def split(first: date, last: date, by: str) -> list[Period]:
    """The days or hours from `first` to `last`; a day has 23 or 25 hours when the clocks change.

    Raises RangeReversed, RangeTooLong.
    """
    check(first, last, MOST_DAYS[by])
    found = days(first, last)
    return [hour for day in found for hour in _hours(day)] if by == "hour" else found


def days(first: date, last: date) -> list[Period]:
    dates = [first + number * _DAY for number in range((last - first).days + 1)]
    return [Period(day.isoformat(), *span(day, day)) for day in dates]


def check(first: date, last: date, most: int = MOST_DAYS["day"]) -> None:
    """Raises RangeReversed, RangeTooLong."""
    if last < first:
        raise RangeReversed(field="to")
    if (last - first).days >= most:
        raise RangeTooLong(field="to", most=most)


def _hours(day: Period) -> Iterator[Period]:
    for start in range(day.start, day.stop, HOUR):
        name = datetime.fromtimestamp(start, _zone()).isoformat(timespec="minutes")
        yield Period(name, start, min(start + HOUR, day.stop))


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time.min, _zone()).timestamp())


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.timezone)
