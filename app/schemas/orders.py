"""Orders: what a list of them is filtered by, placing and shipping, and how an order is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.schemas.except_orders import TicketView
from app.schemas.fields import Amount, Id, Input, Line, OrderNumber, ReceiverPhone, Statuses, Time, TrackingNumber
from app.schemas.paging import Conditions, Listed, PageQuery


class OrderConditions(Conditions):
    """The filters of orders; `receiver` is a part of name or phone, times are Unix seconds, ends included."""

    status: Statuses | None = None
    order_number: Annotated[str, Line(30)] | None = None
    receiver: Annotated[str, Line(30)] | None = None
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


class Ship(Input):
    """A known `logistic_id` gives the carrier's name; without it `logistic_name` is needed."""

    logistic_id: Id | None = None
    logistic_name: Annotated[str, Line(15)] | None = None
    logistic_order_id: TrackingNumber
    deliver_address: Annotated[str, Line(150)] | None = None


class Cancel(Input):
    """Why the order can't be delivered; with `restock` false its pieces are not put back into stock."""

    remark: Annotated[str, Line(400)]
    restock: bool = True


class Place(Input):
    """A paid order; `pay_count` in yuan (price × num when left out), `create_time` when it was paid (now)."""

    order_number: OrderNumber
    customer_id: Id
    sku_id: Id
    num: Annotated[int, Field(ge=1, le=1_000_000)]
    receiver_name: Annotated[str, Line(30)]
    receiver_phone: ReceiverPhone
    receiver_address: Annotated[str, Line(300)]
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
    actions: list[str]
    deadline_at: int | None
    refunded: float
    pieces_left: int


class OrderDetail(OrderView):
    except_order: TicketView | None


class OrderList(Listed):
    items: list[OrderView]
