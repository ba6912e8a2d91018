"""The platform's webhooks, for the events of all merchants."""

from app.routers import own_webhooks
from app.routers.platform import router
from app.web.dependencies import platform_signature

own_webhooks.add_to(router, platform_signature)
