"""The parts of a glTF 2.0 document that files depend on, each as the specification types it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Index = Annotated[int, Field(ge=0)]
Offset = Annotated[int, Field(ge=0)]
Length = Annotated[int, Field(ge=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
ComponentType = Literal[5120, 5121, 5122, 5123, 5125, 5126]
MANY = 100_000  # parts of one sort


class Part(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class Asset(Part):
    version: Annotated[str, Field(pattern=r"^2\.[0-9]{1,3}$")]


class Buffer(Part):
    uri: str | None = None
    byte_length: Length
    extensions: dict[str, Any] = {}


class BufferView(Part):
    buffer: Index
    byte_offset: Offset = 0
    byte_length: Length
    byte_stride: Annotated[int, Field(ge=4, le=252, multiple_of=4)] | None = None


class SparseIndices(Part):
    buffer_view: Index
    byte_offset: Offset = 0
    component_type: Literal[5121, 5123, 5125]


class SparseValues(Part):
    buffer_view: Index
    byte_offset: Offset = 0


class Sparse(Part):
    count: Length
    indices: SparseIndices
    values: SparseValues


class Accessor(Part):
    buffer_view: Index | None = None
    byte_offset: Offset = 0
    component_type: ComponentType
    normalized: bool = False
    count: Length
    type: Literal["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"]
    min: Annotated[list[Number], Field(max_length=16)] | None = None
    max: Annotated[list[Number], Field(max_length=16)] | None = None
    sparse: Sparse | None = None


class Primitive(Part):
    attributes: Annotated[dict[str, Index], Field(min_length=1, max_length=100)]
    indices: Index | None = None
    material: Index | None = None
    mode: Annotated[int, Field(ge=0, le=6)] = 4


class Mesh(Part):
    primitives: Annotated[list[Primitive], Field(min_length=1, max_length=MANY)]


class Node(Part):
    mesh: Index | None = None
    skin: Index | None = None
    children: Annotated[list[Index], Field(max_length=MANY)] = []
    matrix: Annotated[list[Number], Field(min_length=16, max_length=16)] | None = None
    translation: Annotated[list[Number], Field(min_length=3, max_length=3)] = [0, 0, 0]
    rotation: Annotated[list[Number], Field(min_length=4, max_length=4)] = [0, 0, 0, 1]
    scale: Annotated[list[Number], Field(min_length=3, max_length=3)] = [1, 1, 1]


class Scene(Part):
    nodes: Annotated[list[Index], Field(max_length=MANY)] = []


class Skin(Part):
    joints: Annotated[list[Index], Field(min_length=1, max_length=MANY)]
    inverse_bind_matrices: Index | None = None


class Image(Part):
    uri: str | None = None
    buffer_view: Index | None = None


class Texture(Part):
    source: Index | None = None


class Document(Part):
    asset: Asset
    scene: Index | None = None
    scenes: Annotated[list[Scene], Field(max_length=MANY)] = []
    nodes: Annotated[list[Node], Field(max_length=MANY)] = []
    meshes: Annotated[list[Mesh], Field(max_length=MANY)] = []
    skins: Annotated[list[Skin], Field(max_length=MANY)] = []
    accessors: Annotated[list[Accessor], Field(max_length=MANY)] = []
    buffer_views: Annotated[list[BufferView], Field(max_length=MANY)] = []
    buffers: Annotated[list[Buffer], Field(max_length=MANY)] = []
    images: Annotated[list[Image], Field(max_length=MANY)] = []
    textures: Annotated[list[Texture], Field(max_length=MANY)] = []
    materials: Annotated[list[Part], Field(max_length=MANY)] = []
