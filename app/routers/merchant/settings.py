"""What the service was set up with, for the merchant's pages."""

from app.config import HOUR, settings
from app.db.parameters import deadlines
from app.routers.merchant import router
from app.schemas.batches import MAX_FILE, MAX_ITEMS
from app.schemas.paging import MAX_SIZE
from app.schemas.settings import DeadlinesView, LimitsView, SettingsView
from app.services.accounts import api_keys
from app.services.paging import CAP
from app.services.uploads.content import MAX_CONFIG, MAX_IMAGE, MAX_MODEL
from app.services.uploads.content.image_process import MAX_PIXELS
from app.services.webhooks import subscriptions
from app.sheets.reading import MAX_ROWS
from app.web.dependencies import MerchantCall


@router.get("/settings", response_model=SettingsView)
def get_settings(call: MerchantCall) -> str:
    """Show what the service was set up with (系统设置): the deadlines in force, the limits, and the time zone."""
    call.prove()
    shown = SettingsView(
        timezone=settings.timezone,
        session=settings.token_hours * HOUR,
        deadlines=DeadlinesView(auto_agree=settings.auto_agree, **deadlines()),
        limits=LimitsView(
            page_size=MAX_SIZE,
            listed=CAP,
            batch_items=MAX_ITEMS,
            import_bytes=MAX_FILE,
            import_rows=MAX_ROWS,
            image_bytes=MAX_IMAGE,
            image_pixels=MAX_PIXELS,
            config_bytes=MAX_CONFIG,
            model_bytes=MAX_MODEL,
            webhooks=subscriptions.MOST,
            api_keys=api_keys.MOST,
        ),
    )
    return shown.model_dump_json()
