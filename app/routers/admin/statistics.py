"""The figures of the whole platform."""

from app.dependencies import AdminReport
from app.routers.admin import router
from app.schemas.statistics import PlatformOverview
from app.services import statistics


@router.get("/statistics/overview", response_model=PlatformOverview)
def get_overview(call: AdminReport) -> str:
    return statistics.overview(call)
