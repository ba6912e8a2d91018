"""Which SKUs the rows of a batch are about: a row names its SKU by its id, or by the merchant's own code."""

from typing import NamedTuple

from sqlalchemy import or_, select

from app.db.sql import is_among
from app.db.statement import Statement
from app.db.work import Work
from app.errors import UnknownSkuCode, UnknownSkuId
from app.models import Sku, SkuCode
from app.services.batch_row import BatchRow
from app.services.catalogue import skus

SKU = Sku.__table__
CODE = SkuCode.__table__


class NamedSku(NamedTuple):
    """A SKU of the merchant's that is on the shop, and its code."""

    id: int
    code: str | None


def find(work: Work, rows: list[BatchRow]) -> None:
    """Fill in the rows' `sku_id` and `sku_code`, and refuse those that name none of the merchant's SKUs, or two."""
    ids = [row.values["sku_id"] for row in rows if row.values.get("sku_id")]
    codes = [row.values["sku_code"] for row in rows if row.values.get("sku_code")]
    found: list[NamedSku] = work.all(_NAMED, ids=ids, codes=codes)
    by_id = {sku.id: sku for sku in found}
    by_code = {sku.code: sku for sku in found if sku.code is not None}
    for row in rows:
        sku_id, code = row.values.get("sku_id"), row.values.get("sku_code")
        sku = by_code.get(code or "") if sku_id is None else by_id.get(sku_id)
        if sku is None and sku_id is not None:
            row.error = UnknownSkuId(field="sku_id")
        elif sku is None or code not in (None, sku.code):
            row.error = UnknownSkuCode(field="sku_code")
        else:
            row.values |= {"sku_id": sku.id, "sku_code": sku.code}


_NAMED = Statement(
    select(SKU.c.id, CODE.c.code)
    .select_from(SKU.outerjoin(CODE, CODE.c.sku_id == SKU.c.id))
    .where(or_(is_among(SKU.c.id, "ids"), is_among(CODE.c.code, "codes")), *skus.conditions(()))
)
