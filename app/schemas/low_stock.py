"""Thresholds of low stock: setting them, and how they are shown."""

from pydantic import BaseModel

from app.schemas.fields import Count, Input


class Threshold(Input):
    """Stock at or below `threshold` is low."""

    threshold: Count


class SkuThreshold(Input):
    """The SKU's own threshold; null leaves it to the merchant's."""

    threshold: Count | None


class ThresholdView(BaseModel):
    threshold: int


class SkuThresholdView(BaseModel):
    threshold: int | None
    in_force: int
