"""Uploaded files, as they are shown."""

from typing import Annotated, Literal

from pydantic import BaseModel

from app.schemas.fields import Line
from app.schemas.paging import Listed, PageQuery

FileName = Annotated[str, Line(80)]
Kind = Literal["image", "config", "model"]


class BoundingBox(BaseModel):
    """Lowest and highest corner of what a model shows: x, y, z in metres.

    `approximate` says that it may be larger than what is shown, as where positions are compressed.
    """

    min: list[float]
    max: list[float]
    approximate: bool


class FileFilters(PageQuery):
    kind: Kind | None = None


class PictureView(BaseModel):
    """`width` and `height` are in pixels, `size` is in bytes."""

    id: int
    name: str
    media_type: str
    size: int
    url: str
    width: int
    height: int
    create_time: int


class FileView(BaseModel):
    """`uploaded_as` is the name that its sender gave it. `size` is in bytes.

    `width` and `height` are a picture's, in pixels; `bounding_box` is a model's.
    """

    id: int
    name: str
    kind: Kind
    media_type: str
    size: int
    url: str
    width: int | None
    height: int | None
    bounding_box: BoundingBox | None
    uploaded_as: str | None
    create_time: int


class FileList(Listed):
    items: list[FileView]
