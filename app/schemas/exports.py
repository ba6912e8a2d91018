"""Exports: the format and the columns that are asked for."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.except_orders import TicketConditions
from app.schemas.fields import Filters, Ids, listed, once_each
from app.schemas.orders import MerchantOrderConditions
from app.schemas.products import SkuConditions
from app.services.catalogue import sku_export
from app.services.orders import export
from app.services.tickets import export as ticket_export


class Format(Filters):
    format: Literal["csv", "xlsx"] = "csv"


def _columns(names: tuple[str, ...]) -> Any:
    """A choice of columns in the order in which they are shown; each once, all of them when none is named."""
    column = Annotated[str, AfterValidator(_one_of(names)), Field(json_schema_extra={"enum": list(names)})]
    return Annotated[list[column], Field(max_length=100), BeforeValidator(listed), AfterValidator(once_each)]


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    def known(name: str) -> str:
        if name not in names:
            raise PydanticCustomError(
                "unknown_column", "there is no such column: choose of {columns}", {"columns": ", ".join(names)}
            )
        return name

    return known


class OrderExport(MerchantOrderConditions, Format):
    ids: Ids | None = None
    columns: _columns(tuple(export.COLUMNS)) = Field(list(export.COLUMNS))  # type: ignore[valid-type]


class TicketExport(TicketConditions, Format):
    columns: _columns(tuple(ticket_export.COLUMNS)) = Field(list(ticket_export.COLUMNS))  # type: ignore[valid-type]


class SkuExport(SkuConditions, Format):
    columns: _columns(tuple(sku_export.COLUMNS)) = Field(list(sku_export.COLUMNS))  # type: ignore[valid-type]
