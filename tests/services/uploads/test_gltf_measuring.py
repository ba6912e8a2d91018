"""The bounding box of a model is where its positions are, however nodes, bones, shapes and instances move them."""

import math
import struct
from itertools import chain

import psutil
import pytest

from app.services.uploads.content import gltf_measure
from tests.support.samples import glb, refused, triangle, upload, uploaded

pytestmark = pytest.mark.long
ROD = [(0, 0, 0), (10, 0, 0)]  # along x
HALF = math.sqrt(0.5)
TURNED = [0, 0, math.sin(math.pi / 8), math.cos(math.pi / 8)]  # by 45 degrees around z
COMPRESSED = {"buffer": 0, "byteOffset": 0, "byteLength": 4, "byteStride": 12, "count": 2, "mode": "ATTRIBUTES"}
FORMATS = {5120: "b", 5121: "B", 5122: "h", 5123: "H", 5125: "I", 5126: "f"}
TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


class Scene:
    """A model that is put together from arrays, in one buffer."""

    def __init__(self):
        self.data = b""
        self.views, self.accessors = [], []

    def view(self, content, **values):
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content), **values})
        self.data += content + bytes(-len(content) % 4)
        return len(self.views) - 1

    def array(self, rows, component=5126, **values):
        """The accessor of an array; VEC3 declares its ends, as positions must."""
        rows = [row if isinstance(row, tuple | list) else (row,) for row in rows]
        flat = [*chain.from_iterable(rows)]
        content = struct.pack(f"<{len(flat)}{FORMATS[component]}", *flat)
        found = {"componentType": component, "count": len(rows), "type": TYPES[len(rows[0])], "bufferView": self.view(content)}
        if len(rows[0]) == 3:
            found |= {"min": [*map(min, zip(*rows, strict=True))], "max": [*map(max, zip(*rows, strict=True))]}
        self.accessors.append({**found, **values})
        return len(self.accessors) - 1

    def glb(self, nodes, *, primitive=None, mesh=None, **parts):
        meshes = parts.pop("meshes", [{"primitives": [primitive or {"attributes": {"POSITION": 0}}], **(mesh or {})}])
        document = triangle(
            nodes=nodes,
            meshes=meshes,
            accessors=self.accessors,
            bufferViews=self.views,
            buffers=[{"byteLength": len(self.data)}],
            **parts,
        )
        return glb(document, self.data)


@pytest.fixture
def measured(merchant):
    """The bounding box that is told of a model, its numbers rounded."""

    def box_of(content):
        box = uploaded(merchant, content)["bounding_box"]
        return box and {name: [round(part, 4) for part in box[name]] for name in ("min", "max")} | {
            "approximate": box["approximate"]
        }

    return box_of


def box(low, high, *, approximate=False):
    return {"min": [*map(float, low)], "max": [*map(float, high)], "approximate": approximate}


def rod(**values):
    scene = Scene()
    scene.array(ROD, **values)
    return scene


class TestPlaces:
    def test_what_is_turned_is_no_larger_than_its_positions(self, measured):
        diamond = Scene()
        diamond.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0)])
        side = round(HALF, 4)
        assert measured(diamond.glb([{"mesh": 0, "rotation": TURNED}])) == box([-side, -side, 0], [side, side, 0])

    def test_positions_that_stand_apart_in_their_buffer_are_found(self, measured):
        scene = Scene()
        content = struct.pack("<12f", 0, 0, 0, 9, 9, 9, 10, 0, 0, 9, 9, 9)
        view = scene.view(content, byteStride=24)
        scene.accessors = [
            {"bufferView": view, "componentType": 5126, "count": 2, "type": "VEC3", "min": [0] * 3, "max": [10, 0, 0]}
        ]
        half = round(10 * HALF, 4)
        assert measured(scene.glb([{"mesh": 0, "rotation": TURNED}])) == box([0, 0, 0], [half, half, 0])

    def test_small_numbers_are_fractions(self, measured):
        scene = Scene()
        scene.array([(0, 0, 0), (-32767, 0, 0)], 5122, normalized=True)
        assert measured(scene.glb([{"mesh": 0, "scale": [10, 1, 1]}])) == box([-10, 0, 0], [0, 0, 0])

    def test_positions_that_few_numbers_change_are_changed(self, measured):
        scene = rod()
        changes = {"count": 1, "indices": {"bufferView": scene.view(b"\1\0\0\0"), "componentType": 5121}}
        scene.accessors[0]["sparse"] = {**changes, "values": {"bufferView": scene.view(struct.pack("<3f", 0, 4, 0))}}
        assert measured(scene.glb([{"mesh": 0}])) == box([0, 0, 0], [0, 4, 0])

    def test_a_scene_may_name_a_node_that_has_a_parent(self, measured):
        nodes = [{"children": [1], "translation": [0, 5, 0]}, {"mesh": 0}]
        for named in ([0, 1], [1, 0], [1]):
            assert measured(rod().glb(nodes, scenes=[{"nodes": named}])) == box([0, 5, 0], [10, 5, 0])


