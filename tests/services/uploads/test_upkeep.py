"""What the worker does with files: what nothing uses for 30 days goes, what is used never does, whoever comes meanwhile."""

import itertools
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from app.config import DAY, HOUR, settings
from app.db.work import SYSTEM, Actor, Work
from app.services.sweeping import sweep
from app.services.uploads import upkeep
from tests.support.factories import PASSWORD, REFUND, made
from tests.support.samples import config, glb, picture, refused, triangle, upload, uploaded
from tests.support.waiting import WAITING, eventually

pytestmark = pytest.mark.long
_lengths = itertools.count(1)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where this test's files are kept."""
    monkeypatch.setattr(settings, "data_dir", tmp_path)
    return tmp_path / "files"


@pytest.fixture
def now():
    return int(time.time())


@pytest.fixture
def beside(migrated):
    """A transaction beside the app's."""
    with closing(psycopg2.connect(migrated)) as connection:
        yield connection


def swept(now, days):
    return sweep.sweep(now + int(days * DAY))


def an_image():
    """A picture that no other is like: a line of so many pixels."""
    return picture(size=(next(_lengths), 1))


def a_model():
    return glb(triangle(extras=secrets.token_hex()))


class Place:
    """Where a file is attached: whose it is, what it is, and how it comes to be used."""

    def __init__(self, owner: str, content: Callable[[], bytes], table: str, attach: Callable) -> None:
        self.owner, self.content, self.table, self._attach = owner, content, table, attach

    def upload(self, people):
        return uploaded(people[self.owner], self.content())["name"]

    def prepare(self, people, world):
        """What attaches a file, by its name; made beforehand, so that only that is left to do."""
        return self._attach(people, world)


def by_request(method: str, path: str, body: Callable, *, who: str):
    return lambda people, world: lambda name: people[who].call(method, path, json=body(name))


def on_asking(people, world):
    order = world.order(people["merchant"], people["customer"], 1)
    body = {"except_type": REFUND, "back_reason": "破损"}
    path = f"/orders/{order['id']}/except-orders"
    return lambda name: people["customer"].post(path, {**body, "evidence": [name]})


def on_refusing(people, world):
    ticket = world.ticket(people["merchant"], people["customer"])
    path = f"/except-orders/{ticket['id']}/refuse"
    return lambda name: people["merchant"].post(path, {"remark": "已使用", "evidence": [name]})


def on_a_model(people, world):
    model = made(
        people["merchant"].post("/models", {"name": "沙发", "file": uploaded(people["merchant"], a_model())["name"]}), 201
    )
    return lambda name: people["merchant"].patch(f"/models/{model['id']}", {"thumbnail": name})


def on_a_product(people, world):
    product = world.product(people["merchant"])
    return lambda name: people["merchant"].patch(f"/products/{product['id']}", {"pictures": [name]})


SCENE = {"name": "商铺", "base_id": 1, "tag": 2}
PLACES = {
    "model": Place(
        "merchant",
        a_model,
        "stored_file",
        by_request("POST", "/models", lambda name: {"name": "沙发", "file": name}, who="merchant"),
    ),
    "thumbnail of a model": Place("merchant", an_image, "stored_file", on_a_model),
    "thumbnail of a scene": Place(
        "merchant",
        an_image,
        "stored_file",
        by_request("POST", "/scenes", lambda name: {**SCENE, "thumbnail": name}, who="merchant"),
    ),
    "config of a scene": Place(
        "merchant",
        lambda: config(of=secrets.token_hex()),
        "stored_file",
        by_request("POST", "/scenes", lambda name: {**SCENE, "config": name}, who="merchant"),
    ),
    "picture of a new product": Place(
        "merchant",
        an_image,
        "stored_file",
        by_request("POST", "/products", lambda name: {"name": "茶杯", "pictures": [name]}, who="merchant"),
    ),
    "picture of a product": Place("merchant", an_image, "stored_file", on_a_product),
    "evidence of the merchant": Place("merchant", an_image, "stored_file", on_refusing),
    "evidence of the buyer": Place("customer", an_image, "customer_file", on_asking),
    "thumbnail of a base, a merchant's": Place(
        "merchant",
        an_image,
        "stored_file",
        by_request("PATCH", "/scene-bases/2", lambda name: {"thumbnail": name}, who="admin"),
    ),
    "thumbnail of a base": Place(
        "admin", an_image, "platform_file", by_request("PATCH", "/scene-bases/2", lambda name: {"thumbnail": name}, who="admin")
    ),
    "model of a base": Place(
        "admin", a_model, "platform_file", by_request("PATCH", "/scene-bases/3", lambda name: {"model": name}, who="admin")
    ),
}
every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


