"""Orders: what a list of them is filtered by, placing and shipping, and how an order is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.schemas.except_orders import TicketView
from app.schemas.fields import (
    Amount,
    Change,
    Given,
    Id,
    Input,
    Line,
    Optionally,
    OrderNumber,
    OrderNumberPart,
    Statuses,
    Time,
    TrackingNumber,
)
from app.schemas.paging import Conditions, Listed, PageQuery

ReceiverName = Annotated[str, Given(200)]
ReceiverPhone = Annotated[str, Given(50)]
ReceiverAddress = Annotated[str, Given(1000)]


class OrderConditions(Conditions):
    """The filters of orders; `receiver` is a part of name or phone, times are Unix seconds, ends included."""

    status: Statuses | None = None
    order_number: OrderNumberPart | None = None
    receiver: Annotated[str, Line(200)] | None = None
    sku_id: Id | None = None
    create_from: Time | None = None
    create_to: Time | None = None
    updated_after: Time | None = None
    overdue: bool | None = None


class OrderFilters(OrderConditions, PageQuery):
    """A page of the orders that pass the filters."""


class AdminOrderFilters(OrderFilters):
    business_id: Id | None = None
    customer_id: Id | None = None


class CustomerOrderFilters(PageQuery):
    status: Statuses | None = None


class PlatformOrderFilters(PageQuery):
    """`updated_after`, in Unix seconds, includes its second."""

    status: Statuses | None = None
    updated_after: Time | None = None
    business_id: Id | None = None


class Ship(Input):
    """A known `logistic_id` gives the carrier's name; without it `logistic_name` is needed.

    `logistic_order_id` may be left out where the carrier has none (`needs_tracking` is false).
    """

    logistic_id: Id | None = None
    logistic_name: Optionally[Annotated[str, Line(15)]] = None
    logistic_order_id: Optionally[TrackingNumber] = None
    deliver_address: Optionally[Annotated[str, Line(150)]] = None


class Extend(Input):
    days: Annotated[int, Field(ge=1, le=30)]


class Cancel(Input):
    """Why the order can't be delivered; with `restock` false its pieces are not put back into stock."""

    remark: Annotated[str, Line(400)]
    restock: bool = True


class Place(Input):
    """A paid order; `pay_count` in yuan (price × num when left out), `create_time` when it was paid (now).

    It is not refused for the form of the receiver's name, phone or address: what fits no column is kept beside the order.
    """

    order_number: OrderNumber
    customer_id: Id
    sku_id: Id
    num: Annotated[int, Field(ge=1, le=1_000_000)]
    receiver_name: ReceiverName
    receiver_phone: ReceiverPhone
    receiver_address: ReceiverAddress
    pay_count: Amount | None = None
    create_time: Time | None = None


class SkuSnapshot(BaseModel):
    """What was bought, as it was then."""

    product_id: int
    product_name: str
    sku_name: str
    sku_attr: str | None
    price: float
    unit: str | None
    meta_obj_id: int | None


class ReceiverChange(Change):
    """What of the receiver is corrected; what is left out stays."""

    receiver_name: ReceiverName = ""
    receiver_phone: ReceiverPhone = ""
    receiver_address: ReceiverAddress = ""

    def given(self) -> dict[str, str]:
        """The parts that are given, by the names that the services know them by."""
        return {name.removeprefix("receiver_"): value for name, value in self.model_dump(exclude_unset=True).items()}


class ReceiverView(BaseModel):
    """The receiver whole, as the buyer gave it; the columns of the order hold what fits."""

    name: str
    phone: str
    address: str


class OrderView(BaseModel):
    """`refunded`: the yuan that its tickets gave back; `pieces_left`: those of `num` neither cancelled nor returned."""

    id: int
    order_number: str
    status: Literal[-1, 0, 1, 2, 3, 4]
    business_id: int
    customer_id: int
    sku_id: int
    num: int
    sku_snapshot: SkuSnapshot
    pay_count: float
    create_time: int
    deliver_time: int | None
    recv_time: int | None
    close_time: int | None
    deliver_address: str | None
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    logistic_id: int | None
    logistic_name: str | None
    logistic_order_id: str | None
    after_care_id: int | None
    back_reason: str | None
    receiver: ReceiverView
    updated_at: int
    actions: list[str]
    deadline_at: int | None
    refunded: float
    pieces_left: int


class OrderDetail(OrderView):
    except_order: TicketView | None


class OrderList(Listed):
    items: list[OrderView]
