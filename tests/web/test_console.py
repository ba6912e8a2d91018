"""How the pages of the console are served: cached, packed, guarded, and missing with a word."""

import gzip

import pytest

from app.routers import console
from tests.support import promises

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A build of three files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-Ab12.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-Ab12.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "index.html").write_text("<!doctype html><title>shop</title>")
    monkeypatch.setattr(console, "BUILT", tmp_path)
    console._pages.cache_clear()
    yield tmp_path
    console._pages.cache_clear()


def get(api, path, **headers):
    return api.client.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}, follow_redirects=False
    )


@pytest.mark.parametrize("path", ["/console/", "/console/orders", "/console/admin/merchants", "/console/webhooks/7"])
def test_every_place_within_shows_the_start_page(api, pages, path):
    answer = get(api, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "http" not in policy
    assert get(api, path, if_none_match=answer.headers["etag"]).status_code == 304


def test_assets_are_kept_for_good_and_sent_packed_to_who_takes_it(api, pages):
    plain = get(api, "/console/assets/index-Ab12.js", accept_encoding="identity")
    packed = get(api, "/console/assets/index-Ab12.js", accept_encoding="br, gzip")
    assert plain.content == packed.content == SCRIPT
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    for answer in (plain, packed):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"
    refused = get(api, "/console/assets/index-Ab12.js", accept_encoding="gzip;q=0")
    assert "content-encoding" not in refused.headers


@pytest.mark.parametrize("name", ["assets/index-Zz99.js", "assets/%2e%2e/%2e%2e/index.html", "assets/"])
def test_an_asset_that_is_not_there_is_not_the_start_page(api, pages, name):
    assert get(api, f"/console/{name}").status_code == 404


def test_nothing_outside_the_build_is_sent(api, pages):
    (pages.parent / "secret.js").write_text("hidden words")
    for name in ("../secret.js", "%2e%2e/secret.js", "..%2fsecret.js", "assets/..%2f..%2fsecret.js", "index-Ab12.js.gz"):
        assert "hidden words" not in get(api, f"/console/{name}").text


def test_a_new_build_shows_without_a_new_start(api, pages):
    before = get(api, "/console/").text
    (pages / "index.html").write_text("<!doctype html><title>newer</title>")
    assert "newer" in get(api, "/console/").text != before


def test_before_the_first_build_it_says_how_to_build(api, tmp_path, monkeypatch):
    monkeypatch.setattr(console, "BUILT", tmp_path / "none")
    with promises.broken():
        answer = get(api, "/console/", accept_language="en")
    assert (answer.status_code, answer.json()["code"]) == (404, "console_not_built")
    assert "make console" in answer.json()["detail"]
    assert get(api, "/", accept="text/html").headers["location"] == "/docs"


def test_browsers_are_led_there_and_others_to_the_documentation(api, pages):
    assert get(api, "/", accept="text/html,*/*;q=0.8").headers["location"] == "/console/"
    assert get(api, "/", accept="*/*").headers["location"] == "/docs"
    assert get(api, "/console").headers["location"] == "/console/"
    assert not [path for path in get(api, "/openapi.json").json()["paths"] if "console" in path]


def test_other_methods_are_refused(api, pages):
    assert api.client.head("/console/").status_code == 200
    assert api.client.post("/console/").status_code == 405
