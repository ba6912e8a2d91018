"""The customers' door: every route but the entrance asks for a live session of a customer."""

from fastapi import APIRouter, Depends

from app.web.dependencies import customer_session
from app.web.door import UseCaseRoute

PREFIX = "/api/v1/customer"
router = APIRouter(prefix=PREFIX, tags=["customer"], route_class=UseCaseRoute, dependencies=[Depends(customer_session)])
entrance = APIRouter(prefix=PREFIX, tags=["customer"], route_class=UseCaseRoute)
