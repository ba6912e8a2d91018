"""The movements of stock: of one SKU, and of a whole shop, newest first."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select

from app.db.parameters import ACTOR_ID
from app.db.types import JsonText
from app.db.work import Work
from app.models import Product, Sku, StockMovement
from app.services.catalogue import skus
from app.services.catalogue.stock import ORDERED
from app.services.catalogue.views import code_of
from app.services.paging import Listing, Page

MOVEMENT = StockMovement.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__

_OF_PRODUCT = select(SKU.c.id).where(SKU.c.product_id == bindparam("product_id"))
FILTERS = {
    "sku_id": MOVEMENT.c.sku_id == bindparam("sku_id"),
    "product_id": MOVEMENT.c.sku_id.in_(_OF_PRODUCT),
    "reason": MOVEMENT.c.reason == bindparam("reason"),
    "create_from": MOVEMENT.c.create_time >= bindparam("create_from"),
    "create_to": MOVEMENT.c.create_time <= bindparam("create_to"),
}


def of_shop(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The movements of the merchant's stock that pass all `filters` (names of FILTERS), with their SKUs' names, as JSON."""
    by_orders = filters.get("reason", ORDERED) == ORDERED
    return (_OF_SHOP if by_orders else _BUT_ORDERS).page(work, page, filters)


def of_sku(work: Work, sku_id: int, page: Page) -> JsonText:
    """The movements of a SKU's stock, as JSON; raises NotFound."""
    skus.check_mine(work, sku_id)
    return _OF_SKU.page(work, page, sku_id=sku_id)


def _listing(*also: object) -> Listing:
    its_sku = SKU.join(PRODUCT, PRODUCT.c.id == SKU.c.product_id)
    named = (SKU.c.product_id, PRODUCT.c.name.label("product_name"), SKU.c.sku_name, code_of(SKU.c.id).label("sku_code"))
    view = select(*_SHOWN, *named).select_from(MOVEMENT.join(its_sku, SKU.c.id == MOVEMENT.c.sku_id))
    return Listing(
        view,
        MOVEMENT.c.id,
        time=MOVEMENT.c.create_time,
        where=(MOVEMENT.c.business_id == ACTOR_ID, *also),
        filters=FILTERS,
        varied=True,
    )


_SHOWN = [column for column in MOVEMENT.c if column.name != "business_id"]
_OF_SKU = Listing(select(*_SHOWN), MOVEMENT.c.id, where=(MOVEMENT.c.sku_id == bindparam("sku_id"),))
_OF_SHOP = _listing()
_BUT_ORDERS = _listing(MOVEMENT.c.reason != ORDERED)  # in the words of the index of reasons, which orders stay out of
