"""3D models: taken when every part of them holds, measured, and refused with the place where they do not."""

import base64
import io
import json
import struct
import tracemalloc
import zipfile

import pytest

from app.config import settings
from app.errors import BrokenModel
from app.services.uploads.content import BOM, MAX_MODEL, MAX_TEXT
from app.services.uploads.content.recognition import recognised
from tests.support.samples import POSITIONS, chunk, glb, refused, triangle, upload, uploaded

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where this test's files are kept."""
    monkeypatch.setattr(settings, "data_dir", tmp_path)
    return tmp_path / "files"


def inline(data):
    return {"byteLength": len(data), "uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode()}


def accessor(**values):
    found = {**triangle()["accessors"][0], **values}
    return [{name: value for name, value in found.items() if value is not None}]


def wide(reach):
    return accessor(min=[-reach] * 3, max=[reach] * 3)


def sparse(count, view=0):
    return {"count": count, "indices": {"bufferView": view, "componentType": 5121}, "values": {"bufferView": 0}}


def lit(light):
    """A node with a light of the only one that there is."""
    node = {"mesh": 0, "extensions": {"KHR_lights_punctual": {"light": light}}}
    return {"nodes": [node], "extensions": {"KHR_lights_punctual": {"lights": [{"type": "point"}]}}}


def shaped(*targets):
    return {"primitives": [{"attributes": {"POSITION": 0}, "targets": targets}]}


def animated(sampler=0, node=0, **ends):
    channel = {"sampler": sampler, "target": {"node": node, "path": "translation"}}
    return {"animations": [{"channels": [channel], "samplers": [{"input": 0, "output": 0, **ends}]}]}


def zipped(*names):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for name in names:
            file.writestr(name, bytes(2000))
    return body.getvalue()


class TestModels:
    def test_a_glb_tells_its_bounding_box(self, api, merchant):
        content = glb()
        file = uploaded(merchant, content)
        assert (file["kind"], file["media_type"], file["size"]) == ("model", "model/gltf-binary", len(content))
        assert file["bounding_box"] == {"min": [1, 0, 0], "max": [2, 2, 0], "approximate": False}
        assert api.client.get(file["url"]).content == content

    def test_a_gltf_holds_its_data_itself(self, merchant):
        file = uploaded(merchant, json.dumps(triangle(buffers=[inline(POSITIONS)])).encode())
        assert (file["kind"], file["media_type"]) == ("model", "model/gltf+json")
        assert file["name"].endswith(".gltf")
        assert file["bounding_box"] == {"min": [1, 0, 0], "max": [2, 2, 0], "approximate": False}

    @pytest.mark.parametrize(
        ("nodes", "box"),
        [
            ([{"mesh": 0}], [0, 0, 0, 1, 2, 0]),
            ([{"mesh": 0, "scale": [2, 3, 1]}], [0, 0, 0, 2, 6, 0]),
            ([{"mesh": 0, "rotation": [0, 0, 1, 0]}], [-1, -2, 0, 0, 0, 0]),
            ([{"mesh": 0, "matrix": [0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]}], [3, 6, 7, 5, 7, 7]),
            (
                [{"children": [1, 2], "translation": [0, 0, 9]}, {"mesh": 0}, {"mesh": 0, "scale": [-1, 1, 1]}],
                [-1, 0, 9, 1, 2, 9],
            ),
            ([{"children": [1], "scale": [2, 2, 2]}, {"mesh": 0, "translation": [1, 1, 1]}], [2, 2, 2, 4, 6, 2]),
            ([{}, {"mesh": 0}], None),
        ],
        ids=range(7),
    )
    def test_the_bounding_box_is_where_the_nodes_put_it(self, merchant, nodes, box):
        shown = uploaded(merchant, glb(triangle(nodes=nodes)))["bounding_box"]
        assert shown == (None if box is None else {"min": box[:3], "max": box[3:], "approximate": False})

    def test_without_a_scene_every_root_is_shown(self, merchant):
        document = triangle(nodes=[{"children": [1]}, {"mesh": 0}])
        del document["scene"], document["scenes"]
        assert uploaded(merchant, glb(document))["bounding_box"] == {"min": [0, 0, 0], "max": [1, 2, 0], "approximate": False}

    def test_chunks_of_others_are_passed_over(self, merchant):
        content = glb() + chunk(b"ABCD", b"1234")
        content = content[:8] + struct.pack("<I", len(content)) + content[12:]
        assert uploaded(merchant, content)["bounding_box"] is not None

    @pytest.mark.parametrize(
        ("where", "content"),
        [
            ("header", glb(version=1)),
            ("header", glb(length=40)),
            ("header", glb(length=100_000)),
            ("header", glb()[:-4]),
            ("header", b"glTF\x02"),
            ("JSON", struct.pack("<4sII", b"glTF", 2, 12)),
            ("JSON", struct.pack("<4sII", b"glTF", 2, 24) + chunk(b"BIN\0", b"1234")),
            ("JSON", struct.pack("<4sII", b"glTF", 2, 24) + chunk(b"JSON", b"{][}")),
            ("chunk 0", struct.pack("<4sII", b"glTF", 2, 24) + struct.pack("<I4s", 2**31, b"JSON") + b"{}  "),
            ("chunk 0", struct.pack("<4sII", b"glTF", 2, 22) + chunk(b"JSON", b"{}")),
            ("chunk 1", struct.pack("<4sII", b"glTF", 2, 26) + chunk(b"JSON", b"{}  ") + b"12"),
        ],
    )
    def test_a_broken_frame_is_refused(self, merchant, folder, where, content):
        problem = refused(upload(merchant, content), 422, "broken_model")
        assert problem["detail"].endswith(f": {where}")
        assert not folder.exists()

    @pytest.mark.parametrize(
        ("where", "parts"),
        [
            ("asset", {"asset": None}),
            ("asset.version", {"asset": {"version": "1.0"}}),
            ("scene", {"scene": 1}),
            ("scenes.0", {"scenes": [{"nodes": [1]}]}),
            ("nodes.0", {"nodes": [None]}),
            ("nodes.0.mesh", {"nodes": [{"mesh": 7}]}),
            ("nodes.0.mesh", {"nodes": [{"mesh": -1}]}),
            ("nodes.0.children", {"nodes": [{"children": [1]}]}),
            ("nodes.0.matrix", {"nodes": [{"matrix": [1]}]}),
            ("nodes", {"nodes": [{"children": [0]}]}),
            ("scenes", {"scenes": [{"nodes": [0, 0]}]}),
            ("scenes", {"scenes": [{"nodes": [0] * 50_000}], "nodes": [{"children": [*range(1, 50_000)]}, *[{}] * 49_999]}),
            (
                "meshes.0.primitives.0.attributes",
                {"meshes": [{"primitives": [{"attributes": dict.fromkeys(map(str, range(101)), 0)}]}]},
            ),
            ("nodes.0", {"nodes": ["x"] * 100_000, "meshes": ["x"] * 100_000, "scenes": []}),
            ("nodes", {"nodes": [{}, {"children": [2]}, {"children": [1]}]}),
            ("nodes", {"nodes": [{"children": [1, 1]}, {}]}),
            ("nodes", {"nodes": [{"mesh": 0, "scale": [1e308, 1, 1], "translation": [1e308, 0, 0]}], "accessors": wide(1e9)}),
            ("meshes", {"meshes": "x"}),
            ("meshes.0.primitives", {"meshes": [{"primitives": []}]}),
            ("meshes.0.primitives.0.attributes.POSITION", {"meshes": [{"primitives": [{"attributes": {"POSITION": 1}}]}]}),
            ("meshes.0.primitives.0.indices", {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 5}]}]}),
            ("accessors.0", {"accessors": accessor(count=4)}),
            ("accessors.0", {"accessors": accessor(count=2**40)}),
            ("accessors.0", {"accessors": accessor(byteOffset=4)}),
            ("accessors.0", {"accessors": accessor(bufferView=1)}),
            ("accessors.0.count", {"accessors": accessor(count=0)}),
            ("accessors.0.componentType", {"accessors": accessor(componentType=1)}),
            ("accessors.0.type", {"accessors": accessor(type="VEC9")}),
            ("accessors.0.sparse", {"accessors": accessor(sparse=sparse(4))}),
            ("accessors.0.sparse.indices", {"accessors": accessor(sparse=sparse(1, 9))}),
            ("meshes.0.POSITION", {"accessors": accessor(min=[2, 0, 0])}),
            ("meshes.0.POSITION", {"accessors": accessor(max=None)}),
            ("bufferViews.0", {"bufferViews": [{"buffer": 0, "byteLength": 37}]}),
            ("bufferViews.0", {"bufferViews": [{"buffer": 1, "byteLength": 36}]}),
            ("bufferViews.0.byteOffset", {"bufferViews": [{"buffer": 0, "byteLength": 36, "byteOffset": -4}]}),
            ("accessors.0", {"bufferViews": [{"buffer": 0, "byteLength": 36, "byteStride": 16}]}),
            ("buffers.0", {"buffers": [{"byteLength": 40}]}),
            ("buffers.0", {"buffers": [{"byteLength": 32}], "bufferViews": [], "accessors": accessor(bufferView=None)}),
            ("buffers.0", {"buffers": [{"byteLength": 36, "uri": "data:;base64,AAAA"}]}),
            ("buffers.0", {"buffers": [{"byteLength": 36, "uri": "data:;base64,!" + "A" * 99}]}),
            ("buffers.1", {"buffers": [{"byteLength": 36}, {"byteLength": 36}]}),
            ("images.0", {"images": [{"bufferView": 3}]}),
            ("textures.0", {"textures": [{"source": 0}]}),
            ("skins.0.joints", {"skins": [{"joints": [4]}]}),
        ],
    )
    def test_a_broken_structure_is_refused_and_named(self, merchant, where, parts):
        problem = refused(upload(merchant, glb(triangle(**parts))), 422, "broken_model")
        named = problem["detail"].rpartition(": ")[2]
        assert named == where or named.startswith(where + ".")

    @pytest.mark.parametrize(
        ("where", "parts"),
        [
            ("nodes.0.camera", {"nodes": [{"mesh": 0, "camera": 0}]}),
            ("nodes.0.camera", {"nodes": [{"camera": "x"}], "cameras": [{}]}),
            ("nodes.0.extensions.KHR_lights_punctual.light", lit(1)),
            ("textures.0.sampler", {"textures": [{"sampler": 0}]}),
            (
                "textures.0.extensions.KHR_texture_basisu.source",
                {"textures": [{"extensions": {"KHR_texture_basisu": {"source": 3}}}]},
            ),
            (
                "materials.0.pbrMetallicRoughness.baseColorTexture.index",
                {"materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]},
            ),
            (
                "materials.0.extensions.KHR_materials_sheen.sheenColorTexture.index",
                {"materials": [{"extensions": {"KHR_materials_sheen": {"sheenColorTexture": {"index": 4}}}}]},
            ),
            ("skins.0.skeleton", {"skins": [{"joints": [0], "skeleton": 1}]}),
            ("meshes.0.primitives.0.targets.1.NORMAL", {"meshes": [shaped({}, {"NORMAL": 8})]}),
            ("animations.0.channels.0.sampler", animated(sampler=1)),
            ("animations.0.channels.0.target.node", animated(node=1)),
            ("animations.0.samplers.0.input", animated(input=1)),
            ("animations.0.samplers.0.output", animated(output=-1)),
            (
                "nodes.0.extensions.EXT_mesh_gpu_instancing.attributes._COLOR",
                {"nodes": [{"extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"_COLOR": 2}}}}]},
            ),
            ("extensions.VRM.humanoid.humanBones.0.node", {"extensions": {"VRM": {"humanoid": {"humanBones": [{"node": 9}]}}}}),
            ("extensions.KHR_new.inside.0.bufferView", {"extensions": {"KHR_new": {"inside": [{"bufferView": 1}]}}}),
        ],
        ids=range(16),
    )
    def test_every_reference_is_followed(self, merchant, where, parts):
        problem = refused(upload(merchant, glb(triangle(**parts))), 422, "broken_model")
        assert problem["detail"].endswith(f": {where}")

    @pytest.mark.parametrize(
        "parts",
        [
            lit(0),
            animated(),
            {"meshes": [shaped({"POSITION": 0})]},
            {"nodes": [{"mesh": 0, "extras": {"node": 77, "mesh": "x"}}]},
            {"extensions": {"VRM": {"firstPerson": {"firstPersonBone": -1}, "meta": {"texture": -1}, "bones": [{"node": -1}]}}},
            {"extensions": {"KHR_audio": {"audio": [{}], "sources": [{"audio": 0}], "emitters": [{"source": 0}]}}},
            {"extensions": {"KHR_interactivity": {"graphs": [{"nodes": [{}, {}, {"flows": {"out": {"node": 2}}}]}]}}},
            {"extensions": {"NEW_counts": {"count": 5, "level": 3, "source": "here", "camera": 1.5}}},
            {"asset": {"version": "2.0", "source": "https://example.com", "camera": "x"}},
        ],
        ids=range(9),
    )
    def test_what_is_no_broken_reference_is_taken(self, merchant, parts):
        uploaded(merchant, glb(triangle(**parts)))

    @pytest.mark.parametrize(
        "uri", ["triangle.bin", "http://example.com/a.bin", "file:///etc/passwd", "../../etc/passwd", "//x/y"]
    )
    @pytest.mark.parametrize("part", ["buffers", "images", "extension"])
    def test_what_points_elsewhere_is_refused(self, merchant, uri, part):
        pointing = {
            "buffers": {"buffers": [{"byteLength": 36, "uri": uri}]},
            "images": {"images": [{"uri": uri}]},
            "extension": {"extensions": {"KHR_audio": {"audio": [{"uri": uri}]}}},
        }
        document = triangle(**{"buffers": [inline(POSITIONS)], **pointing[part]})
        refused(upload(merchant, json.dumps(document).encode()), 422, "external_uri")
        refused(upload(merchant, glb(document)), 422, "external_uri")

    def test_what_points_elsewhere_is_named_in_part(self, merchant):
        document = triangle(extensions={"x" * 100_000: [{}, {"a": {"uri": "elsewhere"}}]})
        problem = refused(upload(merchant, glb(document)), 422, "external_uri")
        assert problem["detail"].endswith(f": extensions.{'x' * 50}.1.a.uri")

    def test_a_document_is_walked_in_little_memory(self):
        """A name is not copied for each of the parts that stand under it."""
        content = json.dumps(triangle(buffers=[inline(POSITIONS)], extensions={"x" * 100_000: [[]] * 50_000})).encode()
        tracemalloc.start()
        recognised(io.BytesIO(content))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30_000_000

    @pytest.mark.parametrize("sort", ["scenes", "nodes", "meshes", "accessors", "images"])
    def test_of_many_faults_one_is_looked_for(self, sort):
        content = json.dumps(triangle(**{sort: ["x"] * 100_000})).encode()
        tracemalloc.start()
        with pytest.raises(BrokenModel):
            recognised(io.BytesIO(content))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000_000

    def test_large_geometry_is_not_read_into_memory(self, merchant):
        data = bytes(40_000_000)
        content = glb(triangle(bufferViews=[{"buffer": 0, "byteLength": len(data)}], buffers=[{"byteLength": len(data)}]), data)
        assert uploaded(merchant, content)["size"] == len(content)

    def test_a_model_over_the_limit_is_refused(self, merchant, folder):
        refused(upload(merchant, glb(data=bytes(MAX_MODEL))), 413, "file_too_large")
        refused(upload(merchant, glb(data=bytes(MAX_MODEL + 50_000))), 413, "too_large")
        refused(upload(merchant, glb(triangle(extras="x" * MAX_TEXT))), 413, "file_too_large")
        assert not folder.exists()

    def test_a_mark_before_the_json_is_passed_over(self, api, merchant):
        content = json.dumps(triangle(buffers=[inline(POSITIONS)])).encode()
        file = uploaded(merchant, BOM + content)
        assert file["name"].endswith(".gltf")
        assert api.client.get(file["url"]).content == content
        text = BOM + json.dumps(triangle()).encode()
        chunks = chunk(b"JSON", text + b" " * (-len(text) % 4)) + chunk(b"BIN\0", POSITIONS)
        content = struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
        assert uploaded(merchant, content)["bounding_box"]["min"] == [1, 0, 0]

    @pytest.mark.parametrize("names", [["scene.gltf", "scene.bin", "textures/wood.png"], ["模型/SOFA.GLB"]])
    def test_a_zip_of_a_model_is_named(self, merchant, names):
        problem = refused(upload(merchant, zipped(*names)), 415, "unsupported_upload")
        assert "ZIP" in problem["detail"]
        refused(upload(merchant, zipped("a.txt")), 415, "unsupported_upload")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (glb(version=1), "请导出为 .glb（glTF 2.0），最大 50 MB"),
            (glb(triangle(buffers=[{"byteLength": 36, "uri": "a.bin"}])), ".glb（glTF 2.0），最大 50 MB"),
            (glb(data=bytes(MAX_MODEL)), "最大 50 MB"),
            (glb(triangle(extras="x" * MAX_TEXT)), "最大 4 MB。请导出为 .glb（glTF 2.0）"),
            (json.dumps(triangle(extras="x" * MAX_TEXT)).encode(), "最大 4 MB。请导出为 .glb（glTF 2.0）"),
            (zipped("a.gltf"), "请导出为 .glb（glTF 2.0）单个文件，最大 50 MB"),
            (b"Kaydara FBX Binary", ".glb，glTF 2.0"),
        ],
        ids=range(7),
    )
    def test_what_to_do_is_said(self, merchant, content, said):
        answer = upload(merchant, content, headers={"Accept-Language": "zh"})
        assert said in answer.json()["detail"]
