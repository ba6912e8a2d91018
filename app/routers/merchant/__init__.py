"""The routes for merchants: `router` asks for a merchant's live session, `login_router` does not."""

from fastapi import APIRouter, Depends

from app.web.dependencies import merchant_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/merchant"
router = APIRouter(prefix=PREFIX, tags=["merchant"], route_class=UseCaseRoute, dependencies=[Depends(merchant_session)])
login_router = APIRouter(prefix=PREFIX, tags=["merchant"], route_class=UseCaseRoute)
