"""The audit: everything that happened, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.dependencies import AdminCall
from app.routers.admin import router
from app.schemas.events import EventFilters, EventList
from app.services import ledger


@router.get("/events", response_model=EventList)
def list_events(query: Annotated[EventFilters, Query()], call: AdminCall) -> str:
    return ledger.page(call, query.filters(), query.asked())
