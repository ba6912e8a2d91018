"""Events: what a list of them is filtered by, and how one is shown."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.fields import Id, Line, Time
from app.schemas.paging import Listed, PageQuery


class EventFilters(PageQuery):
    """Times are Unix seconds, ends included; an id of an actor or a subject needs its kind."""

    time_from: Time | None = None
    time_to: Time | None = None
    actor_kind: Literal["merchant", "customer", "admin", "platform", "system"] | None = None
    actor_id: Id | None = None
    subject: Annotated[str, Line(20)] | None = None
    subject_id: Id | None = None
    type: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}\.[a-z_\-]{1,30}$")] | None = None
    request_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._\-]{1,64}$")] | None = None
    business_id: Id | None = None
    order_id: Id | None = None
    verb: Annotated[str, Line(30)] | None = None

    @model_validator(mode="after")
    def _of_a_kind(self) -> Self:
        if self.actor_id is not None and self.actor_kind is None:
            raise PydanticCustomError("actor_kind_missing", "give actor_kind with actor_id")
        if self.subject_id is not None and self.subject is None and self.type is None:
            raise PydanticCustomError("subject_missing", "give subject or type with subject_id")
        return self


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
