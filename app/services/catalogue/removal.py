"""What has been taken off the shop: the rows of products and SKUs stay, because orders refer to them."""

from sqlalchemy import select

from app.db.types import Condition, Expression
from app.models import RemovedProduct, RemovedSku

REMOVED_PRODUCT = RemovedProduct.__table__
REMOVED_SKU = RemovedSku.__table__


def product_is_removed(product_id: Expression) -> Condition:
    """The condition that the product has been taken off the shop."""
    return select(REMOVED_PRODUCT.c.product_id).where(REMOVED_PRODUCT.c.product_id == product_id).exists()


def sku_is_removed(sku_id: Expression) -> Condition:
    """The condition that the SKU has been taken off the shop."""
    return select(REMOVED_SKU.c.sku_id).where(REMOVED_SKU.c.sku_id == sku_id).exists()
