"""Products, SKUs and their stock: making and changing them, and how they are shown."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.product_picture import MOST
from app.schemas.fields import MAX_INT, Change, Count, Id, Input, Line, Optionally, Price, Prose, SkuCode, Time, once_each
from app.schemas.files import FileName
from app.schemas.models import ProductModel
from app.schemas.paging import Conditions, Listed, PageQuery
from app.schemas.parties import Shop

Pictures = Annotated[
    list[FileName],
    Field(
        max_length=MOST,
        description="names of pictures that the merchant uploaded (商品图片), 9 at most; the first stands for the product",
    ),
    AfterValidator(once_each),
]


class ProductFilters(PageQuery):
    """`removed`: those that were taken off the shop, instead of those that are on it."""

    name: Annotated[str, Line(50)] | None = None
    listed: bool | None = None
    removed: bool | None = None


class PlatformProductFilters(PageQuery):
    name: Annotated[str, Line(50)] | None = None
    listed: bool | None = None
    business_id: Id | None = None


class AdminProductFilters(ProductFilters):
    business_id: Id | None = None


class SkuConditions(Conditions):
    product_id: Id | None = None
    status: Annotated[int, Field(ge=0, le=1)] | None = None
    name: Annotated[str, Line(100)] | None = None
    q: Annotated[str, Line(100)] | None = None
    sku_code: SkuCode | None = None
    low_stock: bool | None = None
    updated_after: Time | None = None


class SkuFilters(SkuConditions, PageQuery):
    """A page of the SKUs that pass the filters; `q` is a part of the SKU's name, its product's name or its code.

    `sort=stock`: the least first.
    """

    removed: bool | None = None
    sort: Literal["newest", "oldest", "stock"] = "newest"


class NewSku(Input):
    """`price` in yuan; `sku_code` is the merchant's own code, unique in the shop."""

    sku_name: Annotated[str, Line(100)]
    sku_code: Optionally[SkuCode] = None
    sku_attr: Optionally[Annotated[str, Line(200)]] = None
    price: Price
    stock: Count


class NewProduct(Input):
    name: Annotated[str, Line(50)]
    desc: Optionally[Annotated[str, Prose(150)]] = None
    unit: Optionally[Annotated[str, Line(5)]] = None
    meta_obj_id: Id | None = None
    pictures: Pictures = Field(default_factory=list)
    skus: Annotated[list[NewSku], Field(max_length=200, default_factory=list)]


class ProductChange(Change):
    name: Annotated[str, Line(50)] = ""
    desc: Optionally[Annotated[str, Prose(150)]] = None
    unit: Optionally[Annotated[str, Line(5)]] = None
    meta_obj_id: Id | None = None
    pictures: Pictures = Field(default_factory=list)
    listed: bool = True


class SkuChange(Change):
    sku_name: Annotated[str, Line(100)] = ""
    sku_code: Optionally[SkuCode] = None
    sku_attr: Optionally[Annotated[str, Line(200)]] = None
    price: Price = 0


class StockChange(Input):
    """Either `delta`, or `stock` with the `expected_stock` that the caller saw."""

    delta: Annotated[int, Field(ge=-MAX_INT, le=MAX_INT)] | None = None
    stock: Count | None = None
    expected_stock: Count | None = None
    reason: Annotated[str, Line(100)]

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        absolute = self.stock is not None and self.expected_stock is not None
        relative = self.delta is not None and self.stock is None and self.expected_stock is None
        if not relative and not (absolute and self.delta is None):
            raise PydanticCustomError("stock_one_way", "give either delta, or stock and expected_stock")
        if self.delta == 0:
            raise PydanticCustomError("delta_zero", "a delta of 0 changes nothing")
        return self


class SkuView(BaseModel):
    id: int
    product_id: int
    sku_name: str
    sku_attr: str | None
    price: float
    stock: int
    status: Literal[0, 1]
    product_name: str
    sku_code: str | None
    low_stock_threshold: int
    updated_at: int


class PictureOfProduct(BaseModel):
    """A picture of a product (商品图片), an uploaded file."""

    name: str
    url: str


class PlatformSkuView(SkuView):
    """`listed`: its product is offered for sale; `pictures` and `model` are the product's."""

    business_id: int
    listed: bool
    pictures: list[PictureOfProduct]
    model: ProductModel | None


class ProductView(BaseModel):
    """`model` is the one of the merchant's own that `meta_obj_id` names; null where that is a number of the platform's."""

    id: int
    business_id: int
    name: str
    desc: str | None
    unit: str | None
    meta_obj_id: int | None
    create_time: int
    last_update: int
    listed: bool
    skus: list[SkuView]
    pictures: list[PictureOfProduct]
    model: ProductModel | None


class ProductList(Listed):
    items: list[ProductView]


class AdminProduct(Shop, ProductView):
    """A product as staff see it."""

    removed: Annotated[bool, Field(description="Whether it was taken off the shop (已删除)")]


class AdminProductList(Listed):
    items: list[AdminProduct]


class SkuList(Listed):
    items: list[SkuView]
