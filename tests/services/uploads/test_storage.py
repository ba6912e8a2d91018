"""Where files lie, and how they are handed out: from a folder or a bucket, for good, to anyone who knows their name."""

import time
from hashlib import sha256

import httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer

from app.config import HOUR, Bucket, ConfigurationError, Settings, settings
from app.services.sweeping import sweep
from app.services.uploads.storage import s3
from tests.support.samples import LARGE, config, glb, picture, refused, upload, uploaded

pytestmark = pytest.mark.long
DELIVERED = {
    "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": "",
    "content-length": "",
    "content-disposition": "",
    "etag": "",
}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where this test's files are kept."""
    monkeypatch.setattr(settings, "data_dir", tmp_path)
    return tmp_path / "files"


class TestDelivery:
    @pytest.mark.parametrize("content", [picture(), config(), glb()], ids=["image", "config", "model"])
    def test_a_file_may_be_kept_for_good(self, api, merchant, content):
        file = uploaded(merchant, content)
        answer = api.client.get(file["url"])
        assert answer.status_code == 200
        shown = {name: answer.headers[name] for name in DELIVERED}
        assert shown == {
            **DELIVERED,
            "content-type": file["media_type"],
            "content-length": str(file["size"]),
            "content-disposition": f'inline; filename="{file["name"]}"',
            "etag": f'"{file["name"].partition(".")[0]}"',
        }

    @pytest.mark.parametrize("known", ["{0}", "W/{0}", '"x", {0}', "*"])
    def test_what_is_known_is_not_sent_again(self, api, merchant, known):
        file = uploaded(merchant, picture())
        etag = api.client.get(file["url"]).headers["etag"]
        answer = api.client.get(file["url"], headers={"If-None-Match": known.format(etag)})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert answer.headers["cache-control"] == DELIVERED["cache-control"]

    def test_something_else_that_is_known_does_not_count(self, api, merchant):
        file = uploaded(merchant, picture())
        assert api.client.get(file["url"], headers={"If-None-Match": '"x"'}).status_code == 200

    @pytest.mark.parametrize("content", [picture(), glb()], ids=["image", "model"])
    def test_what_it_would_send_can_be_asked_for(self, api, merchant, content):
        file = uploaded(merchant, content)
        full, head = api.client.get(file["url"]), api.client.head(file["url"])
        assert (head.status_code, head.content) == (200, b"")
        assert [head.headers[name] for name in DELIVERED] == [full.headers[name] for name in DELIVERED]
        known = api.client.head(file["url"], headers={"If-None-Match": full.headers["etag"]})
        assert (known.status_code, known.headers["access-control-allow-origin"]) == (304, "*")
        assert api.client.head(f"/api/v1/files/{'0' * 64}.glb").status_code == 404

    def test_a_part_of_it_can_be_asked_for(self, api, merchant):
        content = glb()
        file = uploaded(merchant, content)
        answer = api.client.get(file["url"], headers={"Range": "bytes=4-7"})
        assert (answer.status_code, answer.content) == (206, content[4:8])
        assert answer.headers["content-range"] == f"bytes 4-7/{len(content)}"
        several = api.client.get(file["url"], headers={"Range": "bytes=0-3,8-9"})
        assert several.status_code == 206
        assert several.headers["content-type"].startswith("multipart/byteranges")

    @pytest.mark.parametrize("asked", ["bytes=x", "bytes=7-4", "lines=1-2", "1-2", "bytes=", "bytes=٣-٤".encode()])
    def test_what_is_no_range_of_bytes_is_no_range(self, api, merchant, asked):
        file = uploaded(merchant, picture())
        answer = api.client.get(file["url"], headers={"Range": asked})
        assert (answer.status_code, len(answer.content)) == (200, file["size"])

    def test_a_part_that_it_does_not_have_is_refused(self, api, merchant):
        file = uploaded(merchant, picture())
        answer = api.client.get(file["url"], headers={"Range": "bytes=100000-"})
        refused(answer, 416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{file['size']}"

    @pytest.mark.parametrize(
        "name",
        [
            "0" * 64 + ".png",
            "0" * 64,
            "0" * 64 + ".exe",
            "0" * 64 + ".png.exe",
            "A" * 64 + ".png",
            "secret_key",
            "..",
            "..%2Fsecret_key",
            "%2e%2e%2fsecret_key",
            "..%5csecret_key",
            "%00",
            "0" * 64 + ".png%0a",
            "x" * 5000,
        ],
    )
    @pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}], ids=["anew", "known"])
    def test_a_name_that_is_not_there_is_not_found(self, api, folder, name, headers):
        (folder.parent / "secret_key").write_text("secret")
        answer = api.client.get(f"/api/v1/files/{name}", headers=headers)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestBucket:
    @pytest.fixture
    def bucket(self, folder, monkeypatch):
        """A real S3 API on loopback, which files go to."""
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        found = Bucket(f"http://{host}:{port}", "shop", "key", "secret", "us-east-1")
        assert httpx.post(f"{found.endpoint}/moto-api/reset").status_code == 200
        assert httpx.put(f"{found.endpoint}/shop").status_code == 200
        configure(monkeypatch, found)
        yield found
        server.stop()
        s3.opened.cache_clear()

    @pytest.mark.parametrize("content", [picture(), config(), glb(), LARGE], ids=["image", "config", "model", "large"])
    def test_a_file_goes_there_and_comes_back(self, api, merchant, folder, bucket, content):
        file = uploaded(merchant, content)
        assert uploaded(merchant, content) == file
        answer = api.client.get(file["url"])
        assert (answer.status_code, sha256(answer.content).hexdigest()) == (200, file["name"].partition(".")[0])
        shown = {name: answer.headers[name] for name in DELIVERED}
        assert shown["content-type"] == file["media_type"]
        assert shown["content-length"] == str(file["size"])
        head = api.client.head(file["url"])
        assert (head.content, {name: head.headers[name] for name in DELIVERED}) == (b"", shown)
        there = obstore.get(s3.opened(bucket).store, file["name"])
        assert (bytes(there.bytes()), there.attributes["Content-Type"]) == (answer.content, file["media_type"])
        assert not folder.exists()

    def test_what_is_known_is_not_sent_again(self, api, merchant, bucket):
        file = uploaded(merchant, picture())
        etag = f'"{file["name"].partition(".")[0]}"'
        assert api.client.get(file["url"], headers={"If-None-Match": etag}).status_code == 304
        obstore.delete(s3.opened(bucket).store, file["name"])
        refused(api.client.get(file["url"], headers={"If-None-Match": etag}), 404, "not_found")
        refused(api.client.get(file["url"]), 404, "not_found")

    def test_what_no_row_names_is_removed_from_it(self, api, merchant, bucket):
        file = uploaded(merchant, picture(size=(11, 3)))
        assert merchant.delete(f"/files/{file['name']}").status_code == 204
        assert api.client.get(file["url"]).status_code == 200
        sweep.sweep(int(time.time()) + 2 * HOUR)
        refused(api.client.get(file["url"]), 404, "not_found")
        assert uploaded(merchant, picture(size=(11, 3)))["url"] == file["url"]
        assert api.client.get(file["url"]).status_code == 200

    @pytest.mark.parametrize("name", ["shop", "nowhere"])
    def test_one_that_is_away_is_said_to_be(self, api, merchant, sql, monkeypatch, bucket, name):
        endpoint = "http://127.0.0.1:9" if name == "shop" else bucket.endpoint
        configure(monkeypatch, Bucket(endpoint, name, "key", "secret", "us-east-1"))
        answer = upload(merchant, picture())
        refused(answer, 503, "storage_away")
        assert answer.headers["retry-after"]
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(0,)]
        if name == "shop":
            refused(api.client.get(f"/api/v1/files/{'0' * 64}.png"), 503, "storage_away")

    @pytest.mark.parametrize("missing", ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"])
    def test_half_a_configuration_is_refused(self, missing):
        given = {
            name.lower(): "x" for name in ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY") if name != missing
        }
        with pytest.raises(ConfigurationError, match=missing):
            _ = Settings(_env_file=None, **given).bucket


def configure(monkeypatch, bucket):
    parts = {
        "endpoint": bucket.endpoint,
        "bucket": bucket.name,
        "access_key": bucket.access_key,
        "secret_key": bucket.secret_key,
    }
    for part, value in parts.items():
        monkeypatch.setattr(settings, f"s3_{part}", value)
