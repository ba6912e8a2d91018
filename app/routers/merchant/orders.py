"""A merchant's orders: reading them, shipping them."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.events import Timeline
from app.schemas.orders import Cancel, OrderDetail, OrderFilters, OrderList, OrderView, Ship
from app.schemas.paging import PageQuery
from app.services.orders import queries, shipping
from app.services.tickets import cancelling
from app.web.dependencies import MerchantCall, RowId


@router.get("/orders", response_model=OrderList)
def list_orders(query: Annotated[OrderFilters, Query()], call: MerchantCall) -> str:
    return queries.page(call, query.filters(), query.asked())


@router.get("/orders/counts", response_model=dict[str, int])
def count_orders(call: MerchantCall) -> str:
    return queries.counts(call)


@router.get("/orders/{order_id}", response_model=OrderDetail)
def get_order(order_id: RowId, call: MerchantCall) -> str:
    return queries.get(call, order_id)


@router.get("/orders/{order_id}/events", response_model=Timeline)
def list_order_events(order_id: RowId, query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    return queries.timeline(call, order_id, query.asked())


@router.post("/orders/{order_id}/ship", response_model=OrderView)
def ship_order(order_id: RowId, body: Ship, call: MerchantCall) -> str:
    """Ship an order, or correct the tracking of one that is under way."""
    return shipping.ship(call, order_id, **body.model_dump())


@router.post("/orders/{order_id}/cancel", response_model=OrderView)
def cancel_order(order_id: RowId, body: Cancel, call: MerchantCall) -> str:
    """Cancel an order that can't be delivered, before it is shipped: all that is left of it is refunded."""
    return cancelling.cancel(call, order_id, **body.model_dump())
