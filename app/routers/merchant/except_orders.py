"""A merchant's tickets: agreeing, refusing, taking goods back."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.except_orders import Agree, Receive, Refuse, TicketFilters, TicketList, TicketView
from app.services.tickets import queries, use_cases
from app.web.dependencies import MerchantCall, RowId


@router.get("/except-orders", response_model=TicketList)
def list_tickets(query: Annotated[TicketFilters, Query()], call: MerchantCall) -> str:
    """List tickets (服务单列表), newest first."""
    return queries.page(call, query.filters(), query.asked())


@router.get("/except-orders/{ticket_id}", response_model=TicketView)
def get_ticket(ticket_id: RowId, call: MerchantCall) -> str:
    """Show a ticket (服务单详情)."""
    return queries.get(call, ticket_id)


@router.post("/except-orders/{ticket_id}/agree", response_model=TicketView)
def agree_to_ticket(ticket_id: RowId, call: MerchantCall, body: Agree | None = None) -> str:
    """Agree to a ticket (同意售后).

    A refund is settled at once, a return waits for the goods; less than was asked for is an offer.
    """
    return use_cases.agree(call, ticket_id, **(body or Agree()).model_dump())


@router.post("/except-orders/{ticket_id}/refuse", response_model=TicketView)
def refuse_ticket(ticket_id: RowId, body: Refuse, call: MerchantCall) -> str:
    """Refuse a ticket (拒绝售后), with the reason."""
    return use_cases.refuse(call, ticket_id, **body.model_dump())


@router.post("/except-orders/{ticket_id}/receive", response_model=TicketView)
def receive_goods(ticket_id: RowId, call: MerchantCall, body: Receive | None = None) -> str:
    """Receive returned goods (确认收到退货). The refund is settled."""
    return use_cases.receive(call, ticket_id, **(body or Receive()).model_dump())
