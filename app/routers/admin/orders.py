"""Everybody's orders and tickets, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.except_orders import AdminTicketFilters, TicketList
from app.schemas.orders import AdminOrderFilters, OrderDetail, OrderList
from app.services.orders import queries as orders
from app.services.tickets import queries as tickets
from app.web.dependencies import AdminCall, RowId


@router.get("/orders", response_model=OrderList)
def list_orders(query: Annotated[AdminOrderFilters, Query()], call: AdminCall) -> str:
    """List everybody's orders (全部订单), newest first."""
    return orders.page(call, query.filters(), query.asked())


@router.get("/orders/{order_id}", response_model=OrderDetail)
def get_order(order_id: RowId, call: AdminCall) -> str:
    """Show an order (订单详情), with its ticket."""
    return orders.get(call, order_id)


@router.get("/except-orders", response_model=TicketList)
def list_tickets(query: Annotated[AdminTicketFilters, Query()], call: AdminCall) -> str:
    """List everybody's tickets (全部服务单), newest first."""
    return tickets.page(call, query.filters(), query.asked())
