"""The admins' door: every route but the entrance asks for a live session of an admin."""

from fastapi import APIRouter, Depends

from app.web.dependencies import admin_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/admin"
router = APIRouter(prefix=PREFIX, tags=["admin"], route_class=UseCaseRoute, dependencies=[Depends(admin_session)])
entrance = APIRouter(prefix=PREFIX, tags=["admin"], route_class=UseCaseRoute)