@pytest.fixture
def people(world, merchant, customer):
    return {"merchant": merchant, "customer": customer, "admin": world.admin()}


def is_there(sql, place, name):
    return sql(f"SELECT count(*) FROM {place.table} WHERE name = %s", name) != [(0,)]


class TestUnused:
    @pytest.mark.parametrize("who", ["merchant", "customer", "admin"])
    def test_what_nothing_uses_for_30_days_goes_and_then_its_content(self, people, sql, folder, now, who):
        place = next(each for each in PLACES.values() if each.owner == who)
        name = place.upload(people)
        assert swept(now, 29.9)["unused"] == 0
        assert is_there(sql, place, name)
        assert swept(now, 30.1)["unused"] == 1
        assert not is_there(sql, place, name)
        assert not (folder / name).exists()
        assert sql("SELECT count(*) FROM removed_content") == [(0,)]
        told = sql("SELECT subject, actor_kind, business_id FROM event WHERE verb = 'remove' AND details->>'name' = %s", name)
        business_id = people["merchant"].id if who == "merchant" else None
        assert told == ([(place.table, "system", business_id)] if who != "customer" else [])

    def test_content_goes_an_hour_after_its_row(self, merchant, folder, now):
        name = uploaded(merchant, an_image())["name"]
        assert merchant.delete(f"/files/{name}").status_code == 204
        assert [sweep.sweep(now + seconds)["contents"] for seconds in (0, HOUR - 10)] == [0, 0]
        assert (folder / name).exists()
        assert sweep.sweep(now + HOUR + 10)["contents"] == 1
        assert not (folder / name).exists()

    def test_an_upload_again_begins_its_time_anew(self, merchant, sql, now):
        content = an_image()
        name = uploaded(merchant, content)["name"]
        sql("UPDATE stored_file SET unused_since = unused_since - %s WHERE name = %s", 29 * DAY, name)
        assert uploaded(merchant, content)["name"] == name
        assert swept(now, 2)["unused"] == 0

    def test_what_is_used_no_more_has_30_days_from_then(self, world, merchant, sql, now):
        image = uploaded(merchant, an_image())["name"]
        product = world.product(merchant, pictures=[image])
        assert swept(now, 100)["unused"] == 0
        made(merchant.patch(f"/products/{product['id']}", {"pictures": []}))
        assert swept(now, 101.1)["released"] == 1
        assert swept(now, 131)["unused"] == 0
        assert swept(now, 131.2)["unused"] == 1

    def test_content_stays_while_another_row_names_it(self, world, merchant, customer, sql, folder, now):
        content = an_image()
        name = uploaded(merchant, content)["name"]
        assert uploaded(customer, content)["name"] == name
        assert merchant.delete(f"/files/{name}").status_code == 204
        assert swept(now, 0.1)["contents"] == 1
        assert (folder / name).exists()
        done = swept(now, 31)
        assert (done["unused"], done["contents"]) == (1, 1)
        assert not (folder / name).exists()

    def test_what_a_buyer_leaves_behind_goes_too(self, customer, folder, now):
        name = uploaded(customer, an_image())["name"]
        assert customer.call("DELETE", "/me", json={"password": PASSWORD}).status_code == 204
        assert swept(now, 1)["contents"] == 1
        assert not (folder / name).exists()

    def test_it_can_be_switched_off(self, merchant, monkeypatch, now):
        monkeypatch.setattr(settings, "unused_file_days", 0)
        uploaded(merchant, an_image())
        assert swept(now, 3000)["unused"] == 0
        monkeypatch.setattr(settings, "unused_file_days", 1)
        assert swept(now, 1.1)["unused"] == 1

    def test_content_that_cannot_be_removed_is_tried_again(self, merchant, folder, now):
        name = uploaded(merchant, an_image())["name"]
        assert merchant.delete(f"/files/{name}").status_code == 204
        body = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).mkdir()
        assert swept(now, 1)["contents"] == 0
        (folder / name).rmdir()
        (folder / name).write_bytes(body)
        assert swept(now, 1)["contents"] == 1
        assert not (folder / name).exists()


