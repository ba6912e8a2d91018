"""Movements of stock: what a list of them is filtered by, and how one is shown."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.schemas.fields import Id, Line, Time
from app.schemas.paging import Listed, PageQuery

Reason = Annotated[
    str, Line(100), Field(description="exactly: initial, order, refund, removed, import, sync, or your own words (原因)")
]
From = Annotated[Time, Field(description="Unix seconds, this second included (起始时间)")]
To = Annotated[Time, Field(description="Unix seconds, this second included (截止时间)")]


class MovementFilters(PageQuery):
    """A page of the shop's movements of stock that pass the filters."""

    sku_id: Annotated[Id, Field(description="of this SKU (库存ID), also of one that was removed")] | None = None
    product_id: Annotated[Id, Field(description="of the SKUs of this product (货物ID)")] | None = None
    reason: Reason | None = None
    create_from: From | None = None
    create_to: To | None = None


class MovementView(BaseModel):
    """A change of a SKU's stock by `delta`; `reference` is the order number where an order is the cause."""

    id: int
    sku_id: int
    delta: int
    stock_after: int
    reason: str
    reference: str | None
    actor_kind: str
    actor_id: int | None
    create_time: int


class ShopMovementView(MovementView):
    """As the SKU and its product are named now; `sku_code` is the merchant's own code (商家编码)."""

    product_id: int
    product_name: str
    sku_name: str
    sku_code: str | None


class MovementList(Listed):
    items: list[MovementView]


class ShopMovementList(Listed):
    items: list[ShopMovementView]
