"""Tickets (except orders): what buyers and merchants may ask for, and how a ticket is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel

from app.schemas.fields import Amount, Id, Input, Line, Statuses, Time, TrackingNumber
from app.schemas.paging import Listed, PageQuery
from app.schemas.refunds import RefundStatus

ExceptType = Literal["仅退款", "退货退款"]
Step = Literal["applied", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn", "lapsed"]


class TicketFilters(PageQuery):
    """The filters of a ticket list; times in Unix seconds, both ends included."""

    status: Statuses | None = None
    step: Step | None = None
    except_type: ExceptType | None = None
    order_id: Id | None = None
    create_from: Time | None = None
    create_to: Time | None = None
    overdue: bool | None = None


class AdminTicketFilters(TicketFilters):
    business_id: Id | None = None


class Ask(Input):
    """What the buyer asks for; `back_cost` in yuan, all that was paid when left out."""

    except_type: ExceptType
    back_reason: Annotated[str, Line(400)]
    back_cost: Amount | None = None


class Agree(Input):
    """`back_cost` in yuan, what the buyer asked for when left out."""

    back_cost: Amount | None = None
    remark: Annotated[str, Line(400)] | None = None
    restock: bool | None = None


class Refuse(Input):
    remark: Annotated[str, Line(400)]


class Receive(Input):
    """Whether the goods go back to stock."""

    restock: bool = True


class SendBack(Input):
    logistics_id: Id
    tracking_number: TrackingNumber


class ReturnParcelView(BaseModel):
    id: int
    logistics_id: int
    tracking_number: str
    create_time: int


class TicketRefund(BaseModel):
    """The payment of a settled ticket's refund; `amount` in yuan."""

    amount: float
    status: RefundStatus
    paid_time: int | None


class TicketView(BaseModel):
    id: int
    order_id: int
    business_id: int
    except_type: ExceptType
    status: Literal[0, 1, 2]
    create_time: int
    deliver_time: int | None
    recv_time: int | None
    close_time: int | None
    logistics_id: int | None
    logistics_order_id: int | None
    back_reason: str
    remark: str | None
    back_cost: float
    step: Step
    actions: list[str]
    deadline_at: int | None
    return_parcel: ReturnParcelView | None
    refund: TicketRefund | None


class TicketList(Listed):
    items: list[TicketView]
