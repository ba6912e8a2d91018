"""The products of all merchants, those off the shop too, for staff to look at."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import bindparam, not_, select

from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import JsonText, Query
from app.db.work import Work
from app.models import Product
from app.services import parties
from app.services.catalogue.removal import product_is_removed
from app.services.catalogue.views import is_listed, is_unlisted, product_columns
from app.services.ownership import GOODS, owned
from app.services.paging import Listing, Page

PRODUCT = Product.__table__
_REMOVED = product_is_removed(PRODUCT.c.id)

FILTERS = {
    "name": contains(PRODUCT.c.name, "name"),
    "business_id": PRODUCT.c.business_id == bindparam("business_id"),
    "listed": is_listed(PRODUCT.c.id),
    "not_listed": is_unlisted(PRODUCT.c.id),
    "removed": _REMOVED,
    "not_removed": not_(_REMOVED),
}


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """Products with their `skus` and shops that pass all `filters`, newest first, as JSON.

    With `removed`, those that were taken off their shop, else those that are on it.
    """
    return _listing(work.actor.kind).page(work, page, _chosen(filters))


def get(work: Work, product_id: int) -> JsonText:
    """One product of any merchant, whether it is on the shop or not, as JSON; raises NotFound."""
    return work.body(_one(work.actor.kind), product_id=product_id)


def _chosen(filters: Mapping[str, object]) -> dict[str, object]:
    """The filters by the names in FILTERS of what they mean."""
    chosen = {name: value for name, value in filters.items() if name not in ("listed", "removed")}
    chosen["removed" if filters.get("removed") else "not_removed"] = True
    if "listed" in filters:
        chosen["listed" if filters["listed"] else "not_listed"] = True
    return chosen


def _view(kind: str) -> Query:
    storename = parties.storename(PRODUCT.c.business_id)
    view = select(*product_columns(PRODUCT), storename, _REMOVED.label("removed"))
    return view.where(owned(GOODS, kind, PRODUCT))


@cache
def _listing(kind: str) -> Listing:
    return Listing(_view(kind), PRODUCT.c.id, time=PRODUCT.c.create_time, filters=FILTERS, varied=True)


@cache
def _one(kind: str) -> Statement:
    return Statement(select(json_of(_view(kind).where(PRODUCT.c.id == bindparam("product_id"))).label("body")))
