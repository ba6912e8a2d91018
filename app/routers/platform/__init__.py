"""The routes for the platform, which signs each request as Standard Webhooks describes."""

from fastapi import APIRouter, Depends

from app.web.dependencies import platform_signature
from app.web.door import UseCaseRoute

router = APIRouter(
    prefix="/api/v1/platform", tags=["platform"], route_class=UseCaseRoute, dependencies=[Depends(platform_signature)]
)
