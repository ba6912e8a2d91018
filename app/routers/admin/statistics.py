"""The statistics of the whole platform."""

from app.routers.admin import router
from app.schemas.statistics import PlatformOverview
from app.services.statistics import reports
from app.web.dependencies import AdminReport


@router.get("/statistics/overview", response_model=PlatformOverview)
def get_overview(call: AdminReport) -> str:
    """Show the figures of the whole platform (平台概览)."""
    return reports.overview(call)
