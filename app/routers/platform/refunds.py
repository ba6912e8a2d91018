"""Refunds that are owed to buyers, for the platform to pay."""

from typing import Annotated

from fastapi import Query

from app.routers.platform import router
from app.schemas.refunds import Fail, Pay, RefundFilters, RefundList, RefundView
from app.services.refunds import payments
from app.web.dependencies import PlatformCall, RowId


@router.get("/refunds", response_model=RefundList)
def list_refunds(query: Annotated[RefundFilters, Query()], call: PlatformCall) -> str:
    """List refunds (应退款列表) that are owed to buyers."""
    return payments.page(call, query.filters(), query.asked())


@router.post("/refunds/{ticket_id}/paid", response_model=RefundView)
def pay_refund(ticket_id: RowId, body: Pay, call: PlatformCall) -> str:
    """Report that a refund was paid (确认已退款). The same again is answered 200, another reference 409."""
    return payments.pay(call, ticket_id, **body.model_dump())


@router.post("/refunds/{ticket_id}/failed", response_model=RefundView)
def fail_refund(ticket_id: RowId, body: Fail, call: PlatformCall) -> str:
    """Report that a refund could not be paid (退款失败). It may be paid later."""
    return payments.fail(call, ticket_id, reason=body.reason)
