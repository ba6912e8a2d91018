"""Everybody's orders and tickets, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.except_orders import AdminTicket, AdminTicketConditions, AdminTicketFilters, AdminTicketList
from app.schemas.orders import AdminOrderConditions, AdminOrderDetail, AdminOrderFilters, AdminOrderList
from app.services.orders import queries as orders
from app.services.tickets import queries as tickets
from app.web.dependencies import AdminCall, RowId


@router.get("/orders", response_model=AdminOrderList)
def list_orders(query: Annotated[AdminOrderFilters, Query()], call: AdminCall) -> str:
    """List everybody's orders (全部订单), newest first."""
    return orders.page(call, query.filters(), query.asked())


@router.get("/orders/counts", response_model=dict[str, int])
def count_orders(query: Annotated[AdminOrderConditions, Query()], call: AdminCall) -> str:
    """Count everybody's orders of each state (各状态订单数) that pass the filters; with filters, 10,000 of each at most."""
    return orders.counts(call, query.filters())


@router.get("/orders/{order_id}", response_model=AdminOrderDetail)
def get_order(order_id: RowId, call: AdminCall) -> str:
    """Show an order (订单详情), with its ticket."""
    return orders.get(call, order_id)


@router.get("/except-orders", response_model=AdminTicketList)
def list_tickets(query: Annotated[AdminTicketFilters, Query()], call: AdminCall) -> str:
    """List everybody's tickets (全部服务单), newest first."""
    return tickets.page(call, query.filters(), query.asked())


@router.get("/except-orders/counts", response_model=dict[str, int])
def count_tickets(query: Annotated[AdminTicketConditions, Query()], call: AdminCall) -> str:
    """Count everybody's tickets at each step (各进度服务单数) that pass the filters; 10,000 of each at most."""
    return tickets.counts(call, query.filters())


@router.get("/except-orders/{ticket_id}", response_model=AdminTicket)
def get_ticket(ticket_id: RowId, call: AdminCall) -> str:
    """Show a ticket (服务单详情)."""
    return tickets.get(call, ticket_id)
