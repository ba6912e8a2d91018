"""A merchant's SKUs and their stock."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.movements import MovementFilters, MovementList, ShopMovementList
from app.schemas.paging import PageQuery
from app.schemas.products import SkuChange, SkuFilters, SkuList, SkuView, StockChange
from app.services.catalogue import movements, skus
from app.web.dependencies import MerchantCall, RowId


@router.get("/skus", response_model=SkuList)
def list_skus(query: Annotated[SkuFilters, Query()], call: MerchantCall) -> str:
    """List SKUs (规格列表)."""
    return skus.page(call, query.filters(), query.asked())


@router.get("/skus/{sku_id}", response_model=SkuView)
def get_sku(sku_id: RowId, call: MerchantCall) -> str:
    """Show a SKU (规格详情)."""
    return skus.get(call, sku_id)


@router.patch("/skus/{sku_id}", response_model=SkuView)
def change_sku(sku_id: RowId, body: SkuChange, call: MerchantCall) -> str:
    """Change a SKU (修改规格)."""
    return skus.change(call, sku_id, body.model_dump(exclude_unset=True))


@router.delete("/skus/{sku_id}", status_code=204)
def remove_sku(sku_id: RowId, call: MerchantCall) -> None:
    """Take a SKU off the shop (删除规格). Orders keep what they say."""
    skus.remove(call, sku_id)


@router.post("/skus/{sku_id}/restore", response_model=SkuView)
def restore_sku(sku_id: RowId, call: MerchantCall) -> str:
    """Put a removed SKU back on the shop (恢复规格), with no stock and no code."""
    return skus.restore(call, sku_id)


@router.post("/skus/{sku_id}/stock", response_model=SkuView)
def change_stock(sku_id: RowId, body: StockChange, call: MerchantCall) -> str:
    """Change the stock (调整库存) by `delta`, or set it to `stock` where it still stands at `expected_stock`."""
    return skus.adjust_stock(
        call, sku_id, reason=body.reason, delta=body.delta, stock_=body.stock, expected=body.expected_stock
    )


@router.get("/skus/{sku_id}/movements", response_model=MovementList)
def list_movements(sku_id: RowId, query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    """List the movements of a SKU's stock (库存流水), newest first."""
    return movements.of_sku(call, sku_id, query.asked())


@router.get("/movements", response_model=ShopMovementList)
def list_movements_of_shop(query: Annotated[MovementFilters, Query()], call: MerchantCall) -> str:
    """List every change of stock in the whole shop (全店库存流水), newest first."""
    return movements.of_shop(call, query.filters(), query.asked())
