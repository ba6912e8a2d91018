"""Orders: what a list of them is filtered by, placing and shipping, and how an order is shown."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.schemas.except_orders import Step, TicketView
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
    Prose,
    Statuses,
    Time,
    TrackingNumber,
)
from app.schemas.paging import Conditions, Listed, PageQuery
from app.schemas.parties import Parties

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


class MerchantOrderConditions(OrderConditions):
    """What a merchant filters by beside: what their own notes, parcels and buyers tell them."""

    q: Annotated[
        Annotated[str, Line(200)] | None,
        Field(
            description="A part of the order number, the receiver's name or phone, the tracking number or the product (搜索)"
        ),
    ] = None
    logistic_order_id: Annotated[TrackingNumber | None, Field(description="The tracking number, whole (物流单号)")] = None
    customer_id: Annotated[Id | None, Field(description="The buyer (买家ID)")] = None
    deliver_from: Time | None = None
    deliver_to: Time | None = None
    flag: Annotated[
        int | None, Field(ge=0, le=5, description="The merchant's own flag (标记), 1 to 5; 0 for orders without")
    ] = None

    def filters(self) -> dict[str, Any]:
        given = super().filters()
        if given.get("flag") == 0:
            given["unflagged"] = given.pop("flag")
        return given


class MerchantOrderFilters(MerchantOrderConditions, PageQuery):
    sort: Annotated[
        Literal["newest", "oldest", "deadline"],
        Field(
            description="The order of the list (排序). `deadline`: of the orders to be shipped or received, "
            "those whose deadline falls first; others have none that is kept for them, and are left out"
        ),
    ] = "newest"


class AdminOrderConditions(OrderConditions):
    business_id: Id | None = None
    customer_id: Id | None = None


class AdminOrderFilters(AdminOrderConditions, PageQuery):
    """A page of everybody's orders that pass the filters."""


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


class OrderNote(Input):
    """What the merchant notes on an order; it takes the place of what was noted before."""

    note: Annotated[
        Optionally[Annotated[str, Prose(500)]],
        Field(description="Free text for the merchant alone (备注), at most 500 characters; null or empty for none"),
    ] = None
    flag: Annotated[int, Field(ge=0, le=5, description="The merchant's own flag (标记), 1 to 5; 0 for none")] = 0


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


class AdminOrder(Parties, OrderView):
    """An order as staff see it."""


class AdminOrderDetail(AdminOrder):
    except_order: TicketView | None


class AdminOrderList(Listed):
    items: list[AdminOrder]


class TicketInForce(BaseModel):
    """The order's ticket, as far as a list shows it."""

    id: Annotated[int, Field(description="The ticket (服务单ID)")]
    step: Annotated[Step, Field(description="Where it stands (进度)")]
    back_cost: Annotated[float, Field(description="The refund that is asked for, or was agreed, in yuan (退款金额)")]


class MerchantOrder(OrderView):
    """An order as its merchant sees it, with what the merchant notes on it and nobody else sees."""

    note: Annotated[str | None, Field(description="The merchant's own note (备注)")]
    flag: Annotated[int, Field(ge=0, le=5, description="The merchant's own flag (标记), 1 to 5; 0 for none")]
    ticket: Annotated[TicketInForce | None, Field(description="The ticket in force (服务单); null if there is none")]


class MerchantOrderDetail(MerchantOrder):
    except_order: TicketView | None
    customer_name: Annotated[str, Field(description="The buyer's account name (买家)")]


class MerchantOrderList(Listed):
    items: list[MerchantOrder]
