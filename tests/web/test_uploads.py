"""Every upload route: with and without a key, each kind of file, on a full disk, and what is held meanwhile."""

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import obstore
import pytest
from fastapi.routing import APIRoute
from moto.server import ThreadedMotoServer

from app.config import settings
from app.db import pools
from app.main import app
from app.services.uploads.storage import s3
from app.sheets import reading
from app.web.uploads import DOCUMENTED
from tests.conftest import environment_for
from tests.support.api import PREFIX, Caller
from tests.support.factories import made
from tests.support.gates import Gate
from tests.support.processes import service
from tests.support.samples import LARGE, POSITIONS, config, glb, gltf, picture, refused, upload, uploaded
from tests.support.sheets import csv_of, xlsx_of

pytestmark = pytest.mark.long
SPOOLED = 1_000_000  # bytes of a form's file that stay in memory
KEYS = [{}, {"Idempotency-Key": "once"}]


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def parcels(world, merchant, customer):
    """Two files that ship an order each, as rows."""
    orders = [world.order(merchant, customer) for _ in range(2)]
    return [[["订单号", "物流商", "物流单号"], [order["order_number"], "顺丰速运", "SF1"]] for order in orders]


def stocks(world, merchant, customer):
    """Two files that change a SKU each, as rows."""
    skus = [world.sku(merchant) for _ in range(2)]
    return [[["库存ID", "单价", "库存量", "导出时库存"], [sku["id"], 5, 7, 100]] for sku in skus]


SHEETS = {
    "csv": lambda rows: csv_of(rows),
    "csv of gb18030": lambda rows: csv_of(rows, "gb18030"),
    "csv on disk": lambda rows: csv_of([rows[0], *[[""] * 40_000] * 30, rows[1]]),
    "xlsx": xlsx_of,
}
FILES = {
    "png": [picture("PNG"), picture("PNG", (5, 5))],
    "jpeg": [picture("JPEG"), picture("JPEG", (5, 5))],
    "webp": [picture("WEBP"), picture("WEBP", (5, 5))],
    "config": [config(), config(light=1)],
    "gltf": [gltf(), gltf(extras={})],
    "glb": [glb(), glb(data=bytes(len(POSITIONS)))],
    "glb on disk": [LARGE, LARGE[:-1] + b"\1"],
}
CASES = [
    *[("/merchant/files", kind, lambda *_, kind=kind: FILES[kind]) for kind in FILES],
    *[("/customer/files", kind, lambda *_, kind=kind: FILES[kind]) for kind in ("png", "jpeg", "webp")],
    *[("/admin/files", kind, lambda *_, kind=kind: FILES[kind]) for kind in ("png", "glb")],
    *[
        (f"/merchant/{path}/import", kind, lambda *about, kind=kind, rows=rows: [SHEETS[kind](each) for each in rows(*about)])
        for path, rows in {"orders/ship": parcels, "skus": stocks}.items()
        for kind in SHEETS
    ],
]


def test_no_upload_route_is_left_out():
    routes = [route.path for route in app.routes if isinstance(route, APIRoute) and route.openapi_extra is DOCUMENTED]
    assert {PREFIX + path for path, _, _ in CASES} == set(routes)
    assert any(len(each) > SPOOLED for files in FILES.values() for each in files)


@pytest.mark.parametrize(("path", "kind", "files"), CASES, ids=[f"{path} {kind}" for path, kind, _ in CASES])
class TestKeys:
    @pytest.fixture
    def send(self, world, merchant, customer, path, files):
        """Sends the case's first file, or its second."""
        contents, admin = files(world, merchant, customer), world.admin()

        def send(number, headers):
            body = {"file": ("file", contents[number])}
            caller = {"merchant": merchant, "customer": customer, "admin": admin}[path.split("/")[1]]
            return caller.call("POST", path.removeprefix(f"/{caller.audience}"), files=body, headers=headers)

        return send

    def test_with_a_key_it_is_done_once_and_answered_alike(self, send, kind):
        first, again = send(0, KEYS[1]), send(0, KEYS[1])
        assert first.is_success, first.text
        assert done(first)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert [answer.headers.get("idempotent-replayed") for answer in (first, again)] == [None, "true"]
        refused(send(1, KEYS[1]), 422, "key_reused")
        assert done(send(1, {"Idempotency-Key": "other"}))

    def test_without_a_key_it_is_done_each_time(self, send, kind):
        first, again = send(0, {}), send(0, {})
        assert done(first)
        assert again.status_code == first.status_code
        assert "idempotent-replayed" not in again.headers


def done(answer):
    """Whether a file was kept, or its only row carried out."""
    body = answer.json()
    return answer.is_success and (body.get("name") or body.get("shipped", body.get("changed"))) not in (None, 0)


