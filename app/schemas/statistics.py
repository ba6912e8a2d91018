"""Statistics: the days that are asked for, and the figures."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.schemas.fields import Filters


def _day(text: Any) -> Any:
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.isoformat() != text:
        raise PydanticCustomError("day_format", "a date is written YYYY-MM-DD")
    return found


Day = Annotated[date, BeforeValidator(_day), Field(ge=date(1970, 1, 1), le=date(2037, 12, 31))]


class DayRange(Filters):
    """Days in the service's time zone, both ends included; the 30 days to today when left out."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None

    def days(self, today: date) -> tuple[date, date]:
        last = self.last or today
        return self.first or last - timedelta(days=29), last


class TrendQuery(DayRange):
    """Days in the service's time zone, both ends included: 366 at most, and 31 by hour; the 30 to today when left out."""

    by: Literal["day", "hour"] = "day"


class TopSkusQuery(DayRange):
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class Takings(BaseModel):
    """`orders` paid and `refunds` settled, and how much in yuan: `sales` and `refunded`."""

    orders: int
    sales: float
    refunds: int
    refunded: float


class DayTakings(Takings):
    date: str


class Period(Takings):
    """A day, named YYYY-MM-DD, or an hour, named YYYY-MM-DDTHH:MM+HH:MM; `time` is when it begins, in Unix seconds."""

    period: str
    time: int


class Present(BaseModel):
    """What waits now: orders to be shipped, those of them that are overdue, open tickets."""

    to_ship: int
    overdue: int
    open_tickets: int


class MerchantPresent(Present):
    low_stock: int


class PlatformPresent(Present):
    merchants: int
    customers: int


class TwoDays(BaseModel):
    timezone: str
    yesterday: DayTakings
    today: DayTakings


class Overview(TwoDays):
    now: MerchantPresent


class PlatformOverview(TwoDays):
    now: PlatformPresent


class SkuTakings(Takings):
    """`sold` is the quantity."""

    sku_id: int
    sku_name: str
    product_id: int
    product_name: str
    sold: int


class Ranged(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True)

    timezone: str
    first: Annotated[str, Field(alias="from")]
    last: Annotated[str, Field(alias="to")]


class Trend(Ranged):
    by: Literal["day", "hour"]
    items: list[Period]


class TopSkus(Ranged):
    items: list[SkuTakings]
