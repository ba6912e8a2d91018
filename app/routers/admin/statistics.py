"""The statistics of the whole platform."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.statistics import PlatformOverview, Trend, TrendQuery
from app.services.statistics import periods, reports
from app.web.dependencies import AdminReport


@router.get("/statistics/overview", response_model=PlatformOverview)
def get_overview(call: AdminReport) -> str:
    """Show the figures of the whole platform (平台概览)."""
    return reports.overview(call)


@router.get("/statistics/trend", response_model=Trend)
def get_trend(query: Annotated[TrendQuery, Query()], call: AdminReport) -> str:
    """Show what all merchants sold and refunded in each day or hour (平台销售趋势).

    Sales count when they were paid, refunds when they were settled.
    """
    return reports.trend(call, *query.days(periods.today(call.now)), query.by)
