"""Uploaded files, as they are shown."""

from typing import Literal

from pydantic import BaseModel


class BoundingBox(BaseModel):
    """Lowest and highest corner of what a model shows: x, y, z in metres.

    `approximate` says that it may be larger than what is shown, as where positions are compressed.
    """

    min: list[float]
    max: list[float]
    approximate: bool


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