class TestShapes:
    @pytest.mark.parametrize(
        ("node", "mesh", "reach"),
        [({}, {"weights": [1, 0.5]}, [0, 1, 4]), ({"weights": [0, 1]}, {"weights": [1, 1]}, [0, 0, 8]), ({}, {}, [0, 0, 0])],
    )
    def test_the_mixture_that_a_model_starts_with_is_shown(self, measured, node, mesh, reach):
        scene = rod()
        targets = [{"POSITION": scene.array([offset] * 2)} for offset in ((0, 1, 0), (0, 0, 8))]
        primitive = {"attributes": {"POSITION": 0}, "targets": targets}
        low, high = reach, [10, *reach[1:]]
        assert measured(scene.glb([{"mesh": 0, **node}], primitive=primitive, mesh=mesh)) == box(low, high)


class TestBones:
    def hand(self, joints=((0, 1, 0, 0), (1, 0, 0, 0)), inverse=100, **extra):
        """A rod in centimetres whose end is at a bone that is turned upwards."""
        scene = rod()
        attributes = {"POSITION": 0, "JOINTS_0": scene.array(joints, 5121), "WEIGHTS_0": scene.array([(1, 0, 0, 0)] * 2)}
        matrices = [[inverse, 0, 0, 0, 0, inverse, 0, 0, 0, 0, inverse, 0, 0, 0, 0, 1]] * 2
        skin = {"joints": [1, 2], "inverseBindMatrices": scene.array(matrices)}
        nodes = [
            {"mesh": 0, "skin": 0, "scale": [0.001] * 3, "translation": [7, 7, 7]},
            {"children": [2]},
            {"rotation": [0, 0, HALF, HALF], "translation": [0, 0, 3]},
        ]
        parts = {"skins": [skin], "scenes": [{"nodes": [0, 1]}], **extra}
        return scene, scene.glb(nodes, primitive={"attributes": attributes}, **parts)

    def test_bones_put_positions_where_they_are(self, measured):
        assert measured(self.hand()[1]) == box([0, 0, 0], [0, 1000, 3])

    def test_several_bones_share_a_position(self, measured):
        scene = rod()
        attributes = {"POSITION": 0, "JOINTS_0": scene.array([(0, 1, 0, 0)] * 2, 5123)}
        attributes["WEIGHTS_0"] = scene.array([(0.25, 0.75, 0, 0)] * 2)
        nodes = [{"mesh": 0, "skin": 0}, {}, {"translation": [0, 0, 4]}]
        parts = {"skins": [{"joints": [1, 2]}], "primitive": {"attributes": attributes}}
        assert measured(scene.glb(nodes, **parts)) == box([0, 0, 3], [10, 0, 3])

    @pytest.mark.parametrize("joints", [((9, 0, 0, 0), (1, 0, 0, 0))])
    def test_bones_that_are_not_there_leave_a_box_that_holds_all(self, measured, joints):
        found = measured(self.hand(joints)[1])
        assert found == box([0, 0, 0], [1000, 1000, 3], approximate=True)


