"""The list of a merchant's files: what is used stays, also when it comes into use while it is being removed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from app.models import Base
from app.services.uploads import uses
from tests.support.factories import made
from tests.support.samples import config, glb, picture, refused, upload, uploaded
from tests.support.waiting import eventually

pytestmark = pytest.mark.long
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def beside(migrated):
    """A transaction beside the app's."""
    with closing(psycopg2.connect(migrated)) as connection:
        yield connection


class TestList:
    def test_files_are_listed_by_kind_and_cursor(self, merchant):
        files = [uploaded(merchant, content) for content in (picture(), config(), glb())]
        assert made(merchant.get("/files"))["items"] == files[::-1]
        assert made(merchant.get("/files", kind="config"))["items"] == [files[1]]
        first = made(merchant.get("/files", size=2))
        assert made(merchant.get("/files", size=2, cursor=first["next_cursor"]))["items"] == files[:1]
        refused(merchant.get("/files", kind="film"), 422, "invalid_input")

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("沙发.glb", "沙发.glb"),
            ("C:\\\\模型\\\\沙发.glb", "沙发.glb"),
            ("../../x.glb", "x.glb"),
            ("x" * 300, "x" * 255),
            ("a/", None),
        ],
        ids=range(5),
    )
    def test_a_file_has_the_name_it_was_uploaded_under(self, merchant, given, shown):
        file = made(upload(merchant, glb(), given), 201)
        assert file["uploaded_as"] == shown
        assert made(upload(merchant, glb(), "later.glb"), 201)["uploaded_as"] == shown

    def test_it_shows_nothing_of_others(self, world, merchant):
        uploaded(world.merchant(), picture())
        assert made(merchant.get("/files"))["items"] == []


class TestRemoval:
    def test_what_nothing_uses_is_removed(self, world, merchant):
        file = uploaded(merchant, picture())
        refused(world.merchant().delete(f"/files/{file['name']}"), 404, "not_found")
        assert merchant.delete(f"/files/{file['name']}").status_code == 204
        assert made(merchant.get("/files"))["items"] == []
        refused(merchant.delete(f"/files/{file['name']}"), 404, "not_found")
        assert uploaded(merchant, picture())["name"] == file["name"]

    def test_what_is_used_is_named(self, world, merchant, sql):
        image, scene_config, model = (uploaded(merchant, content)["name"] for content in (picture(), config(), glb()))
        scene = made(
            merchant.post("/scenes", {"name": "商铺", "base_id": 1, "tag": 2, "thumbnail": image, "config": scene_config}), 201
        )
        named = made(merchant.post("/models", {"name": "沙发", "file": model, "thumbnail": image}), 201)
        for file, where in (
            (image, f"model {named['id']}, scene {scene['id']}"),
            (scene_config, f"scene {scene['id']}"),
            (model, f"model {named['id']}"),
        ):
            problem = refused(merchant.delete(f"/files/{file}"), 409, "file_in_use")
            assert problem["detail"].endswith(f": {where}")

    def test_what_a_scene_base_uses_stays(self, world, merchant):
        image = uploaded(merchant, picture(size=(7, 7)))["name"]
        base = made(world.admin().post("/scene-bases", {"name": "车间", "thumbnail": image}), 201)
        problem = refused(merchant.delete(f"/files/{image}"), 409, "file_in_use")
        assert problem["detail"].endswith(f": scenebase {base['id']}")

    def test_what_a_product_shows_is_named(self, world, merchant):
        image = uploaded(merchant, picture())["name"]
        product = world.product(merchant, pictures=[image])
        problem = refused(merchant.delete(f"/files/{image}"), 409, "file_in_use")
        assert problem["detail"].endswith(f": product_picture {product['id']}")

    def test_every_column_that_names_a_file_counts(self):
        naming = {"thumbnail", "config", "file"}
        files = {table: table.name for table in uses.USERS}
        for table in Base.metadata.tables.values():
            columns = {column.name for column in table.columns if column.name in naming}
            for key in table.foreign_key_constraints:
                if key.referred_table in files:
                    columns |= {element.parent.name for element in key.elements if element.column.name == "name"}
            known = {user.columns for users in uses.USERS.values() for user in users if user.table is table}
            assert columns == {name for names in known for name in names}, table.name


class TestRaces:
    def test_what_comes_into_use_while_it_is_being_removed_stays(self, merchant, beside, sql):
        name = uploaded(merchant, picture())["name"]
        with ThreadPoolExecutor(1) as pool, beside.cursor() as cursor:
            cursor.execute("SELECT 1 FROM stored_file WHERE business_id = %s AND name = %s FOR KEY SHARE", (merchant.id, name))
            cursor.execute(
                "INSERT INTO scene (name, base_id, tag, thumbnail, creator, create_time) VALUES ('x', 1, 2, %s, %s, 1)",
                (name, str(merchant.id)),
            )
            removed = pool.submit(merchant.delete, f"/files/{name}")
            eventually(lambda: sql(WAITING) != [(0,)], 10)
            beside.commit()
            refused(removed.result(), 409, "file_in_use")

    def test_what_is_removed_while_it_comes_into_use_is_not_there(self, merchant, beside, sql):
        name = uploaded(merchant, picture())["name"]
        with ThreadPoolExecutor(1) as pool, beside.cursor() as cursor:
            cursor.execute("DELETE FROM stored_file WHERE business_id = %s AND name = %s", (merchant.id, name))
            scene = {"name": "商铺", "base_id": 1, "tag": 2, "thumbnail": name}
            made_of_it = pool.submit(merchant.post, "/scenes", scene)
            eventually(lambda: sql(WAITING) != [(0,)], 10)
            beside.commit()
            refused(made_of_it.result(), 422, "unknown_file")
            assert made(merchant.get("/scenes"))["items"] == []
