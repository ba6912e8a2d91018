"""What the service was set up with, as a page needs it: deadlines, limits, the time zone."""

from pydantic import BaseModel


class DeadlinesView(BaseModel):
    """In seconds; 0 where a deadline is switched off. `auto_agree`: a request not answered in time is agreed to."""

    ship: int
    answer: int
    auto_agree: bool
    return_goods: int
    return_receive: int
    auto_receive: int
    after_sale: int


class LimitsView(BaseModel):
    """Bytes of a file of each kind, and how many rows, items or pieces are taken or kept."""

    page_size: int
    listed: int
    batch_items: int
    import_bytes: int
    import_rows: int
    image_bytes: int
    image_pixels: int
    config_bytes: int
    model_bytes: int
    webhooks: int
    api_keys: int


class SettingsView(BaseModel):
    """`timezone` is that of days in statistics; sessions live `session` seconds."""

    timezone: str
    session: int
    deadlines: DeadlinesView
    limits: LimitsView
