"""The thresholds at which stock is low, as the merchant sets them: for the whole shop, and for single SKUs."""

from sqlalchemy import bindparam, delete, null, select
from sqlalchemy.dialects.postgresql import insert

from app.db.parameters import ACTOR_ID
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import Columns, JsonText
from app.db.work import Work
from app.models import LowStock, SkuLowStock
from app.services.catalogue import skus
from app.services.catalogue.low_stock import threshold
from app.services.events import audit

OF_MERCHANT = LowStock.__table__
OF_SKU = SkuLowStock.__table__


def get(work: Work) -> JsonText:
    """The merchant's threshold, as JSON."""
    return str(work.one(_GET).body)


def put(work: Work, value: int) -> JsonText:
    """Set the threshold of the SKUs that have none of their own; as JSON."""
    assert work.actor.id is not None
    work.do(_PUT, threshold=value)
    _note(work, "user", work.actor.id, value)
    return get(work)


def get_of_sku(work: Work, sku_id: int) -> JsonText:
    """A SKU's own threshold, and the one in force, as JSON; raises NotFound."""
    skus.get(work, sku_id)
    return str(work.one(_GET_OF_SKU, sku_id=sku_id).body)


def put_of_sku(work: Work, sku_id: int, value: int | None) -> JsonText:
    """Set a SKU's own threshold, or take it away (None), so that the merchant's is in force; as JSON. Raises NotFound."""
    skus.get(work, sku_id)
    if value is None:
        work.do(_DELETE_OF_SKU, sku_id=sku_id)
    else:
        work.do(_PUT_OF_SKU, sku_id=sku_id, threshold=value)
    _note(work, "sku", sku_id, value)
    return get_of_sku(work, sku_id)


def _note(work: Work, subject: str, subject_id: int, value: int | None) -> None:
    audit.note(work, "change", subject, subject_id, business_id=work.actor.id, details={"low_stock_threshold": value})


def _put(table: Columns, key: str, value: str) -> Statement:
    written = insert(table).values({key: bindparam(value), "threshold": bindparam("threshold")})
    return Statement(written.on_conflict_do_update(index_elements=[key], set_={"threshold": written.excluded.threshold}))


def _get_of_sku() -> Statement:
    own = select(OF_SKU.c.threshold).where(OF_SKU.c.sku_id == bindparam("sku_id")).scalar_subquery()
    in_force = threshold(bindparam("sku_id"), ACTOR_ID)
    return Statement(select(json_of(select(own.label("threshold"), in_force.label("in_force"))).label("body")))


_GET = Statement(select(json_of(select(threshold(null(), ACTOR_ID).label("threshold"))).label("body")))
_GET_OF_SKU = _get_of_sku()
_PUT = _put(OF_MERCHANT, "business_id", "actor_id")
_PUT_OF_SKU = _put(OF_SKU, "sku_id", "sku_id")
_DELETE_OF_SKU = Statement(delete(OF_SKU).where(OF_SKU.c.sku_id == bindparam("sku_id")))
