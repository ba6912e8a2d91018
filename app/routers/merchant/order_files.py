"""Shipping many of a merchant's orders, from a list or a file, and exporting orders as a file."""

from typing import Annotated, BinaryIO

from fastapi import Query, Request, Response

from app.routers.merchant import router
from app.schemas.batches import (
    MAX_FILE,
    BatchShip,
    FileRows,
    ShipFileResults,
    ShipImport,
    ShipResults,
    ShipRow,
    checked,
    checked_file,
)
from app.schemas.exports import Format, OrderExport
from app.services.orders import export, shipping
from app.sheets import reading
from app.web.batch_results import results_json
from app.web.dependencies import Call, MerchantCall, MerchantReport
from app.web.downloads import FILE, Download
from app.web.imports import imported
from app.web.uploads import DOCUMENTED
from app.web.wording import language


@router.post("/orders/ship", response_model=ShipResults)
def ship_orders(body: BatchShip, call: MerchantCall, request: Request) -> str:
    """Ship many orders (批量发货), up to 1,000, each row by itself.

    One that is shipped already stays as it is, unless `correct` mends it.
    """
    items = ((number, item.model_dump(exclude_none=True)) for number, item in enumerate(body.items, 1))
    rows = checked(ShipRow, items)
    shipping.ship_many(call, rows, dry_run=body.dry_run, correct=body.correct)
    return results_json(rows, done="shipped", name="order_number", language=language(request))


@router.post("/orders/ship/import", response_model=ShipFileResults, max_body_size=MAX_FILE, openapi_extra=DOCUMENTED)
async def ship_from_file(request: Request, query: Annotated[ShipImport, Query()], call: MerchantCall) -> Response:
    """Ship orders from a file (导入发货), up to 10,000. XLSX, XLS or CSV with order numbers, carriers and tracking numbers."""

    def read(file: BinaryIO) -> FileRows:
        return checked_file(ShipRow, reading.read(file, export.PARCELS, filled=("carrier", "logistic_order_id")))

    def ship(found: FileRows, asked: ShipImport) -> str:
        shipping.ship_many(call, found.rows, dry_run=asked.dry_run, correct=asked.correct)
        counts = {"hidden": found.hidden, "skipped": found.skipped}
        return results_json(found.rows, done="shipped", name="order_number", language=language(request), **counts)

    return await imported(request, call, query, read, ship)


@router.get("/orders/ship/template", response_class=Download, responses=FILE)
async def get_template(query: Annotated[Format, Query()], call: MerchantCall) -> Download:
    """Get the file to fill in (发货模板) for `POST /api/v1/merchant/orders/ship/import`."""
    return await Download.made(call, query.format, "ship", export.write_template)


@router.get("/orders/export", response_class=Download, responses=FILE)
async def export_orders(query: Annotated[OrderExport, Query()], call: MerchantReport) -> Download:
    """Export orders (导出订单) that pass the list's filters, newest first. `columns` picks and orders what the file shows."""

    def write(work: Call, file_format: str, file: BinaryIO) -> None:
        export.write(work, file_format, file, filters=query.filters(), columns=query.columns)

    return await Download.made(call, query.format, "orders", write)
