"""A merchant's tickets: reading them, agreeing, refusing, taking goods back."""

from typing import Annotated, BinaryIO

from fastapi import Query

from app.routers.merchant import router
from app.schemas.except_orders import (
    Agree,
    MerchantTicket,
    MerchantTicketList,
    Receive,
    Refuse,
    TicketConditions,
    TicketFilters,
    TicketView,
)
from app.schemas.exports import TicketExport
from app.services.tickets import export, queries, use_cases
from app.web.dependencies import Call, MerchantCall, MerchantReport, RowId
from app.web.downloads import FILE, Download


@router.get("/except-orders", response_model=MerchantTicketList)
def list_tickets(query: Annotated[TicketFilters, Query()], call: MerchantCall) -> str:
    """List tickets (服务单列表), newest first."""
    return queries.page(call, query.filters(), query.asked())


@router.get("/except-orders/counts", response_model=dict[str, int])
def count_tickets(query: Annotated[TicketConditions, Query()], call: MerchantCall) -> str:
    """Count the tickets at each step (各进度服务单数) that pass the filters; 10,000 of each at most."""
    return queries.counts(call, query.filters())


@router.get("/except-orders/export", response_class=Download, responses=FILE)
async def export_tickets(query: Annotated[TicketExport, Query()], call: MerchantReport) -> Download:
    """Export tickets (导出服务单) that pass the list's filters, newest first. `columns` picks and orders what it shows."""

    def write(work: Call, file_format: str, file: BinaryIO) -> None:
        export.write(work, file_format, file, filters=query.filters(), columns=query.columns)

    return await Download.made(call, query.format, "except-orders", write)


@router.get("/except-orders/{ticket_id}", response_model=MerchantTicket)
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
