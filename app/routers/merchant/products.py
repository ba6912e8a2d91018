"""A merchant's products."""

from typing import Annotated

from fastapi import Query

from app.routers.merchant import router
from app.schemas.paging import PageQuery
from app.schemas.products import NewProduct, NewSku, ProductChange, ProductFilters, ProductList, ProductView, SkuList, SkuView
from app.services.catalogue import products, skus
from app.web.dependencies import MerchantCall, RowId


@router.get("/products", response_model=ProductList)
def list_products(query: Annotated[ProductFilters, Query()], call: MerchantCall) -> str:
    """List products (商品列表), newest first."""
    return products.page(call, query.filters(), query.asked())


@router.post("/products", response_model=ProductView, status_code=201)
def create_product(body: NewProduct, call: MerchantCall) -> str:
    """Make a product (创建商品), with its SKUs."""
    return products.create(call, body.model_dump(exclude={"skus"}), [sku.model_dump() for sku in body.skus])


@router.get("/products/{product_id}", response_model=ProductView)
def get_product(product_id: RowId, call: MerchantCall) -> str:
    """Show a product (商品详情), with its SKUs."""
    return products.get(call, product_id)


@router.patch("/products/{product_id}", response_model=ProductView)
def change_product(product_id: RowId, body: ProductChange, call: MerchantCall) -> str:
    """Change a product (修改商品), or whether it is listed."""
    return products.change(call, product_id, body.model_dump(exclude_unset=True))


@router.delete("/products/{product_id}", status_code=204)
def remove_product(product_id: RowId, call: MerchantCall) -> None:
    """Take a product off the shop (删除商品), with its SKUs. Orders keep what they say."""
    products.remove(call, product_id)


@router.post("/products/{product_id}/restore", response_model=ProductView)
def restore_product(product_id: RowId, call: MerchantCall) -> str:
    """Put a removed product back on the shop (恢复商品), with the SKUs that were removed with it and no stock."""
    return products.restore(call, product_id)


@router.get("/products/{product_id}/skus", response_model=SkuList)
def list_skus_of_product(product_id: RowId, query: Annotated[PageQuery, Query()], call: MerchantCall) -> str:
    """List a product's SKUs (商品规格列表)."""
    return products.skus_of(call, product_id, query.asked())


@router.post("/products/{product_id}/skus", response_model=SkuView, status_code=201)
def create_sku(product_id: RowId, body: NewSku, call: MerchantCall) -> str:
    """Make a SKU of a product (创建规格)."""
    return skus.create(call, product_id, body.model_dump())
