"""Everybody's refunds, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.refunds import AdminRefundFilters, RefundList
from app.services.refunds import payments
from app.web.dependencies import AdminCall


@router.get("/refunds", response_model=RefundList)
def list_refunds(query: Annotated[AdminRefundFilters, Query()], call: AdminCall) -> str:
    """List everybody's refunds (退款列表)."""
    return payments.page(call, query.filters(), query.asked())
