"""3D models that a merchant names: making and changing them, and how they are shown."""

from typing import Annotated

from pydantic import BaseModel

from app.schemas.fields import Change, Input, Line
from app.schemas.files import BoundingBox, FileName
from app.schemas.paging import Listed, PageQuery

ModelName = Annotated[str, Line(50)]


class ModelFilters(PageQuery):
    name: ModelName | None = None


class NewModel(Input):
    """`file` and `thumbnail` are names of files that the merchant uploaded: a .glb and a picture."""

    name: ModelName
    file: FileName
    thumbnail: FileName | None = None


class ModelChange(Change):
    name: ModelName = ""
    file: FileName = ""
    thumbnail: FileName | None = None


class ProductModel(BaseModel):
    """A model as its product shows it; `size` is in bytes."""

    id: int
    name: str
    url: str
    thumbnail_url: str | None
    size: int
    bounding_box: BoundingBox | None


class ModelView(ProductModel):
    """The `id` is what a product's `meta_obj_id` takes."""

    file: str
    thumbnail: str | None
    create_time: int
    last_update: int


class ModelList(Listed):
    items: list[ModelView]
