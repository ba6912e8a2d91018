"""Scenes, as merchants build them, and the bases that staff keep for them."""

import pytest

from tests.support.factories import made
from tests.support.samples import config, glb, gltf, picture, uploaded

MUSEUM, CLASSROOM, FURNITURE = 1, 2, 3
LIVE, SHOP = 1, 2


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def scene(merchant, **values):
    return made(merchant.post("/scenes", {"name": "春季直播间", "base_id": MUSEUM, "tag": LIVE, **values}), 201)


def refused(answer, status, code, field=None):
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    if field is not None:
        assert [fault["field"] for fault in problem["errors"]] == [field]
    return problem


class TestCreateScene:
    def test_a_scene_names_files_of_the_merchant(self, merchant):
        thumbnail, settings = uploaded(merchant, picture())["name"], uploaded(merchant, config())["name"]
        made_scene = scene(merchant, thumbnail=thumbnail, config=settings)
        assert made_scene == {
            "id": made_scene["id"],
            "name": "春季直播间",
            "base_id": MUSEUM,
            "tag": LIVE,
            "thumbnail": thumbnail,
            "config": settings,
            "creator": str(merchant.id),
            "create_time": made_scene["create_time"],
        }
        assert made(merchant.get(f"/scenes/{made_scene['id']}")) == made_scene

    def test_files_can_follow_later(self, merchant):
        made_scene = scene(merchant)
        assert (made_scene["thumbnail"], made_scene["config"]) == (None, None)

    @pytest.mark.parametrize("number", [999, 2**31 - 1])
    def test_its_base_must_exist(self, merchant, number):
        answer = merchant.post("/scenes", {"name": "x", "base_id": number, "tag": SHOP})
        refused(answer, 422, "unknown_scene_base", "base_id")
        assert made(merchant.get("/scenes"))["total"] == 0

    @pytest.mark.parametrize("tag", [0, 3, -1, "1", None])
    def test_it_is_live_or_shop(self, merchant, tag):
        refused(merchant.post("/scenes", {"name": "x", "base_id": MUSEUM, "tag": tag}), 422, "invalid_input", "tag")

    @pytest.mark.parametrize("field", ["thumbnail", "config"])
    @pytest.mark.parametrize("name", ["nothing.png", "../../etc/passwd", "0" * 64 + ".png", "x" * 255])
    def test_its_files_must_exist(self, merchant, field, name):
        refused(merchant.post("/scenes", {"name": "x", "base_id": 1, "tag": 1, field: name}), 422, "unknown_file", field)

    @pytest.mark.parametrize(("field", "content"), [("thumbnail", picture(size=(7, 5))), ("config", config(theirs=1))])
    def test_its_files_must_be_the_merchants(self, world, merchant, field, content):
        theirs = uploaded(world.merchant(), content)["name"]
        answer = merchant.post("/scenes", {"name": "x", "base_id": 1, "tag": 1, field: theirs})
        refused(answer, 422, "unknown_file", field)
        assert uploaded(merchant, content)["name"] == theirs
        assert scene(merchant, **{field: theirs})[field] == theirs

    @pytest.mark.parametrize(
        ("field", "content"), [("thumbnail", config()), ("thumbnail", glb()), ("config", picture()), ("config", glb())]
    )
    def test_its_files_must_be_of_the_right_kind(self, merchant, field, content):
        name = uploaded(merchant, content)["name"]
        refused(merchant.post("/scenes", {"name": "x", "base_id": 1, "tag": 1, field: name}), 422, "wrong_file_kind", field)

    def test_it_is_written_down(self, world, merchant):
        made_scene = scene(merchant)
        made(merchant.patch(f"/scenes/{made_scene['id']}", {"tag": SHOP}))
        merchant.delete(f"/scenes/{made_scene['id']}")
        events = made(world.admin().get("/events", business_id=merchant.id))["items"]
        shown = [(event["verb"], event["subject_id"]) for event in events if event["subject"] == "scene"]
        assert shown == [(verb, made_scene["id"]) for verb in ("remove", "change", "create")]


