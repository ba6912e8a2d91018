"""The types that inputs share: every text, number and amount that a caller sends is one of these."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_INT = 2**31 - 1
MAX_PRICE = 10_000_000
MAX_AMOUNT = 1e13
MOST_UNKNOWN = 10  # fields
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _Closed(BaseModel):
    """Refuses unknown fields: a few by name, many with one error, because each error is many times as long as the field."""

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, given: Any) -> Any:
        most = len(cls.model_fields) + MOST_UNKNOWN
        if isinstance(given, dict) and len(given) > most:
            raise PydanticCustomError("too_many_fields", "at most {most} fields can be given here", {"most": most})
        return given


class Input(_Closed):
    """A body: unknown fields are refused, and nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Filters(_Closed):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_character", "control characters are not allowed")
    return text


def _cents(amount: float) -> float:
    if round(amount, 2) != amount:
        raise PydanticCustomError("too_many_decimals", "money has two decimals at most")
    return amount


def listed(value: Any) -> Any:
    """`?status=0&status=1` and `?status=0,1` say the same."""
    values = value if isinstance(value, list) else [value]
    return [part for item in values for part in (item.split(",") if isinstance(item, str) else [item])]


@dataclass(frozen=True, slots=True)
class Line(GroupedMetadata):
    """One line of text, trimmed, 1 to `longest` characters, none of them a control character."""

    longest: int

    def __iter__(self) -> Iterator[Any]:
        yield StringConstraints(min_length=1, max_length=self.longest, strip_whitespace=True)
        yield AfterValidator(_printable)


Id = Annotated[int, Field(ge=1, le=MAX_INT)]
Time = Annotated[int, Field(ge=0, le=MAX_INT)]
Count = Annotated[int, Field(ge=0, le=MAX_INT)]
Price = Annotated[float, Field(gt=0, le=MAX_PRICE, allow_inf_nan=False), AfterValidator(_cents)]
Amount = Annotated[float, Field(gt=0, le=MAX_AMOUNT, allow_inf_nan=False), AfterValidator(_cents)]
Pieces = Annotated[int, Field(ge=1, le=1_000_000)]
Statuses = Annotated[list[Annotated[int, Field(ge=-1, le=4)]], Field(min_length=1, max_length=20), BeforeValidator(listed)]

Name = Annotated[str, Line(255)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128), AfterValidator(_printable)]
GivenPassword = Annotated[str, StringConstraints(max_length=128), AfterValidator(_printable)]
TrackingNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{1,30}$")]
OrderNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-]{1,30}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9]{11}$")]
ReceiverPhone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9\-]{5,12}$", max_length=12)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=255), AfterValidator(_printable)]
