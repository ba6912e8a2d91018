"""Many of a merchant's SKUs at once: their stocks from a list, and all of them as a file to edit and import."""

from typing import Annotated, BinaryIO

from fastapi import Query, Request, Response

from app.routers.merchant import router
from app.schemas.batches import (
    MAX_FILE,
    BatchStock,
    DryRun,
    FileRows,
    SkuFileResults,
    SkuRow,
    StockResults,
    StockRow,
    checked,
    checked_file,
)
from app.schemas.exports import SkuExport
from app.services.catalogue import sku_export, sku_import, stock_batch
from app.sheets import reading
from app.web.batch_results import results_json
from app.web.dependencies import Call, MerchantCall, MerchantReport
from app.web.downloads import FILE, Download
from app.web.imports import imported
from app.web.uploads import DOCUMENTED
from app.web.wording import language


@router.post("/skus/stock", response_model=StockResults)
def change_stocks(body: BatchStock, call: MerchantCall, request: Request) -> str:
    """Change many stocks (批量调整库存), of up to 1,000 SKUs by id or code, each row by itself."""
    items = ((number, item.model_dump(exclude_none=True)) for number, item in enumerate(body.items, 1))
    rows = checked(StockRow, items)
    stock_batch.adjust(call, rows, dry_run=body.dry_run)
    return results_json(rows, done="changed", name="sku_id", language=language(request))


@router.get("/skus/export", response_class=Download, responses=FILE)
async def export_skus(query: Annotated[SkuExport, Query()], call: MerchantReport) -> Download:
    """Export SKUs (导出规格) that pass the list's filters.

    The file can be edited and sent to `POST /api/v1/merchant/skus/import`.
    """

    def write(work: Call, file_format: str, file: BinaryIO) -> None:
        sku_export.write(work, file_format, file, filters=query.filters(), columns=query.columns)

    return await Download.made(call, query.format, "skus", write)


@router.post("/skus/import", response_model=SkuFileResults, max_body_size=MAX_FILE, openapi_extra=DOCUMENTED)
async def change_skus_from_file(request: Request, query: Annotated[DryRun, Query()], call: MerchantCall) -> Response:
    """Change SKUs from a file (导入规格): XLSX, XLS or CSV.

    Prices and stocks are set by SKU id or by the merchant's code (商家编码). A stock needs the exported `expected_stock`.
    """

    def read(file: BinaryIO) -> FileRows:
        return _with_ids(checked_file(SkuRow, reading.read(file, sku_export.CHANGES, filled=("price", "stock"))))

    def change(found: FileRows, asked: DryRun) -> str:
        sku_import.change(call, found.rows, dry_run=asked.dry_run)
        counts = {"hidden": found.hidden, "skipped": found.skipped}
        return results_json(found.rows, done="changed", name="sku_id", language=language(request), **counts)

    return await imported(request, call, query, read, change)


def _with_ids(found: FileRows) -> FileRows:
    """The rows with their SKU ids as numbers; what cannot be an id stays text, and is answered as it was sent."""
    for row in found.rows:
        sku_id = row.values.get("sku_id", "")
        if isinstance(sku_id, str) and sku_id.isdecimal() and len(sku_id) < 11:
            row.values = {**row.values, "sku_id": int(sku_id)}
    return found
