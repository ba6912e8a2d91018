"""The routes for customers: `router` asks for a customer's live session, `login_router` does not."""

from fastapi import APIRouter, Depends

from app.web.dependencies import customer_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/customer"
router = APIRouter(prefix=PREFIX, tags=["customer"], route_class=UseCaseRoute, dependencies=[Depends(customer_session)])
login_router = APIRouter(prefix=PREFIX, tags=["customer"], route_class=UseCaseRoute)
