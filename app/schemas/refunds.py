"""Refund payments: what the list is filtered by, what the platform reports, and how one is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.schemas.fields import Id, Input, Line, Time, listed
from app.schemas.paging import Listed, PageQuery

RefundStatus = Literal["due", "paid", "failed"]


class RefundFilters(PageQuery):
    """`overdue`: due for more than a day and not paid."""

    status: Annotated[list[RefundStatus], Field(min_length=1, max_length=20), BeforeValidator(listed)] | None = None
    overdue: bool | None = None


class AdminRefundFilters(RefundFilters):
    business_id: Id | None = None


class Pay(Input):
    """`reference` is the payment's number at the platform; `paid_time` in Unix seconds, now when left out."""

    reference: Annotated[str, Line(100)]
    paid_time: Time | None = None


class Fail(Input):
    reason: Annotated[str, Line(400)]


class RefundView(BaseModel):
    """A refund that is owed for a settled ticket; `amount` in yuan. `reason` says why the last attempt to pay it failed."""

    ticket_id: int
    order_id: int
    order_number: str
    business_id: int
    customer_id: int
    amount: float
    due_time: int
    status: RefundStatus
    paid_time: int | None
    reference: str | None
    reason: str | None


class RefundList(Listed):
    items: list[RefundView]
