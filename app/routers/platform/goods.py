"""What the platform sells: the products and SKUs of all merchants."""

from typing import Annotated

from fastapi import Query

from app.routers.platform import router
from app.schemas.products import PlatformProductFilters, PlatformSkuView, ProductList, ProductView
from app.services.catalogue import on_sale
from app.web.dependencies import PlatformCall, RowId


@router.get("/products", response_model=ProductList)
def list_products(query: Annotated[PlatformProductFilters, Query()], call: PlatformCall) -> str:
    """List products on sale (在售商品列表), of all merchants."""
    return on_sale.page(call, query.filters(), query.asked())


@router.get("/products/{product_id}", response_model=ProductView)
def get_product(product_id: RowId, call: PlatformCall) -> str:
    """Show a product on sale (商品详情)."""
    return on_sale.product(call, product_id)


@router.get("/skus/{sku_id}", response_model=PlatformSkuView)
def get_sku(sku_id: RowId, call: PlatformCall) -> str:
    """Show a SKU on sale (规格详情)."""
    return on_sale.sku(call, sku_id)
