"""The audit: everything that happened, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.events import EventFilters, EventList
from app.services.events import audit
from app.web.dependencies import AdminCall


@router.get("/events", response_model=EventList)
def list_events(query: Annotated[EventFilters, Query()], call: AdminCall) -> str:
    """List everything that happened (操作日志), newest first."""
    return audit.page(call, query.filters(), query.asked())
