"""A buyer's orders and tickets."""

from typing import Annotated

from fastapi import Query

from app.routers.customer import router
from app.schemas.events import Timeline
from app.schemas.except_orders import Ask, CustomerTicketFilters, SendBack, TicketList, TicketView
from app.schemas.orders import CustomerOrderFilters, OrderDetail, OrderList, OrderView
from app.schemas.paging import PageQuery
from app.services.orders import queries as orders
from app.services.orders import shipping
from app.services.tickets import queries as tickets
from app.services.tickets import use_cases
from app.web.dependencies import CustomerCall, RowId


@router.get("/orders", response_model=OrderList)
def list_orders(query: Annotated[CustomerOrderFilters, Query()], call: CustomerCall) -> str:
    """List the own orders (我的订单), newest first."""
    return orders.page(call, query.filters(), query.asked())


@router.get("/orders/{order_id}", response_model=OrderDetail)
def get_order(order_id: RowId, call: CustomerCall) -> str:
    """Show one of the own orders (订单详情), with its ticket."""
    return orders.get(call, order_id)


@router.get("/orders/{order_id}/events", response_model=Timeline)
def list_order_events(order_id: RowId, query: Annotated[PageQuery, Query()], call: CustomerCall) -> str:
    """List what happened to an order and its tickets (订单动态), newest first."""
    return orders.timeline(call, order_id, query.asked())


@router.post("/orders/{order_id}/receive", response_model=OrderView)
def receive_order(order_id: RowId, call: CustomerCall) -> str:
    """Confirm receipt (确认收货)."""
    return shipping.receive(call, order_id)


@router.post("/orders/{order_id}/except-orders", response_model=TicketView, status_code=201)
def ask_for_refund(order_id: RowId, body: Ask, call: CustomerCall) -> str:
    """Ask for a refund, or for a return and refund (申请售后)."""
    return use_cases.ask(call, order_id, **body.model_dump())


@router.get("/except-orders", response_model=TicketList)
def list_tickets(query: Annotated[CustomerTicketFilters, Query()], call: CustomerCall) -> str:
    """List the own tickets (我的服务单), newest first, also those that were withdrawn."""
    return tickets.page(call, query.filters(), query.asked())


@router.get("/except-orders/{ticket_id}", response_model=TicketView)
def get_ticket(ticket_id: RowId, call: CustomerCall) -> str:
    """Show one of the own tickets (服务单详情)."""
    return tickets.get(call, ticket_id)


@router.post("/except-orders/{ticket_id}/return", response_model=TicketView)
def send_back(ticket_id: RowId, body: SendBack, call: CustomerCall) -> str:
    """Send the goods back (寄回商品), or correct the tracking number of the return."""
    return use_cases.send_back(call, ticket_id, **body.model_dump())


@router.post("/except-orders/{ticket_id}/accept", response_model=TicketView)
def accept_offer(ticket_id: RowId, call: CustomerCall) -> str:
    """Accept the refund that the merchant offers (接受协商退款), which is less than was asked for."""
    return use_cases.accept(call, ticket_id)


@router.post("/except-orders/{ticket_id}/withdraw", response_model=TicketView)
def withdraw_ticket(ticket_id: RowId, call: CustomerCall) -> str:
    """Withdraw a ticket (撤销申请). The order is then as before."""
    return use_cases.withdraw(call, ticket_id)
