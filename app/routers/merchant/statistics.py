"""A merchant's statistics."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.statistics import Overview, TopSkus, TopSkusQuery, Trend, TrendQuery
from app.services.statistics import periods, reports
from app.web.dependencies import MerchantReport


@router.get("/statistics/overview", response_model=Overview)
def get_overview(call: MerchantReport) -> str:
    return reports.overview(call)


@router.get("/statistics/trend", response_model=Trend)
def get_trend(query: Annotated[TrendQuery, Query()], call: MerchantReport) -> str:
    """What was sold and refunded in each day or hour; sales count when they were paid, refunds when they were settled."""
    return reports.trend(call, *query.days(periods.today(call.now)), query.by)


@router.get("/statistics/top-skus", response_model=TopSkus)
def get_top_skus(query: Annotated[TopSkusQuery, Query()], call: MerchantReport) -> str:
    """The SKUs with the most sales."""
    return reports.top_skus(call, *query.days(periods.today(call.now)), query.limit)
