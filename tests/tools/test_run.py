"""`make run`: the demo shop where HOST and PORT say, and a plain word when that cannot be."""

import socket
import subprocess
import sys

import httpx
import pytest

from tests.conftest import ROOT
from tests.support.demonstrated import bare_environment, demonstration


@pytest.fixture(scope="module")
def shop():
    with demonstration() as shop:
        yield shop


def test_it_serves_where_host_and_port_say_and_prints_that(shop):
    assert httpx.get(f"{shop.url}/healthz").json() == {"status": "ok"}
    printed = shop.process.text()
    assert f"{shop.url}/api/v1" in printed
    assert f"{shop.url}/docs" in printed
    assert f"{shop.url}/api/v1/merchant/login" in printed
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{shop.port}/healthz")


def test_its_bare_address_leads_to_the_documentation(shop):
    answer = httpx.get(f"{shop.url}/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
    assert httpx.get(f"{shop.url}/", follow_redirects=True).status_code == 200
    assert "/" not in httpx.get(f"{shop.url}/openapi.json", timeout=30).json()["paths"]


@pytest.mark.parametrize("way", ["environment", "option"])
def test_a_port_that_is_taken_is_said_before_anything_begins(tmp_path, way):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run(tmp_path, *(["--port", port] if way == "option" else []), PORT=port if way == "environment" else "1")
    assert refused.returncode == 1
    assert refused.stdout == f"127.0.0.1:{port} cannot be listened on (Address already in use): set HOST or PORT to another\n"
    assert refused.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("settings", "said"), [({"HOST": "192.0.2.1"}, "192.0.2.1:8000"), ({"PORT": "x"}, "PORT: ")])
def test_an_address_that_makes_no_sense_is_said_too(tmp_path, settings, said):
    refused = run(tmp_path, **settings)
    assert refused.returncode == 1
    assert said in refused.stdout
    assert "http://" not in refused.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_stops_when_it_is_told():
    with demonstration() as shop:
        assert shop.process.stop() == 0


def run(folder, *options, **settings):
    """`run`, which must give up by itself."""
    environment = {**bare_environment(folder), "COLUMNS": "200", **settings}
    command = [sys.executable, "-m", "app.cli", "run", *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
