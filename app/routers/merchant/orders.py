"""A merchant's orders: reading them, shipping them."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.events import Timeline
from app.schemas.orders import (
    Cancel,
    Extend,
    MerchantOrderConditions,
    MerchantOrderDetail,
    MerchantOrderFilters,
    MerchantOrderList,
    OrderNote,
    OrderView,
    ReceiverChange,
    Ship,
)
from app.schemas.paging import PageQuery
from app.services.orders import correcting, notes, postponing, queries, shipping
from app.services.tickets import cancelling
from app.web.dependencies import MerchantCall, RowId


@router.get("/orders", response_model=MerchantOrderList)
def list_orders(query: Annotated[MerchantOrderFilters, Query()], call: MerchantCall) -> str:
    """List orders (订单列表), newest first unless `sort` says otherwise."""
    return queries.page(call, query.filters(), query.asked())


@router.get("/orders/counts", response_model=dict[str, int])
def count_orders(query: Annotated[MerchantOrderConditions, Query()], call: MerchantCall) -> str:
    """Count the orders of each state (各状态订单数) that pass the filters. With filters, 10,000 of each are counted at most."""
    return queries.counts(call, query.filters())


@router.get("/orders/{order_id}", response_model=MerchantOrderDetail)
def get_order(order_id: RowId, call: MerchantCall) -> str:
    """Show an order (订单详情), with its ticket."""
    return queries.get(call, order_id)


@router.get("/orders/{order_id}/events", response_model=Timeline)
def list_order_events(order_id: RowId, query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    """List what happened to an order and its tickets (订单动态), newest first."""
    return queries.timeline(call, order_id, query.asked())


@router.patch("/orders/{order_id}/receiver", response_model=MerchantOrderDetail)
def correct_receiver(order_id: RowId, body: ReceiverChange, call: MerchantCall) -> str:
    """Correct the receiver (修改收货人) of an order that is not shipped yet."""
    return queries.get(call, correcting.correct(call, body.given(), order_id=order_id))


@router.put("/orders/{order_id}/note", response_model=MerchantOrderDetail)
def note_on_order(order_id: RowId, body: OrderNote, call: MerchantCall) -> str:
    """Note something on an order (备注), for the merchant alone. Neither the buyer nor the platform sees it."""
    notes.put(call, order_id, **body.model_dump())
    return queries.get(call, order_id)


@router.post("/orders/{order_id}/ship", response_model=OrderView)
def ship_order(order_id: RowId, body: Ship, call: MerchantCall) -> str:
    """Ship an order (发货), or correct the tracking of one that is under way."""
    return shipping.ship(call, order_id, **body.model_dump())


@router.post("/orders/{order_id}/unship", response_model=OrderView)
def unship_order(order_id: RowId, call: MerchantCall) -> str:
    """Take back a shipment that was a mistake (撤销发货), within an hour."""
    return shipping.unship(call, order_id)


@router.post("/orders/{order_id}/extend", response_model=OrderView)
def extend_order(order_id: RowId, body: Extend, call: MerchantCall) -> str:
    """Put off the automatic receipt (延长收货), once."""
    return postponing.extend(call, order_id, days=body.days)


@router.post("/orders/{order_id}/cancel", response_model=OrderView)
def cancel_order(order_id: RowId, body: Cancel, call: MerchantCall) -> str:
    """Cancel an order that cannot be delivered (取消订单), before it is shipped. All that is left of it is refunded."""
    return cancelling.cancel(call, order_id, **body.model_dump())