class TestInstances:
    def test_each_instance_counts(self, measured):
        scene = rod()
        attributes = {
            "TRANSLATION": scene.array([(0, 0, 0), (0, 5, 0), (-3, 0, 0)]),
            "SCALE": scene.array([(1, 1, 1), (2, 1, 1), (1, 1, 1)]),
        }
        node = {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}, "translation": [0, 0, 1]}
        assert measured(scene.glb([node])) == box([-3, 0, 1], [20, 5, 1])

    def test_a_turned_instance_is_no_larger_than_its_positions(self, measured):
        scene = Scene()
        scene.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0)])
        attributes = {"ROTATION": scene.array([TURNED])}
        node = {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}}
        side = round(HALF, 4)
        assert measured(scene.glb([node])) == box([-side, -side, 0], [side, side, 0])

    def test_very_many_are_measured_in_bounded_time_and_memory(self, merchant):
        """Each of 300,000 places of 100,000 positions: the box then holds them, and says so."""
        scene = Scene()
        scene.array([(number % 100, number // 100, 0) for number in range(100_000)])
        attributes = {"ROTATION": scene.array([TURNED] * 300_000)}
        node = {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}}
        content = scene.glb([node])
        before = children_seconds()
        assert uploaded(merchant, content)["bounding_box"]["approximate"] is True
        assert children_seconds() - before < gltf_measure.MAX_SECONDS / 2

    def test_what_takes_too_much_is_refused(self, merchant, monkeypatch):
        monkeypatch.setattr(gltf_measure, "MAX_MEMORY", 60_000_000)
        refused(upload(merchant, rod().glb([{"mesh": 0}])), 422, "model_too_complex")
        monkeypatch.setattr(gltf_measure, "PATIENCE", 0.01)
        refused(upload(merchant, rod().glb([{"mesh": 0}])), 422, "model_too_complex")

    def test_a_large_model_is_measured_by_its_positions(self, measured):
        scene = Scene()
        scene.array([(number % 1000, number // 1000, 0) for number in range(500_000)])
        corner = round(999 * HALF, 4)
        found = measured(scene.glb([{"mesh": 0, "rotation": TURNED}]))
        assert (found["max"][0], found["approximate"]) == (corner, False)


class TestCompressed:
    @pytest.mark.parametrize("extension", ["EXT_meshopt_compression", "KHR_meshopt_compression"])
    def test_packed_positions_are_taken_as_declared(self, measured, extension):
        scene = rod()
        scene.views[0] = {"buffer": 1, "byteLength": 24, "extensions": {extension: COMPRESSED}}
        buffers = [{"byteLength": len(scene.data)}, {"byteLength": 24, "extensions": {extension: {"fallback": True}}}]
        document = triangle(nodes=[{"mesh": 0}], accessors=scene.accessors, bufferViews=scene.views, buffers=buffers)
        assert measured(glb(document, scene.data)) == box([0, 0, 0], [10, 0, 0], approximate=True)

    @pytest.mark.parametrize("wrong", [{"byteLength": 99}, {"count": 3}, {"buffer": 7}, {"count": 0}])
    def test_what_they_are_packed_in_has_to_be_there(self, merchant, wrong):
        scene = rod()
        scene.views[0]["extensions"] = {"KHR_meshopt_compression": {**COMPRESSED, **wrong}}
        problem = refused(upload(merchant, scene.glb([{"mesh": 0}])), 422, "broken_model")
        assert ": bufferViews.0.extensions" in problem["detail"]

    def test_draco_is_taken_as_declared(self, measured):
        scene = rod()
        view = scene.accessors[0].pop("bufferView")
        packed = {"bufferView": view, "attributes": {"POSITION": 77}}
        primitive = {"attributes": {"POSITION": 0}, "extensions": {"KHR_draco_mesh_compression": packed}}
        found = measured(scene.glb([{"mesh": 0}], primitive=primitive))
        assert found == box([0, 0, 0], [10, 0, 0], approximate=True)

    def test_positions_that_are_no_numbers_are_taken_as_declared(self, measured):
        scene = Scene()
        scene.array([(0, 0, 0), (math.nan, 0, 0)], min=[0, 0, 0], max=[1, 0, 0])
        assert measured(scene.glb([{"mesh": 0}])) == box([0, 0, 0], [1, 0, 0], approximate=True)


def children_seconds():
    spent = psutil.Process().cpu_times()
    return spent.children_user + spent.children_system
