"""Batches: what each row may contain, and the result that it gets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from app.errors import InvalidInput
from app.schemas.fields import Count, Filters, Id, Input, Line, Optionally, OrderNumber, Price, SkuCode, TrackingNumber
from app.schemas.products import StockChange
from app.services.batch_row import BatchRow
from app.sheets.reading import Sheet

MAX_ITEMS = 1000
MAX_FILE = 5_000_000  # bytes


class ShipItem(Input):
    """An order, by id or number, and its parcel. What the values are worth is told row by row."""

    order_id: int | None = None
    order_number: str | None = None
    logistic_id: int | None = None
    logistic_name: str | None = None
    logistic_order_id: str | None = None


class BatchShip(Input):
    """With `correct`, a row of an order that is shipped already mends its carrier and tracking number."""

    items: Annotated[list[ShipItem], Field(min_length=1, max_length=MAX_ITEMS)]
    dry_run: bool = False
    correct: bool = False


class StockItem(Input):
    """A SKU, by id or by the merchant's code, and its new stock. What the values are worth is told row by row."""

    sku_id: int | None = None
    sku_code: str | None = None
    delta: int | None = None
    stock: int | None = None
    expected_stock: int | None = None
    reason: str | None = None


class BatchStock(Input):
    items: Annotated[list[StockItem], Field(min_length=1, max_length=MAX_ITEMS)]
    dry_run: bool = False


class StockRow(StockChange):
    """A row that changes a stock: as `POST /merchant/skus/{id}/stock`, of the SKU that it names."""

    sku_id: Id | None = None
    sku_code: SkuCode | None = None
    reason: Annotated[str, Line(100)] = "sync"

    @model_validator(mode="after")
    def _names_a_sku(self) -> Self:
        if self.sku_id is None and self.sku_code is None:
            raise PydanticCustomError("sku_unnamed", "name the SKU by sku_id or sku_code")
        return self


class ShipRow(BaseModel):
    """A row that can be shipped; `carrier` is the id, code or name of a known one."""

    model_config = ConfigDict(extra="forbid")

    order_id: Id | None = None
    order_number: Optionally[OrderNumber] = None
    carrier: Optionally[Annotated[str, Line(20)]] = None
    logistic_id: Id | None = None
    logistic_name: Optionally[Annotated[str, Line(15)]] = None
    logistic_order_id: Optionally[TrackingNumber] = None

    @model_validator(mode="after")
    def _names_an_order(self) -> Self:
        if self.order_id is None and self.order_number is None:
            raise PydanticCustomError("order_unnamed", "name the order by order_id or order_number")
        return self


class SkuRow(BaseModel):
    """A row that changes a SKU, named by id or code; `stock` is set where it still stands at `expected_stock`."""

    model_config = ConfigDict(extra="forbid")

    sku_id: Id | None = None
    sku_code: SkuCode | None = None
    price: Price | None = None
    stock: Count | None = None
    expected_stock: Count | None = None

    @model_validator(mode="after")
    def _names_a_sku(self) -> Self:
        if self.sku_id is None and self.sku_code is None:
            raise PydanticCustomError("sku_unnamed", "name the SKU by sku_id or sku_code")
        return self

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.price is None and self.stock is None:
            raise PydanticCustomError("nothing_given", "give price or stock")
        if self.stock is not None and self.expected_stock is None:
            raise PydanticCustomError("expected_missing", "a stock needs the expected_stock that was seen")
        return self


class DryRun(Filters):
    """`dry_run` tells what would happen and changes nothing."""

    dry_run: bool = False


class ShipImport(DryRun):
    """With `correct`, a row of an order that is shipped already mends its carrier and tracking number."""

    correct: bool = False


class RowResult(BaseModel):
    """What became of a row, by its number in what was sent; `code` and `detail` say why it was refused."""

    row: int
    ok: bool
    code: str | None
    detail: str | None


class ShipResult(RowResult):
    order_number: str | None


class SkuResult(RowResult):
    """`sku_id` as it was sent when it is no id."""

    sku_id: int | str | None


class ShipResults(BaseModel):
    shipped: int
    failed: int
    results: list[ShipResult]


class StockResult(RowResult):
    sku_id: int | None


class StockResults(BaseModel):
    changed: int
    failed: int
    results: list[StockResult]


class SkuResults(BaseModel):
    changed: int
    failed: int
    results: list[SkuResult]


class OfFile(BaseModel):
    """The rows of a file that were only counted: hidden ones, by a filter for one, and those not filled in yet."""

    hidden: int
    skipped: int


class ShipFileResults(ShipResults, OfFile):
    pass


class SkuFileResults(SkuResults, OfFile):
    pass


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of a file, and how many others it has that are only counted."""

    rows: list[BatchRow]
    hidden: int
    skipped: int


def checked(model: type[BaseModel], given: Iterable[tuple[int, dict[str, Any]]]) -> list[BatchRow]:
    """The rows, given with their numbers; one that does not fit `model` is refused with `invalid_input`."""
    rows = []
    for number, values in given:
        try:
            rows.append(BatchRow(number, model.model_validate(values).model_dump(exclude_none=True)))
        except ValidationError as error:
            rows.append(BatchRow(number, values, InvalidInput(faults=error.errors(include_url=False))))
    return rows


def checked_file(model: type[BaseModel], sheet: Sheet) -> FileRows:
    """The rows of a file; one that does not fit `model`, or has a cell with a fault, is refused with `invalid_input`."""
    rows = checked(model, ((row.number, row.cells) for row in sheet.rows))
    for row, of_sheet in zip(rows, sheet.rows, strict=True):
        row.titles = sheet.titles
        if of_sheet.faults:
            row.values, row.error = of_sheet.cells, InvalidInput(faults=of_sheet.faults)
        elif row.error is not None:
            row.values = of_sheet.cells
    return FileRows(rows, sheet.hidden, sheet.skipped)
