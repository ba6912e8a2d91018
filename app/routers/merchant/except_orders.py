"""A merchant's tickets: agreeing, refusing, taking goods back."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.except_orders import Agree, Receive, Refuse, TicketFilters, TicketList, TicketView
from app.services.tickets import queries, use_cases
from app.web.dependencies import MerchantCall, RowId


@router.get("/except-orders", response_model=TicketList)
def list_tickets(query: Annotated[TicketFilters, Query()], call: MerchantCall) -> str:
    return queries.page(call, query.filters(), query.asked())


@router.get("/except-orders/{ticket_id}", response_model=TicketView)
def get_ticket(ticket_id: RowId, call: MerchantCall) -> str:
    return queries.get(call, ticket_id)


@router.post("/except-orders/{ticket_id}/agree", response_model=TicketView)
def agree_to_ticket(ticket_id: RowId, call: MerchantCall, body: Agree | None = None) -> str:
    return use_cases.agree(call, ticket_id, **(body or Agree()).model_dump())


@router.post("/except-orders/{ticket_id}/refuse", response_model=TicketView)
def refuse_ticket(ticket_id: RowId, body: Refuse, call: MerchantCall) -> str:
    return use_cases.refuse(call, ticket_id, **body.model_dump())


@router.post("/except-orders/{ticket_id}/receive", response_model=TicketView)
def receive_goods(ticket_id: RowId, call: MerchantCall, body: Receive | None = None) -> str:
    return use_cases.receive(call, ticket_id, **(body or Receive()).model_dump())
