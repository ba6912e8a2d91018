"""Uploaded files, as they are shown."""

from typing import Literal

from pydantic import BaseModel


class BoundingBox(BaseModel):
    """Lowest and highest corner of what a model shows: x, y, z in metres."""

    min: list[float]
    max: list[float]


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
    """`width` and `height` are a picture's, in pixels; `bounding_box` is a model's; `size` is in bytes."""

    id: int
    name: str
    kind: Literal["image", "config", "model"]
    media_type: str
    size: int
    url: str
    width: int | None
    height: int | None
    bounding_box: BoundingBox | None
    create_time: int
