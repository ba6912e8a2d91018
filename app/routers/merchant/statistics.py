"""A merchant's statistics."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.statistics import Overview, TopSkus, TopSkusQuery, Trend, TrendQuery
from app.services.statistics import periods, reports
from app.web.dependencies import MerchantReport


@router.get("/statistics/overview", response_model=Overview)
def get_overview(call: MerchantReport) -> str:
    """Show the figures of today and yesterday (经营概览), and what waits."""
    return reports.overview(call)


@router.get("/statistics/trend", response_model=Trend)
def get_trend(query: Annotated[TrendQuery, Query()], call: MerchantReport) -> str:
    """Show what was sold and refunded in each day or hour (销售趋势).

    Sales count when they were paid, refunds when they were settled.
    """
    return reports.trend(call, *query.days(periods.today(call.now)), query.by)


@router.get("/statistics/top-skus", response_model=TopSkus)
def get_top_skus(query: Annotated[TopSkusQuery, Query()], call: MerchantReport) -> str:
    """Show the SKUs with the most sales (热销规格)."""
    return reports.top_skus(call, *query.days(periods.today(call.now)), query.limit)
