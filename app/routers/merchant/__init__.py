"""The merchants' door: every route but register and login asks for a merchant's live session."""

from fastapi import APIRouter, Depends

from app.web.dependencies import merchant_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/merchant"
router = APIRouter(prefix=PREFIX, tags=["merchant"], route_class=UseCaseRoute, dependencies=[Depends(merchant_session)])
entrance = APIRouter(prefix=PREFIX, tags=["merchant"], route_class=UseCaseRoute)
