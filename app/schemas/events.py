"""Events: what a list of them is filtered by, and how one is shown."""

from typing import Annotated, Any

from pydantic import BaseModel

from app.schemas.fields import Id, Line
from app.schemas.paging import Listed, PageQuery


class EventFilters(PageQuery):
    business_id: Id | None = None
    order_id: Id | None = None
    verb: Annotated[str, Line(30)] | None = None


class EventView(BaseModel):
    """`type` is subject and verb (`order.ship`); `status` and `amount` (yuan) are the subject's, `order_number` its order's."""

    id: int
    time: int
    actor_kind: str
    actor_id: int | None
    api_key_id: int | None
    type: str
    verb: str
    subject: str
    subject_id: int
    from_status: int | None
    to_status: int | None
    order_number: str | None
    status: int | str | None
    amount: float | None
    details: dict[str, Any] | None
    request_id: str | None


class AuditView(EventView):
    business_id: int | None
    order_id: int | None


class Timeline(Listed):
    items: list[EventView]


class EventList(Listed):
    items: list[AuditView]
