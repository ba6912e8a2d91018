"""Exporting a merchant's SKUs as a file, and importing the file once it is edited."""

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import Query, Request, Response

from app.routers.merchant import router
from app.schemas.batches import MAX_FILE, DryRun, SkuResults, SkuRow, checked
from app.schemas.exports import SkuExport
from app.services.batch_row import BatchRow
from app.services.catalogue import sku_export, sku_import
from app.sheets import reading
from app.web.batch_results import results_json
from app.web.dependencies import Call, MerchantCall, MerchantReport
from app.web.downloads import FILE, Download
from app.web.imports import imported
from app.web.uploads import DOCUMENTED
from app.web.wording import language


@router.get("/skus/export", response_class=Download, responses=FILE)
async def export_skus(query: Annotated[SkuExport, Query()], call: MerchantReport) -> Download:
    """The SKUs that pass the list's filters as a file that can be edited and sent to `POST /merchant/skus/import`."""

    def write(work: Call, file_format: str, file: BinaryIO) -> None:
        sku_export.write(work, file_format, file, filters=query.filters(), columns=query.columns)

    return await Download.made(call, query.format, "skus", write)


@router.post("/skus/import", response_model=SkuResults, max_body_size=MAX_FILE, openapi_extra=DOCUMENTED)
async def change_skus_from_file(request: Request, query: Annotated[DryRun, Query()], call: MerchantCall) -> Response:
    """Set prices and stocks from a CSV or XLSX file: by SKU id; a stock needs the `expected_stock` that was exported."""

    def read(file: BinaryIO) -> list[BatchRow]:
        return checked(SkuRow, _given(reading.read(file, sku_export.CHANGES)))

    def change(rows: list[BatchRow], asked: DryRun) -> str:
        sku_import.change(call, rows, dry_run=asked.dry_run)
        return results_json(rows, done="changed", name="sku_id", language=language(request))

    return await imported(request, call, query, read, change)


def _given(rows: list[reading.SheetRow]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows with their SKU ids as numbers; what cannot be an id stays text, and is answered as it was sent."""
    for row in rows:
        sku_id = row.cells.get("sku_id", "")
        yield row.number, {**row.cells, **({"sku_id": int(sku_id)} if sku_id.isdecimal() and len(sku_id) < 11 else {})}
