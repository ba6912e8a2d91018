"""The thresholds of a merchant's low stock."""

from app.routers.merchant import router
from app.schemas.low_stock import SkuThreshold, SkuThresholdView, Threshold, ThresholdView
from app.services.catalogue import thresholds
from app.web.dependencies import MerchantCall, RowId


@router.get("/low-stock", response_model=ThresholdView)
def get_low_stock(call: MerchantCall) -> str:
    """Show the threshold of low stock (库存预警值) of the shop."""
    return thresholds.get(call)


@router.put("/low-stock", response_model=ThresholdView)
def put_low_stock(body: Threshold, call: MerchantCall) -> str:
    """Set the threshold of low stock (设置库存预警值) of the shop."""
    return thresholds.put(call, body.threshold)


@router.get("/skus/{sku_id}/low-stock", response_model=SkuThresholdView)
def get_low_stock_of_sku(sku_id: RowId, call: MerchantCall) -> str:
    """Show a SKU's threshold of low stock (规格库存预警值)."""
    return thresholds.get_of_sku(call, sku_id)


@router.put("/skus/{sku_id}/low-stock", response_model=SkuThresholdView)
def put_low_stock_of_sku(sku_id: RowId, body: SkuThreshold, call: MerchantCall) -> str:
    """Set a SKU's threshold of low stock (设置规格库存预警值)."""
    return thresholds.put_of_sku(call, sku_id, body.threshold)
