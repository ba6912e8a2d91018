"""A merchant's webhooks, and what was delivered to them."""

from app.routers import own_webhooks
from app.routers.merchant import router
from app.web.dependencies import merchant_session

own_webhooks.add_to(router, merchant_session)
