"""The parts of a glTF 2.0 document that files depend on, each as the specification types it."""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field
from pydantic.alias_generators import to_camel

Index = Annotated[int, Field(ge=0)]
Offset = Annotated[int, Field(ge=0)]
Length = Annotated[int, Field(ge=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
ComponentType = Literal[5120, 5121, 5122, 5123, 5125, 5126]
MANY = 100_000  # parts of one sort
FEW = 100  # attributes
Item = TypeVar("Item")
Items = Annotated[list[Item], Field(max_length=MANY), FailFast()]  # a refusal names one fault, so no more are gathered


def _few(attributes: object) -> object:
    if isinstance(attributes, dict) and len(attributes) > FEW:
        raise ValueError
    return attributes


class Part(BaseModel):
    model_config = ConfigDict(strict=True, alias_generator=to_camel)

    extensions: dict[str, object] = {}


class Asset(Part):
    version: Annotated[str, Field(pattern=r"^2\.[0-9]{1,3}$")]


class Buffer(Part):
    uri: str | None = None
    byte_length: Length


class Compressed(Part):
    """What a buffer view is decoded from (EXT_meshopt_compression, KHR_meshopt_compression)."""

    buffer: Index
    byte_offset: Offset = 0
    byte_length: Length
    byte_stride: Annotated[int, Field(ge=1, le=256)]
    count: Length


class BufferViewExtensions(BaseModel):
    ext: Compressed | None = Field(None, alias="EXT_meshopt_compression")
    khr: Compressed | None = Field(None, alias="KHR_meshopt_compression")


class BufferView(Part):
    buffer: Index
    byte_offset: Offset = 0
    byte_length: Length
    byte_stride: Annotated[int, Field(ge=4, le=252, multiple_of=4)] | None = None
    extensions: BufferViewExtensions = BufferViewExtensions()  # type: ignore[assignment]


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


Attributes = Annotated[dict[str, Index], Field(min_length=1), BeforeValidator(_few)]


class Primitive(Part):
    attributes: Attributes
    targets: Items[dict[str, Index]] = []
    indices: Index | None = None
    material: Index | None = None
    mode: Annotated[int, Field(ge=0, le=6)] = 4


class Mesh(Part):
    primitives: Annotated[Items[Primitive], Field(min_length=1)]
    weights: Items[Number] = []


class Instancing(Part):
    attributes: Attributes


class NodeExtensions(BaseModel):
    instancing: Instancing | None = Field(None, alias="EXT_mesh_gpu_instancing")


class Node(Part):
    mesh: Index | None = None
    skin: Index | None = None
    children: Items[Index] = []
    matrix: Annotated[list[Number], Field(min_length=16, max_length=16)] | None = None
    translation: Annotated[list[Number], Field(min_length=3, max_length=3)] = [0, 0, 0]
    rotation: Annotated[list[Number], Field(min_length=4, max_length=4)] = [0, 0, 0, 1]
    scale: Annotated[list[Number], Field(min_length=3, max_length=3)] = [1, 1, 1]
    weights: Items[Number] = []
    extensions: NodeExtensions = NodeExtensions()  # type: ignore[assignment]


class Scene(Part):
    nodes: Items[Index] = []


class Skin(Part):
    joints: Annotated[Items[Index], Field(min_length=1)]
    inverse_bind_matrices: Index | None = None


class Document(Part):
    asset: Asset
    scene: Index | None = None
    scenes: Items[Scene] = []
    nodes: Items[Node] = []
    meshes: Items[Mesh] = []
    skins: Items[Skin] = []
    accessors: Items[Accessor] = []
    buffer_views: Items[BufferView] = []
    buffers: Items[Buffer] = []
