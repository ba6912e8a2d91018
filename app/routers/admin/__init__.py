"""The routes for admins: `router` asks for an admin's live session, `login_router` does not."""

from fastapi import APIRouter, Depends

from app.web.dependencies import admin_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/admin"
router = APIRouter(prefix=PREFIX, tags=["admin"], route_class=UseCaseRoute, dependencies=[Depends(admin_session)])
login_router = APIRouter(prefix=PREFIX, tags=["admin"], route_class=UseCaseRoute)
