"""What is shown of products and SKUs: the columns of their rows, and what other tables say of them, looked up by key."""

from sqlalchemy import func, select

from app.db.sql import json_array
from app.db.types import Columns, Condition, Expression
from app.models import Product, Sku, SkuCode, SkuUpdate, StockMovement, UnlistedProduct
from app.services.catalogue import models, pictures
from app.services.catalogue.low_stock import threshold
from app.services.catalogue.removal import sku_is_removed

PRODUCT = Product.__table__
SKU = Sku.__table__
CODE = SkuCode.__table__
UPDATE = SkuUpdate.__table__
UNLISTED = UnlistedProduct.__table__
MOVEMENT = StockMovement.__table__


def sku_columns(s: Columns) -> list[Expression]:
    """A SKU as it is shown."""
    product = PRODUCT.alias("its_product")
    named = select(product.c.name).where(product.c.id == s.c.product_id).scalar_subquery()
    shop = select(product.c.business_id).where(product.c.id == s.c.product_id).scalar_subquery()
    return [
        *s.c,
        named.label("product_name"),
        code_of(s.c.id).label("sku_code"),
        threshold(s.c.id, shop).label("low_stock_threshold"),
        updated_at(s).label("updated_at"),
    ]


def code_of(sku_id: Expression) -> Expression:
    """The code that the merchant knows the SKU by, or null."""
    return select(CODE.c.code).where(CODE.c.sku_id == sku_id).scalar_subquery()


def updated_at(s: Columns) -> Expression:
    """When the SKU, or its stock, was last changed."""
    product = PRODUCT.alias("its_product")
    made = select(product.c.create_time).where(product.c.id == s.c.product_id).scalar_subquery()
    changed = select(UPDATE.c.time).where(UPDATE.c.sku_id == s.c.id).scalar_subquery()
    moved = select(MOVEMENT.c.create_time).where(MOVEMENT.c.sku_id == s.c.id).order_by(MOVEMENT.c.id.desc()).limit(1)
    return func.greatest(made, changed, moved.scalar_subquery())


def product_columns(p: Columns) -> list[Expression]:
    """A product as it is shown, with its SKUs, its pictures and its model."""
    its_skus = select(*sku_columns(SKU)).where(SKU.c.product_id == p.c.id, ~sku_is_removed(SKU.c.id)).order_by(SKU.c.id)
    return [
        *p.c,
        is_listed(p.c.id).label("listed"),
        json_array(its_skus.correlate(p)).label("skus"),
        pictures.shown_on(p).label("pictures"),
        models.shown_on(p).label("model"),
    ]


def is_listed(product_id: Expression) -> Condition:
    """Whether the product is offered for sale."""
    return ~is_unlisted(product_id)


def is_unlisted(product_id: Expression) -> Condition:
    """Whether the product is not offered for sale (下架)."""
    return select(UNLISTED.c.product_id).where(UNLISTED.c.product_id == product_id).exists()