class TestChangeScene:
    def test_only_what_is_named_changes(self, merchant):
        before = scene(merchant)
        after = made(merchant.patch(f"/scenes/{before['id']}", {"name": "店铺", "base_id": FURNITURE}))
        assert after == {**before, "name": "店铺", "base_id": FURNITURE}
        assert made(merchant.patch(f"/scenes/{before['id']}", {})) == after

    def test_a_file_can_be_taken_off(self, merchant):
        made_scene = scene(merchant, thumbnail=uploaded(merchant, picture())["name"])
        assert made(merchant.patch(f"/scenes/{made_scene['id']}", {"thumbnail": None}))["thumbnail"] is None

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"base_id": 999}, "unknown_scene_base"),
            ({"thumbnail": "no.png"}, "unknown_file"),
            ({"config": "no.json"}, "unknown_file"),
            ({"name": ""}, "invalid_input"),
            ({"name": None}, "invalid_input"),
            ({"creator": "1"}, "invalid_input"),
            ({"create_time": 1}, "invalid_input"),
        ],
        ids=str,
    )
    def test_a_wrong_change_changes_nothing(self, merchant, change, code):
        before = scene(merchant)
        refused(merchant.patch(f"/scenes/{before['id']}", {"tag": SHOP, **change}), 422, code)
        assert made(merchant.get(f"/scenes/{before['id']}")) == before

    def test_a_scene_of_a_renamed_merchant_stays_the_merchants(self, world, merchant):
        made_scene = scene(merchant)
        name = merchant.account["name"]
        made(merchant.patch("/me", {"name": name + "x"}))
        assert made(merchant.get(f"/scenes/{made_scene['id']}")) == made_scene
        assert made(world.merchant(name=name).get("/scenes"))["total"] == 0


class TestRemoveScene:
    def test_its_files_stay(self, api, merchant):
        file = uploaded(merchant, picture(size=(9, 9)))
        made_scene = scene(merchant, thumbnail=file["name"])
        assert merchant.delete(f"/scenes/{made_scene['id']}").status_code == 204
        refused(merchant.get(f"/scenes/{made_scene['id']}"), 404, "not_found")
        refused(merchant.delete(f"/scenes/{made_scene['id']}"), 404, "not_found")
        assert api.client.get(file["url"]).status_code == 200
        assert scene(merchant, thumbnail=file["name"])["id"] > made_scene["id"]


class TestAnotherMerchant:
    @pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"name": "x"}), ("PATCH", {}), ("DELETE", None)])
    def test_sees_nothing_of_it(self, world, merchant, method, body):
        made_scene = scene(merchant)
        other = world.merchant()
        refused(other.call(method, f"/scenes/{made_scene['id']}", json=body), 404, "not_found")
        assert made(other.get("/scenes"))["items"] == []
        assert made(merchant.get(f"/scenes/{made_scene['id']}")) == made_scene

    def test_with_an_id_that_begins_alike_sees_nothing(self, merchant, sql):
        made_scene = scene(merchant)
        sql("UPDATE scene SET creator = %s WHERE id = %s", f"{merchant.id}0", made_scene["id"])
        refused(merchant.get(f"/scenes/{made_scene['id']}"), 404, "not_found")


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, [2, 1, 0]),
            ({"base_id": MUSEUM}, [2, 0]),
            ({"base_id": FURNITURE}, []),
            ({"tag": SHOP}, [2, 1]),
            ({"tag": SHOP, "base_id": CLASSROOM}, [1]),
            ({"name": "HALL"}, [2, 0]),
            ({"name": "%"}, [1]),
            ({"name": "hall", "tag": LIVE, "base_id": MUSEUM}, [0]),
        ],
        ids=str,
    )
    def test_scenes_by_every_filter(self, merchant, filters, found):
        ids = [
            scene(merchant, name="Hall 1", base_id=MUSEUM, tag=LIVE)["id"],
            scene(merchant, name="教室 100%", base_id=CLASSROOM, tag=SHOP)["id"],
            scene(merchant, name="hall 2", base_id=MUSEUM, tag=SHOP)["id"],
        ]
        shown = made(merchant.get("/scenes", **filters))
        assert [row["id"] for row in shown["items"]] == [ids[position] for position in found]
        assert shown["total"] == len(found)

    @pytest.mark.parametrize("filters", [{"tag": 3}, {"tag": "x"}, {"base_id": 0}, {"creator": "1"}], ids=str)
    def test_a_wrong_filter_is_refused(self, merchant, filters):
        refused(merchant.get("/scenes", **filters), 422, "invalid_input")

    def test_scenes_are_walked_page_by_page(self, merchant):
        ids = [scene(merchant)["id"] for _ in range(3)]
        first = made(merchant.get("/scenes", size=2))
        second = made(merchant.get("/scenes", size=2, cursor=first["next_cursor"]))
        assert [row["id"] for row in first["items"] + second["items"]] == ids[::-1]
        assert second["next_cursor"] is None


