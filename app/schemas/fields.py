"""The types that inputs share: every text, number and amount that a caller sends is one of these."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app import text

MAX_INT = 2**31 - 1
MAX_PRICE = 10_000_000
MAX_AMOUNT = 1e13
MOST_UNKNOWN = 10  # fields
NOTHING = "-"  # stands where a text is needed and nothing was given
NOISE = 1e-9  # what an amount may be off by, as 19.9 * 3 is in binary
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Kind = TypeVar("Kind")


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


class Nothing(Input):
    """What is given to an operation that takes no body, or no query."""


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Change(Input):
    """A body that changes what it names: what is left out is untouched, so the document shows no defaults."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


class Filters(_Closed):
    """Query parameters: unknown ones are refused, empty ones are as if they were not there."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = _names_of(cls)
        return {name: value for name, value in given.items() if name not in known or not _is_empty(value)}


@cache
def _names_of(model: type[BaseModel]) -> frozenset[str | None]:
    """The names and aliases of a model's fields."""
    return frozenset(model.model_fields) | {field.alias for field in model.model_fields.values()}


def _is_empty(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return isinstance(value, str) and text.one_line(value) == ""


def _printable(password: str) -> str:
    if _CONTROL.search(password):
        raise PydanticCustomError("control_character", "control characters are not allowed")
    return password


def _without_noise(amount: Any) -> Any:
    """The nearest cent where binary arithmetic has moved the amount off it, by a few units in the last place at most."""
    if not isinstance(amount, float) or not math.isfinite(amount):
        return amount
    nearest = round(amount, 2)
    return nearest + 0.0 if abs(nearest - amount) < max(NOISE, 4 * math.ulp(amount)) else amount  # and no -0.0


def _cents(amount: float) -> float:
    amount = _without_noise(amount)
    if round(amount, 2) != amount:
        raise PydanticCustomError("too_many_decimals", "money has two decimals at most")
    return amount


def listed(value: Any) -> Any:
    """`?status=0&status=1` and `?status=0,1` say the same; what is empty between the commas says nothing."""
    values = value if isinstance(value, list) else [value]
    parts = [part for item in values for part in (item.split(",") if isinstance(item, str) else [item])]
    return [part for part in parts if part != ""] or parts


def once_each(values: list[Kind]) -> list[Kind]:
    """The values without those that came before."""
    return list(dict.fromkeys(values))


def understood_as(understood: Callable[[str], str]) -> BeforeValidator:
    """Reads a text as `understood` makes it plain; whatever is no text is left to the type that it is for."""
    return BeforeValidator(lambda given: understood(given) if isinstance(given, str) else given)


def _empty_is_null(value: Any) -> Any:
    return None if isinstance(value, str) and text.one_line(value) == "" else value


def _bare_phone(given: str) -> str:
    """A Chinese mobile number without the country's prefix, spaces and hyphens."""
    return re.sub(r"^(\+|00)86", "", text.compact(given).replace("-", ""))


@dataclass(frozen=True, slots=True)
class Line(GroupedMetadata):
    """One line of text as `text.one_line` makes it plain, 1 to `longest` characters."""

    longest: int

    def __iter__(self) -> Iterator[Any]:
        yield StringConstraints(min_length=1, max_length=self.longest)
        yield understood_as(text.one_line)


@dataclass(frozen=True, slots=True)
class Prose(GroupedMetadata):
    """Free text that may have line breaks, as `text.prose` makes it plain, 1 to `longest` characters."""

    longest: int

    def __iter__(self) -> Iterator[Any]:
        yield StringConstraints(min_length=1, max_length=self.longest)
        yield understood_as(text.prose)


@dataclass(frozen=True, slots=True)
class Given(GroupedMetadata):
    """One line of text that is not refused for its form: `longest` characters, plain or as sent; "-" if none is visible."""

    longest: int

    def __iter__(self) -> Iterator[Any]:
        yield Field(json_schema_extra={"maxLength": self.longest})
        yield AfterValidator(self._plain)

    def _plain(self, given: str) -> str:
        plain = text.one_line(given)
        if min(len(plain), len(given)) > self.longest:  # NFC makes some texts longer
            limit = {"max_length": self.longest}
            raise PydanticCustomError("string_too_long", "String should have at most {max_length} characters", limit)
        return plain or NOTHING


Optionally = Annotated[Kind | None, BeforeValidator(_empty_is_null)]  # an optional text: an empty one is the same as null

Id = Annotated[int, Field(ge=1, le=MAX_INT)]
Time = Annotated[int, Field(ge=0, le=MAX_INT)]
Count = Annotated[int, Field(ge=0, le=MAX_INT)]
# Yuan, to the cent.
Price = Annotated[
    float, Field(ge=0, le=MAX_PRICE, allow_inf_nan=False), BeforeValidator(_without_noise), AfterValidator(_cents)
]
Amount = Annotated[
    float, Field(ge=0, le=MAX_AMOUNT, allow_inf_nan=False), BeforeValidator(_without_noise), AfterValidator(_cents)
]
Pieces = Annotated[int, Field(ge=1, le=1_000_000)]
Statuses = Annotated[list[Annotated[int, Field(ge=-1, le=4)]], Field(min_length=1, max_length=20), BeforeValidator(listed)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=1000), BeforeValidator(listed), AfterValidator(once_each)]

Name = Annotated[str, Line(255)]
SkuCode = Annotated[str, StringConstraints(min_length=1, max_length=50), understood_as(text.code)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128), AfterValidator(_printable)]
GivenPassword = Annotated[str, StringConstraints(max_length=128), AfterValidator(_printable)]
TrackingNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._\-]{1,30}$"), understood_as(text.compact)]
OrderNumberPart = Annotated[str, StringConstraints(min_length=1, max_length=30), understood_as(text.code)]
OrderNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-]{1,30}$"), understood_as(text.code)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9]{11}$"), understood_as(_bare_phone)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=255), understood_as(text.code)]
