"""What the platform sells: the goods of all merchants that are neither removed nor of a disabled merchant."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select

from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.models import Product, Sku, User
from app.models.user import NORMAL
from app.services.catalogue import models, pictures
from app.services.catalogue.removal import product_is_removed, sku_is_removed
from app.services.catalogue.views import is_listed, product_columns, sku_columns
from app.services.paging import Listing, Page

PRODUCT = Product.__table__
SKU = Sku.__table__
USER = User.__table__

_OF_OPEN_SHOP = select(USER.c.id).where(USER.c.id == PRODUCT.c.business_id, USER.c.status == NORMAL).correlate(PRODUCT).exists()
_ON_SALE = (_OF_OPEN_SHOP, ~product_is_removed(PRODUCT.c.id))
FILTERS = {
    "name": contains(PRODUCT.c.name, "name"),
    "listed": is_listed(PRODUCT.c.id) == bindparam("listed"),
    "business_id": PRODUCT.c.business_id == bindparam("business_id"),
}


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """Products with their `skus` that pass all `filters` (names of FILTERS), newest first, as JSON."""
    return _LISTING.page(work, page, filters)


def product(work: Work, product_id: int) -> JsonText:
    """One product with its `skus`, as JSON; raises NotFound."""
    return work.body(_PRODUCT, product_id=product_id)


def sku(work: Work, sku_id: int) -> JsonText:
    """One SKU with the merchant of its product, as JSON; raises NotFound."""
    return work.body(_SKU, sku_id=sku_id)


_OF_PRODUCT = (pictures.shown_on(PRODUCT).label("pictures"), models.shown_on(PRODUCT).label("model"))
_VIEW = select(*product_columns(PRODUCT))
_LISTING = Listing(_VIEW, PRODUCT.c.id, time=PRODUCT.c.create_time, where=_ON_SALE, filters=FILTERS)
_PRODUCT = Statement(select(json_of(_VIEW.where(PRODUCT.c.id == bindparam("product_id"), *_ON_SALE)).label("body")), whole=True)
_SKU = Statement(
    select(
        json_of(
            select(*sku_columns(SKU), PRODUCT.c.business_id, is_listed(PRODUCT.c.id).label("listed"), *_OF_PRODUCT)
            .select_from(SKU)
            .join(PRODUCT, PRODUCT.c.id == SKU.c.product_id)
            .where(SKU.c.id == bindparam("sku_id"), ~sku_is_removed(SKU.c.id), *_ON_SALE)
        ).label("body")
    ),
    whole=True,
)
