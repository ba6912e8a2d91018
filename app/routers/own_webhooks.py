"""What everyone who may have webhooks does with them, a merchant and the platform alike."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from app.db.async_driver import on_loop
from app.schemas.webhooks import (
    DeliveryFilters,
    DeliveryList,
    DeliveryView,
    NewWebhook,
    WebhookChange,
    WebhookFilters,
    WebhookList,
    WebhookSecretView,
    WebhookView,
)
from app.services.webhooks import history, subscriptions
from app.web.dependencies import Call, CallOf, RowId
from app.web.door import answered

DeliveryId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def add_to(router: APIRouter, owner: CallOf) -> None:
    """Add these routes to an audience's router."""

    @router.get("/webhooks", response_model=WebhookList)
    def list_webhooks(query: Annotated[WebhookFilters, Query()], call: Annotated[Call, Depends(owner)]) -> str:
        """List webhooks (Webhook 列表), newest first."""
        return subscriptions.page(call, query.filters(), query.asked())

    @router.post("/webhooks", response_model=WebhookSecretView, status_code=201)
    async def create_webhook(body: NewWebhook, call: Annotated[Call, Depends(owner)]) -> Response:
        """Make a webhook (创建 Webhook).

        Events are told by POST, signed as Standard Webhooks with `secret`, which is shown here alone.
        """
        return await on_loop(
            answered, call, 201, lambda: subscriptions.create(call, body.model_dump()), subscriptions.with_secret
        )

    @router.get("/webhooks/{webhook_id}", response_model=WebhookView)
    def get_webhook(webhook_id: RowId, call: Annotated[Call, Depends(owner)]) -> str:
        """Show a webhook (Webhook 详情)."""
        return subscriptions.get(call, webhook_id)

    @router.patch("/webhooks/{webhook_id}", response_model=WebhookSecretView)
    def change_webhook(webhook_id: RowId, body: WebhookChange, call: Annotated[Call, Depends(owner)]) -> str:
        """Change a webhook (修改 Webhook).

        Enabling goes on with what happens from then on; what was already on its way is delivered too.
        """
        return subscriptions.change(call, webhook_id, body.model_dump(exclude_unset=True))

    @router.delete("/webhooks/{webhook_id}", status_code=204)
    def remove_webhook(webhook_id: RowId, call: Annotated[Call, Depends(owner)]) -> None:
        """Remove a webhook (删除 Webhook). Nothing is sent to it from now on."""
        subscriptions.remove(call, webhook_id)

    @router.get("/webhooks/{webhook_id}/deliveries", response_model=DeliveryList)
    def list_deliveries(
        webhook_id: RowId, query: Annotated[DeliveryFilters, Query()], call: Annotated[Call, Depends(owner)]
    ) -> str:
        """List deliveries (投递记录): of the last 30 days, and what is on its way."""
        return history.page(call, webhook_id, query.filters(), query.asked())

    @router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", response_model=DeliveryView)
    def redeliver(webhook_id: RowId, delivery_id: DeliveryId, call: Annotated[Call, Depends(owner)]) -> str:
        """Deliver again (重新投递). At once, with the same `webhook-id`; the attempts are counted anew."""
        return history.redeliver(call, webhook_id, delivery_id)
