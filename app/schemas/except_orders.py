"""Tickets (except orders): what buyers and merchants may ask for, and how a ticket is shown."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from app.models.evidence import MOST
from app.schemas.fields import (
    Amount,
    Id,
    Input,
    Line,
    Optionally,
    Pieces,
    Prose,
    Statuses,
    Time,
    TrackingNumber,
    listed,
    once_each,
)
from app.schemas.paging import Conditions, Listed, PageQuery
from app.schemas.parties import Parties
from app.schemas.refunds import RefundStatus
from app.services.tickets.queries import at_steps

ExceptType = Literal["仅退款", "退货退款"]
Step = Literal["applied", "offered", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn", "lapsed"]
Steps = Annotated[list[Step], Field(min_length=1, max_length=20), BeforeValidator(listed), AfterValidator(once_each)]
Pictures = Annotated[list[Annotated[str, Line(80)]], Field(max_length=MOST), AfterValidator(once_each)]


class CustomerTicketFilters(PageQuery):
    step: Step | None = None

    def filters(self) -> dict[str, Any]:
        given = super().filters()
        if self.step is not None:
            given[at_steps([given.pop("step")])] = True
        return given


class TicketConditions(Conditions):
    """The filters of tickets; times in Unix seconds, both ends included."""

    status: Statuses | None = None
    step: Annotated[Steps | None, Field(description="Where the ticket stands (进度); may be given several times")] = None
    waiting_for: Literal["merchant", "customer"] | None = None
    except_type: ExceptType | None = None
    order_id: Id | None = None
    create_from: Time | None = None
    create_to: Time | None = None
    overdue: bool | None = None

    def filters(self) -> dict[str, Any]:
        given = super().filters()
        steps = given.pop("step", None)
        if steps is not None:
            given[at_steps(steps)] = True
        if "waiting_for" in given:
            given[f"waiting_for_{given.pop('waiting_for')}"] = True
        return given


class TicketFilters(TicketConditions, PageQuery):
    """A page of the tickets that pass the filters."""


class AdminTicketConditions(TicketConditions):
    business_id: Id | None = None
    customer_id: Id | None = None


class AdminTicketFilters(AdminTicketConditions, PageQuery):
    """A page of everybody's tickets that pass the filters."""


class Ask(Input):
    """What the buyer asks for.

    `back_cost` in yuan: all that is left of what was paid when left out, or the share of the pieces. `pieces` to return, or
    to cancel before they are shipped: all that are left when left out. `evidence` names uploaded pictures.
    """

    except_type: ExceptType
    back_reason: Annotated[str, Prose(400)]
    back_cost: Amount | None = None
    evidence: Pictures = Field(default_factory=list)
    pieces: Pieces | None = None


class Agree(Input):
    """`back_cost` in yuan, what the buyer asked for when left out; less is an offer, which the buyer may accept."""

    back_cost: Amount | None = None
    remark: Optionally[Annotated[str, Prose(400)]] = None
    restock: bool | None = None


class Refuse(Input):
    """The reason as `remark`; `evidence` names uploaded pictures."""

    remark: Annotated[str, Prose(400)]
    evidence: Pictures = Field(default_factory=list)


class Receive(Input):
    """`pieces` that came, those sent when left out, and whether they go back to stock.

    `back_cost` in yuan, what was agreed when left out; when it is less, `remark` says why.
    """

    restock: bool = True
    pieces: Pieces | None = None
    back_cost: Amount | None = None
    remark: Optionally[Annotated[str, Prose(400)]] = None


class Ruling(Input):
    """An admin's decision, and the reason for it, which both sides read as the ticket's `remark`."""

    reason: Annotated[str, Prose(400)]


class AgreeingRuling(Ruling):
    """`back_cost` in yuan, what the buyer asked for when left out; less needs nobody's consent."""

    back_cost: Amount | None = None
    restock: bool | None = None


class ReceivingRuling(Ruling):
    """As when the merchant receives the goods."""

    restock: bool = True
    pieces: Pieces | None = None
    back_cost: Amount | None = None


class SendBack(Input):
    """`tracking_number` may be left out where the carrier has none; `pieces` sent, those that were asked for when left out."""

    logistics_id: Id
    tracking_number: Optionally[TrackingNumber] = None
    pieces: Pieces | None = None


class PiecesView(BaseModel):
    """How many pieces the ticket is about: asked for, sent back, received, and put back into stock."""

    asked: int
    sent: int | None
    received: int | None
    restocked: int | None


class OfferView(BaseModel):
    """What the merchant offers, in yuan, where the buyer asked for more."""

    back_cost: float
    remark: str | None
    time: int


class ReturnParcelView(BaseModel):
    id: int
    logistics_id: int
    tracking_number: str | None
    create_time: int


class ReturnAddressView(BaseModel):
    name: str
    phone: str
    address: str


class NewReturnAddress(Input):
    """Where goods are sent back to; the phone may be a landline with its extension."""

    name: Annotated[str, Line(50)]
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 \-]{4,29}(转[0-9]{1,8})?$")]
    address: Annotated[str, Line(300)]


class EvidenceView(BaseModel):
    by: Literal["customer", "merchant"]
    name: str
    url: str


class TicketRefund(BaseModel):
    """The payment of a settled ticket's refund; `amount` in yuan."""

    amount: float
    status: RefundStatus
    paid_time: int | None


class TicketView(BaseModel):
    """`return_address` is where the goods go, as it was when the return was agreed to."""

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
    return_address: ReturnAddressView | None
    evidence: list[EvidenceView]
    refund: TicketRefund | None
    pieces: PiecesView | None
    offer: OfferView | None


class TicketList(Listed):
    items: list[TicketView]


class TicketReceiver(BaseModel):
    """Who got the parcel, whole, as the buyer gave it."""

    name: str
    phone: str
    address: str


class Buyer(BaseModel):
    id: Annotated[int, Field(description="The buyer (买家ID)")]
    name: Annotated[str, Field(description="The buyer's account name (买家)")]


class MerchantTicket(TicketView):
    """A ticket with what its merchant needs to know of the order."""

    order_number: Annotated[str, Field(description="The order's number (订单号)")]
    product_name: Annotated[str, Field(description="The product, as it was named when it was bought (商品)")]
    sku_name: Annotated[str, Field(description="The SKU, as it was named when it was bought (规格)")]
    receiver: Annotated[TicketReceiver, Field(description="The order's receiver (收货人)")]
    pay_count: Annotated[float, Field(description="What was paid for the order, in yuan (支付金额)")]
    buyer: Annotated[Buyer, Field(description="Who bought it (买家)")]


class MerchantTicketList(Listed):
    items: list[MerchantTicket]


class AdminTicket(Parties, TicketView):
    """A ticket as staff see it."""


class AdminTicketList(Listed):
    items: list[AdminTicket]