class TestSceneBases:
    @pytest.fixture
    def admin(self, world):
        return world.admin()

    def test_everybody_sees_the_same_bases(self, merchant, admin):
        shown = made(merchant.get("/scene-bases"))
        assert {(base["id"], base["name"]) for base in shown["items"]} >= {(1, "博物馆"), (2, "教室"), (3, "家具")}
        assert made(admin.get("/scene-bases")) == shown

    def test_an_admin_keeps_them(self, merchant, admin, sql):
        thumbnail = uploaded(merchant, picture(size=(8, 8)))["name"]
        base = made(admin.post("/scene-bases", {"name": "展厅"}), 201)
        path = f"/scene-bases/{base['id']}"
        assert base == {"id": base["id"], "name": "展厅", "thumbnail": None, "thumbnail_url": None, "model": None}
        with_picture = {**base, "thumbnail": thumbnail, "thumbnail_url": f"/api/v1/files/{thumbnail}"}
        assert made(admin.patch(path, {"thumbnail": thumbnail})) == with_picture
        assert made(admin.patch(path, {})) == with_picture
        assert scene(merchant, base_id=base["id"])["base_id"] == base["id"]
        verbs = sql("SELECT verb FROM event WHERE subject = 'scenebase' AND subject_id = %s ORDER BY id", base["id"])
        assert verbs == [("create",), ("change",)]

    def test_one_in_use_stays(self, merchant, admin):
        base = made(admin.post("/scene-bases", {"name": "展厅"}), 201)
        made_scene = scene(merchant, base_id=base["id"])
        refused(admin.delete(f"/scene-bases/{base['id']}"), 409, "in_use")
        merchant.delete(f"/scenes/{made_scene['id']}")
        assert admin.delete(f"/scene-bases/{base['id']}").status_code == 204
        refused(admin.delete(f"/scene-bases/{base['id']}"), 404, "not_found")
        refused(admin.patch(f"/scene-bases/{base['id']}", {"name": "x"}), 404, "not_found")
        refused(admin.patch(f"/scene-bases/{base['id']}", {}), 404, "not_found")

    def test_its_model_and_thumbnail_are_files_of_the_platform(self, merchant, admin):
        model, thumbnail = uploaded(admin, glb()), uploaded(admin, picture(size=(6, 6)))
        names = {"thumbnail": thumbnail["name"], "model": model["name"]}
        base = made(admin.post("/scene-bases", {"name": "展厅", **names}), 201)
        shown = {name: model[name] for name in ("url", "size", "bounding_box")}
        assert base["model"] == {"file": model["name"], **shown}
        assert base in made(merchant.get("/scene-bases"))["items"]
        path = f"/scene-bases/{base['id']}"
        problem = refused(admin.delete(f"/files/{model['name']}"), 409, "file_in_use")
        assert problem["detail"].endswith(f": scenebase_model {base['id']}")
        assert made(admin.patch(path, {"name": "大展厅"}))["model"] == base["model"]
        assert made(admin.patch(path, {"model": None}))["model"] is None
        assert admin.delete(f"/files/{model['name']}").status_code == 204
        assert made(admin.patch(path, {"thumbnail": None}))["thumbnail_url"] is None
        assert admin.delete(f"/files/{thumbnail['name']}").status_code == 204
        assert admin.delete(path).status_code == 204

    def test_its_model_is_no_merchants(self, merchant, admin):
        for name, code in (
            (uploaded(merchant, glb(data=bytes(36)))["name"], "unknown_file"),
            (uploaded(admin, picture())["name"], "wrong_file_kind"),
            (uploaded(admin, gltf())["name"], "wrong_file_kind"),
        ):
            refused(admin.post("/scene-bases", {"name": "展厅", "model": name}), 422, code)
            refused(admin.patch("/scene-bases/1", {"model": name}), 422, code)

    def test_files_of_the_platform_are_listed_for_staff_alone(self, world, merchant, admin, sql):
        file = uploaded(admin, picture(size=(5, 5)))
        assert made(world.admin().get("/files", kind="image"))["items"][0] == file
        assert uploaded(world.admin(), picture(size=(5, 5))) == file
        assert file["name"] not in {each["name"] for each in made(merchant.get("/files"))["items"]}
        refused(merchant.delete(f"/files/{file['name']}"), 404, "not_found")
        assert admin.delete(f"/files/{file['name']}").status_code == 204
        refused(admin.delete(f"/files/{file['name']}"), 404, "not_found")
        told = sql(
            "SELECT verb, actor_id FROM event WHERE subject = 'platform_file' AND subject_id = %s ORDER BY id", file["id"]
        )
        assert told == [("upload", admin.id), ("remove", admin.id)]

    @pytest.mark.parametrize("content", [None, config(of="a base")])
    def test_its_thumbnail_is_an_uploaded_picture(self, merchant, admin, content):
        name = "no.png" if content is None else uploaded(merchant, content)["name"]
        code = "unknown_file" if content is None else "wrong_file_kind"
        refused(admin.post("/scene-bases", {"name": "展厅", "thumbnail": name}), 422, code, "thumbnail")

    @pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 256}, {"name": "x", "id": 9}, {"name": None}], ids=str)
    def test_a_wrong_one_is_refused(self, admin, body):
        refused(admin.post("/scene-bases", body), 422, "invalid_input")

    @pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", "/1"), ("DELETE", "/1")])
    def test_merchants_do_not_keep_them(self, merchant, method, path):
        assert merchant.call(method, f"/scene-bases{path}", json={"name": "x"}).status_code in (404, 405)
