"""Scenes and scene bases: making and changing them, and how they are shown."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.schemas.fields import Change, Id, Input, Line, Name, Optionally
from app.schemas.files import BoundingBox
from app.schemas.paging import Listed, PageQuery

Tag = Annotated[int, Field(ge=1, le=2)]
FileName = Annotated[str, Line(255)]


class SceneFilters(PageQuery):
    base_id: Id | None = None
    tag: Tag | None = None
    name: Name | None = None


class NewScene(Input):
    """`thumbnail` and `config` are names of files that the merchant uploaded: a picture and a JSON config."""

    name: Name
    base_id: Id
    tag: Tag
    thumbnail: Optionally[FileName] = None
    config: Optionally[FileName] = None


class SceneChange(Change):
    name: Name = ""
    base_id: Id = 0
    tag: Tag = 0
    thumbnail: Optionally[FileName] = None
    config: Optionally[FileName] = None


class SceneView(BaseModel):
    """`creator` is the merchant's id, as text."""

    id: int
    name: str
    base_id: int
    tag: Literal[1, 2]
    thumbnail: str | None
    config: str | None
    creator: str
    create_time: int


class SceneList(Listed):
    items: list[SceneView]


Thumbnail = Annotated[FileName, Field(description="name of a picture, uploaded for the platform or by a merchant (缩略图)")]
BaseModelFile = Annotated[FileName, Field(description="name of a .glb file uploaded for the platform (基础场景模型)")]


class NewSceneBase(Input):
    """A scene base (基础场景): its name, a picture and a 3D model."""

    name: Name
    thumbnail: Optionally[Thumbnail] = None
    model: Optionally[BaseModelFile] = None


class SceneBaseChange(Change):
    name: Name = ""
    thumbnail: Optionally[Thumbnail] = None
    model: Optionally[BaseModelFile] = None


class ModelOfBase(BaseModel):
    """The 3D model of a scene base; `size` is in bytes."""

    file: str
    url: str
    size: int
    bounding_box: BoundingBox | None


class SceneBaseView(BaseModel):
    id: int
    name: str
    thumbnail: str | None
    thumbnail_url: str | None
    model: ModelOfBase | None


class SceneBaseList(Listed):
    items: list[SceneBaseView]