class TestConnections:
    @pytest.fixture
    def bucket(self, migrated, monkeypatch):
        """A real S3 API behind a gate, which files go to."""
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        assert httpx.post(f"http://{host}:{port}/moto-api/reset").status_code == 200
        assert httpx.put(f"http://{host}:{port}/shop").status_code == 200
        with Gate(port) as gate:
            parts = {"endpoint": gate.url, "bucket": "shop", "access_key": "key", "secret_key": "secret"}
            for part, value in parts.items():
                monkeypatch.setattr(settings, f"s3_{part}", value)
            yield gate
        server.stop()
        s3.opened.cache_clear()

    @pytest.mark.parametrize("key", KEYS, ids=["no key", "key"])
    def test_none_is_held_while_a_file_is_stored(self, merchant, bucket, sql, key):
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(upload, merchant, picture(), headers=key)
            bucket.wait_for_someone()
            held, open_ = pools.checked_out(), transactions(sql)
            bucket.open()
            made(sending.result(), 201)
        assert (held, open_) == (0, [])

    @pytest.mark.parametrize("key", KEYS, ids=["no key", "key"])
    def test_a_session_that_ends_meanwhile_owns_nothing_and_takes_nothing_from_others(self, world, merchant, bucket, sql, key):
        with ThreadPoolExecutor(2) as pool:
            mine = pool.submit(upload, merchant, picture(), headers=key)
            bucket.wait_for_someone()
            other = pool.submit(upload, world.merchant(), picture())
            made_status = merchant.post("/logout").status_code
            bucket.open()
            refused(mine.result(), 401, "not_authenticated")
            kept = made(other.result(), 201)
        assert made_status == 204
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(0,)]
        assert sql("SELECT count(*) FROM idempotency_key WHERE scope = %s", f"merchant:{merchant.id}") == [(0,)]
        assert world.api.client.get(kept["url"]).status_code == 200

    def test_a_dead_session_stores_nothing(self, merchant, bucket):
        bucket.open()
        merchant.post("/logout")
        refused(upload(merchant, picture()), 401, "not_authenticated")
        assert not any(obstore.list(s3.opened(settings.bucket).store))

    @pytest.mark.parametrize("key", KEYS, ids=["no key", "key"])
    @pytest.mark.parametrize(("path", "rows"), [("/orders/ship/import", parcels), ("/skus/import", stocks)])
    def test_none_is_held_while_a_sheet_is_read(self, world, merchant, customer, monkeypatch, key, path, rows):
        held = []

        def read(*arguments, plain=reading.read, **options):
            held.append(pools.checked_out())
            return plain(*arguments, **options)

        monkeypatch.setattr(reading, "read", read)
        first, _ = rows(world, merchant, customer)
        assert done(merchant.call("POST", path, files={"file": xlsx_of(first)}, headers=key))
        assert held == [0]


def transactions(sql):
    """The transactions that the service has open."""
    return sql("SELECT query FROM pg_stat_activity WHERE application_name = 'meta_be' AND state <> 'idle'")


class TestFullDisk:
    """The server's files may not grow past a size, which stands for a disk that is full."""

    ROOM = 100_000

    @pytest.fixture(scope="class")
    def server(self, migrated_module, tmp_path_factory):
        folder = tmp_path_factory.mktemp("full")
        with service({**environment_for(migrated_module), "DATA_DIR": str(folder), "LOG_LEVEL": "warning"}) as found:
            yield found, folder / "files"

    @contextmanager
    def full(self, server):
        process = server[0].process
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (self.ROOM, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)

    @pytest.fixture
    def there(self, server, merchant):
        """The merchant, at the server whose disk is full."""
        with httpx.Client(base_url=server[0].url, timeout=30) as client:
            yield Caller(client, "merchant", merchant.token)

    @pytest.mark.parametrize("key", KEYS, ids=["no key", "key"])
    @pytest.mark.parametrize("content", [config(text="x" * 200_000), LARGE], ids=["kept", "spooled"])
    def test_an_upload_is_refused_and_leaves_nothing(self, server, there, merchant, sql, content, key):
        with self.full(server):
            answer = upload(there, content, headers=key)
            refused(answer, 503, "storage_away")
            assert answer.headers["retry-after"]
        folder = server[1]
        assert not folder.exists() or list(folder.iterdir()) == []
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(0,)]
        assert sql("SELECT count(*) FROM idempotency_key WHERE scope = %s", f"merchant:{merchant.id}") == [(0,)]
        kept = uploaded(there, content)
        assert there.client.get(kept["url"]).content == content
        (folder / kept["name"]).unlink()

    @pytest.mark.parametrize("path", ["/orders/ship/import", "/skus/import"])
    def test_an_import_is_refused(self, server, there, path):
        with self.full(server):
            refused(there.call("POST", path, files={"file": b"x" * 2 * SPOOLED}), 503, "storage_away")

    @pytest.mark.parametrize("file_format", ["csv", "xlsx"])
    def test_an_export_is_refused(self, server, there, world, merchant, sql, file_format):
        product = world.product(merchant)
        sql(
            """INSERT INTO sku (product_id, sku_name, sku_attr, price, stock, status)
            SELECT %s, md5(n::text), md5(n::text || 'a') || md5(n::text || 'b'), 1, 0, 0 FROM generate_series(1, 3000) n""",
            product["id"],
        )
        with self.full(server):
            refused(there.get("/skus/export", format=file_format), 503, "storage_away")
        assert there.get("/skus/export", format=file_format).status_code == 200
