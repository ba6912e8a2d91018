"""Tickets (except orders): what buyers and merchants may ask for, and how a ticket is shown."""

from typing import Annotated, Literal

from pydantic import BaseModel

from app.schemas.fields import Amount, Id, Input, Line, Pieces, Statuses, Time, TrackingNumber
from app.schemas.paging import Listed, PageQuery

ExceptType = Literal["仅退款", "退货退款"]
Step = Literal["applied", "offered", "awaiting_return", "awaiting_receipt", "refunded", "refused", "withdrawn", "lapsed"]


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
    """What the buyer asks for.

    `back_cost` in yuan: all that is left of what was paid when left out, or the share of the pieces. `pieces` to return, or
    to cancel before they are shipped: all that are left when left out.
    """

    except_type: ExceptType
    back_reason: Annotated[str, Line(400)]
    back_cost: Amount | None = None
    pieces: Pieces | None = None


class Agree(Input):
    """`back_cost` in yuan, what the buyer asked for when left out; less is an offer, which the buyer may accept."""

    back_cost: Amount | None = None
    remark: Annotated[str, Line(400)] | None = None
    restock: bool | None = None


class Refuse(Input):
    remark: Annotated[str, Line(400)]


class Receive(Input):
    """`pieces` that came, those sent when left out, and whether they go back to stock.

    `back_cost` in yuan, what was agreed when left out; when it is less, `remark` says why.
    """

    restock: bool = True
    pieces: Pieces | None = None
    back_cost: Amount | None = None
    remark: Annotated[str, Line(400)] | None = None


class Ruling(Input):
    """An admin's decision, and the reason for it, which both sides read as the ticket's `remark`."""

    reason: Annotated[str, Line(400)]


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
    """`pieces` sent, those that were asked for when left out."""

    logistics_id: Id
    tracking_number: TrackingNumber
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
    tracking_number: str
    create_time: int


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
    pieces: PiecesView | None
    offer: OfferView | None


class TicketList(Listed):
    items: list[TicketView]
