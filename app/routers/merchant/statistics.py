"""A merchant's figures."""

from typing import Annotated

from fastapi import Query

from app.dependencies import MerchantReport
from app.routers.merchant import router
from app.schemas.statistics import Overview, TopSkus, TopSkusQuery, Trend, TrendQuery
from app.services import periods, statistics


@router.get("/statistics/overview", response_model=Overview)
def get_overview(call: MerchantReport) -> str:
    return statistics.overview(call)


@router.get("/statistics/trend", response_model=Trend)
def get_trend(query: Annotated[TrendQuery, Query()], call: MerchantReport) -> str:
    """What was sold and refunded in each day or hour; sales count when they were paid, refunds when they were settled."""
    return statistics.trend(call, *query.days(periods.today(call.now)), query.by)


@router.get("/statistics/top-skus", response_model=TopSkus)
def get_top_skus(query: Annotated[TopSkusQuery, Query()], call: MerchantReport) -> str:
    """The SKUs with the most sales."""
    return statistics.top_skus(call, *query.days(periods.today(call.now)), query.limit)
