"""SKUs as files that merchants export, edit, and send to `sku_import`."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from sqlalchemy import case, literal, select

from app.db.types import Expression, Query
from app.db.work import Work
from app.models import Product, Sku
from app.models import sku as stored
from app.services.catalogue import skus
from app.services.catalogue.views import code_of
from app.services.spreadsheets import Column, Kind
from app.services.spreadsheets import write as write_sheet
from app.sheets import cells
from app.sheets.headers import Heading
from app.sheets.usual_headings import PRICES, SKU_CODES, STOCKS

SKU = Sku.__table__
PRODUCT = Product.__table__.alias("of_sku")

CHANGES = (
    Heading("sku_id", "库存ID", "SKU id", cells.code, ("id",), instead="sku_code"),
    Heading("sku_code", "商家编码", "SKU code", cells.label, SKU_CODES, required=False),
    Heading("price", "单价", "price", cells.amount, PRICES, required=False),
    Heading("stock", "库存量", "stock", cells.amount, STOCKS, required=False),
    Heading("expected_stock", "导出时库存", "exported stock", cells.amount, required=False),
)
_STATE = case(*((SKU.c.status == status, literal(zh)) for status, (zh, _) in stored.STATUS_NAMES.items()))

COLUMNS = {
    "sku_id": Column("库存ID", Kind.NUMBER, SKU.c.id),
    "sku_code": Column("商家编码", Kind.CODE, code_of(SKU.c.id)),
    "product_name": Column("商品", Kind.TEXT, PRODUCT.c.name),
    "sku_name": Column("规格", Kind.TEXT, SKU.c.sku_name),
    "sku_attr": Column("规格属性", Kind.TEXT, SKU.c.sku_attr),
    "price": Column("单价", Kind.NUMBER, SKU.c.price),
    "stock": Column("库存量", Kind.NUMBER, SKU.c.stock),
    "expected_stock": Column("导出时库存", Kind.NUMBER, SKU.c.stock),
    "status": Column("状态", Kind.SAFE, _STATE),
    "product_id": Column("货物ID", Kind.NUMBER, SKU.c.product_id),
}


def write(work: Work, file_format: str, file: BinaryIO, *, filters: Mapping[str, object], columns: Sequence[str]) -> None:
    """The merchant's SKUs that pass all `filters` (names of `skus.FILTERS`), newest first; raises TooManyRows for XLSX."""
    chosen = skus.conditions(filters)

    def rows(values: list[Expression]) -> Query:
        of_products = SKU.join(PRODUCT, PRODUCT.c.id == SKU.c.product_id)
        return select(*values).select_from(of_products).where(*chosen).order_by(SKU.c.id.desc())

    write_sheet(work, file_format, file, [COLUMNS[name] for name in columns], rows, **filters)
