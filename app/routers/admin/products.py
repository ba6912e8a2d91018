"""Everybody's products, for staff to look at."""

from typing import Annotated

from fastapi import Query

from app.routers.admin import router
from app.schemas.products import AdminProduct, AdminProductFilters, AdminProductList
from app.services.catalogue import everywhere
from app.web.dependencies import AdminCall, RowId


@router.get("/products", response_model=AdminProductList)
def list_products(query: Annotated[AdminProductFilters, Query()], call: AdminCall) -> str:
    """List everybody's products (全部商品), newest first."""
    return everywhere.page(call, query.filters(), query.asked())


@router.get("/products/{product_id}", response_model=AdminProduct)
def get_product(product_id: RowId, call: AdminCall) -> str:
    """Show a product (商品详情) of any merchant, also one that was taken off the shop."""
    return everywhere.get(call, product_id)