class TestUsed:
    @every_place
    def test_what_is_used_stays(self, people, world, sql, folder, now, place):
        name = place.upload(people)
        assert place.prepare(people, world)(name).is_success
        for days in (31, 62, 400):
            swept(now, days)
            assert is_there(sql, place, name)
        assert (folder / name).exists()


class TestRaces:
    @every_place
    def test_what_is_removed_while_it_is_attached_is_not_there(self, people, world, beside, sql, place):
        name = place.upload(people)
        attach = place.prepare(people, world)
        with ThreadPoolExecutor(1) as pool, beside.cursor() as cursor:
            cursor.execute(f"DELETE FROM {place.table} WHERE name = %s", (name,))
            attached = pool.submit(attach, name)
            eventually(lambda: sql(WAITING) or attached.done())
            assert not attached.done(), "it waits for nobody"
            beside.commit()
            refused(attached.result(), 422, "unknown_file")

    @every_place
    def test_what_is_attached_while_it_is_removed_is_one_or_the_other(self, people, world, sql, folder, now, place):
        for number in range(8):
            name = place.upload(people)
            attach = place.prepare(people, world)
            together = threading.Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                removed = pool.submit(_after, together, 0.002 * number, lambda: _removed(now, 31))
                attached = pool.submit(_after, together, 0, lambda attach=attach, name=name: attach(name))
                removed.result()
            answer = attached.result()
            if answer.is_success:
                swept(now, 32)
                assert is_there(sql, place, name)
                assert (folder / name).exists()
            else:
                refused(answer, 422, "unknown_file")
                assert not is_there(sql, place, name)

    def test_what_is_being_attached_is_left_for_the_next_time(self, merchant, beside, sql, now):
        name = uploaded(merchant, an_image())["name"]
        with beside.cursor() as cursor:
            cursor.execute("UPDATE stored_file SET unused_since = NULL WHERE name = %s", (name,))
            assert swept(now, 31)["unused"] == 0
            beside.rollback()
        assert swept(now, 31)["unused"] == 1

    def test_content_that_is_removed_during_its_upload_is_there_after_it(self, api, merchant, customer, beside, sql, folder):
        content = an_image()
        file = uploaded(merchant, content)
        with ThreadPoolExecutor(1) as pool, beside.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(1718185061, hashtext(%s))", (file["name"],))
            again = pool.submit(upload, customer, content)
            eventually(lambda: sql(WAITING) or again.done())
            assert not again.done(), "it waits for nobody"
            (folder / file["name"]).unlink()
            beside.commit()
            made(again.result(), 201)
        assert api.client.get(file["url"]).status_code == 200

    def test_content_that_is_being_uploaded_is_left_for_the_next_time(self, merchant, beside, sql, folder, now):
        name = uploaded(merchant, an_image())["name"]
        assert merchant.delete(f"/files/{name}").status_code == 204
        with beside.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(1718185061, hashtext(%s))", (name,))
            assert swept(now, 1)["contents"] == 0
            beside.rollback()
        assert (folder / name).exists()
        assert swept(now, 1)["contents"] == 1

    def test_two_workers_remove_each_once(self, merchant, sql, now):
        names = [uploaded(merchant, an_image())["name"] for _ in range(5)]
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda _: swept(now, 31)["unused"], range(2)))
        assert sum(done) == len(set(names))
        told = sql("SELECT details->>'name' FROM event WHERE verb = 'remove' AND business_id = %s", merchant.id)
        assert sorted(name for (name,) in told) == sorted(set(names))


def _after(together: threading.Barrier, seconds: float, act: Callable) -> object:
    together.wait()
    time.sleep(seconds)
    return act()


def _removed(now, days):
    """What the worker's step does, alone."""
    with Work(Actor(SYSTEM), writes=True, now=now + int(days * DAY)) as work:
        upkeep.remove(work)
        work.commit()
