"""Requests of which the rest does not come: each is ended, told so where an answer can be told, and is no fault of ours."""

import socket
import time
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from app.process.request_bounds import LEAST
from tests.conftest import environment_for
from tests.support.api import PREFIX
from tests.support.effort import often
from tests.support.impatient import PATIENCE
from tests.support.processes import deployed
from tests.support.waiting import eventually

pytestmark = pytest.mark.hard
MANY = often(10, 500)
HALVES = {
    "nothing": b"",
    "the method": b"GE",
    "the target": b"GET /healthz",
    "a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Any: ",
    "the headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
    "no body": b"POST %s/merchant/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
    "a body": b"POST %s/merchant/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    "chunks": b"POST %s/merchant/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "a form": b"POST %s/merchant/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n",
    "a signed body": b"POST %s/platform/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
}
SILENT = {"nothing"}


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture(scope="module")
def process(migrated_module):
    """One that waits for PATIENCE only."""
    with deployed(environment_for(migrated_module), program="tests.support.impatient") as found:
        yield found


def connected(process):
    return closing(socket.create_connection((urlsplit(process.url).hostname, urlsplit(process.url).port), timeout=20))


def half(name, merchant):
    text = HALVES[name]
    return text.replace(b"%s", PREFIX.encode(), 1).replace(b"%s", merchant.token.encode())


def rest_of(connection):
    """What the service still says before it hangs up."""
    said = b""
    with suppress(ConnectionResetError):
        while data := connection.recv(65536):
            said += data
    return said


def assert_told(said):
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408"), said
    assert orjson.loads(body)["code"] == "request_incomplete"


@pytest.mark.parametrize("name", HALVES)
def test_half_a_request_is_ended(process, merchant, name):
    with connected(process) as connection:
        connection.sendall(half(name, merchant))
        said = rest_of(connection)
    if name in SILENT:
        assert said == b""
    else:
        assert_told(said)


@pytest.mark.parametrize("piece", [b"X-Any: x\r\n", b"x"], ids=["headers", "a header"])
def test_one_whose_head_comes_bit_by_bit_is_ended(process, piece):
    began = time.monotonic()
    with connected(process) as connection, suppress(OSError):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Any: ")
        while time.monotonic() < began + 15:
            connection.sendall(piece)
            time.sleep(0.05)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("piece", "taken"), [(b"x", False), (b"x" * LEAST, True)], ids=["too slow", "slow"])
def test_a_body_has_to_go_on(process, piece, taken):
    with connected(process) as connection:
        connection.sendall(b"POST %s/merchant/login HTTP/1.1\r\nHost: x\r\n" % PREFIX.encode())
        connection.sendall(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (30 * len(piece)))
        with suppress(OSError):
            for _ in range(30):
                connection.sendall(piece)
                time.sleep(0.1 * PATIENCE)
        said = rest_of(connection) if not taken else connection.recv(1000)
    if taken:
        assert said.startswith(b"HTTP/1.1 422")
    else:
        assert_told(said)


def test_who_asks_now_and_then_is_let_alone(process):
    """Between two requests a connection may be quiet for as long as proxies keep it."""
    with httpx.Client(base_url=process.url) as client:
        for _ in range(3):
            assert client.get("/healthz").status_code == 200
            time.sleep(2.5 * PATIENCE)
            assert process.connections() == 1


def test_one_begun_after_another_is_ended_too(process):
    with connected(process) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b""
        while not said.endswith(b'{"status":"ok"}'):
            said += connection.recv(1000)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert_told(rest_of(connection))


def test_an_answer_that_takes_longer_is_waited_for(process, merchant):
    headers = {"Authorization": f"Bearer {merchant.token}"}
    with httpx.stream("GET", f"{process.url}{PREFIX}/merchant/events", headers=headers, timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id"))
        time.sleep(4 * PATIENCE)
        assert httpx.get(f"{process.url}/healthz").status_code == 200
        assert merchant.post("/products", {"name": "新品", "desc": "x", "unit": "个"}).status_code == 201
        assert next(line for line in lines if line.startswith("event"))


def test_who_leaves_amid_a_request_is_no_fault_of_ours(process, merchant, tried):
    for name in HALVES:
        for _ in range(MANY // 10):
            with connected(process) as connection:
                connection.sendall(half(name, merchant))
                time.sleep(0.01)
    eventually(lambda: process.connections() == 0)
    assert process.lines(level="error") == []
    assert 'status="500"' not in httpx.get(f"{process.url}/metrics").text
    tried("clients that left amid a request", MANY)
