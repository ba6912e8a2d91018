"""Tickets that staff decide where a merchant or buyer does not."""

from app.routers.admin import router
from app.schemas.except_orders import AgreeingRuling, ReceivingRuling, Ruling, TicketView
from app.services.tickets import use_cases
from app.web.dependencies import AdminCall, RowId


@router.post("/except-orders/{ticket_id}/agree", response_model=TicketView)
def agree_to_ticket(ticket_id: RowId, body: AgreeingRuling, call: AdminCall) -> str:
    """Agree to a ticket for the merchant (平台同意售后). It needs nobody's consent."""
    return use_cases.agree(call, ticket_id, back_cost=body.back_cost, remark=body.reason, restock=body.restock)


@router.post("/except-orders/{ticket_id}/refuse", response_model=TicketView)
def refuse_ticket(ticket_id: RowId, body: Ruling, call: AdminCall) -> str:
    """Refuse a ticket for the merchant (平台拒绝售后)."""
    return use_cases.refuse(call, ticket_id, remark=body.reason)


@router.post("/except-orders/{ticket_id}/receive", response_model=TicketView)
def receive_goods(ticket_id: RowId, body: ReceivingRuling, call: AdminCall) -> str:
    """Receive returned goods for the merchant (平台确认收到退货)."""
    given = body.model_dump(exclude={"reason"})
    return use_cases.receive(call, ticket_id, remark=body.reason, **given)
