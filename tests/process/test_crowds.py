"""Very large requests and very many clients: memory stays bounded, and a plain read is answered meanwhile."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import environment_for
from tests.support.api import PREFIX, Caller
from tests.support.bystander import Bystander
from tests.support.effort import often
from tests.support.processes import deployed
from tests.support.waiting import eventually

pytestmark = pytest.mark.hard
MB = 1_000_000
BODY = often(50 * MB, 1_000 * MB)
SLOW, IDLE, EXPORTS, LOGINS = often(100, 2_000), often(300, 10_000), often(10, 50), often(20, 200)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture(scope="module")
def process(migrated_module):
    with deployed(environment_for(migrated_module)) as found:
        yield found


def connect(process):
    return socket.create_connection((urlsplit(process.url).hostname, urlsplit(process.url).port), timeout=30)


def many(process, number):
    """A client that asks so often at the same time."""
    return httpx.Client(base_url=process.url, timeout=60, limits=httpx.Limits(max_connections=number))


def send(process, head, pieces):
    """Send until the service hangs up; what it said."""
    said = b""
    with closing(connect(process)) as connection, suppress(OSError):
        connection.sendall(head)
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        said = connection.recv(1000)
    return said


@pytest.mark.parametrize("path", ["/merchant/login", "/merchant/files", "/merchant/orders/ship/import", "/platform/orders"])
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with its length"])
def test_a_body_without_measure(process, merchant, path, chunked, tried):
    kind = "multipart/form-data; boundary=b" if path.endswith(("files", "import")) else "application/json"
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' if "multipart" in kind else b"{"
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(start) + BODY}"
    head = f"POST {PREFIX}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {merchant.token}\r\n"
    head += f"Content-Type: {kind}\r\n{framing}\r\n\r\n"
    piece = b"%x\r\n" % MB + b"x" * MB + b"\r\n" if chunked else b"x" * MB
    first = b"%x\r\n%s\r\n" % (len(start), start) if chunked else start
    with Bystander(process, merchant) as bystander:
        said = send(process, head.encode(), [first, *[piece] * (BODY // MB)])
        time.sleep(0.5)
    assert said == b"" or said.startswith((b"HTTP/1.1 413", b"HTTP/1.1 401", b"HTTP/1.1 422")), said
    bystander.assert_unmoved(40 * MB)
    tried("MB of a body sent", BODY // MB)


ENDLESS = {
    "headers": (b"GET /healthz HTTP/1.1\r\n", b"".join(b"X-%d: %s\r\n" % (number, b"v" * 90) for number in range(1000))),
    "one header": (b"GET /healthz HTTP/1.1\r\nX-Long: ", b"v" * 100_000),
    "one header's name": (b"GET /healthz HTTP/1.1\r\n", b"n" * 100_000),
    "target": (b"GET /", b"t" * 100_000),
    "trailers": (
        b"POST /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X-Trailer: %s\r\n" % (b"v" * 90) * 1000,
    ),
    "blank lines": (b"", b"\r\n" * 50_000),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_heads_without_end(process, merchant, kind, tried):
    start, piece = ENDLESS[kind]
    with Bystander(process, merchant) as bystander, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(process, start, [piece] * often(20, 100)), range(often(40, 400))))
        time.sleep(0.5)
    assert {answer[9:12] for answer in answers} <= {b"431", b"400", b"405", b""}, answers[:5]
    bystander.assert_unmoved(40 * MB)
    tried("heads without end", len(answers))


def test_json_as_deep_as_it_may_be(process, merchant, tried):
    with Bystander(process, merchant) as bystander, httpx.Client(base_url=process.url, timeout=30) as client:
        for _ in range(often(3, 50)):
            for content in (b"[" * 999_000, b'{"a":' * 190_000, b"[" * 499_000 + b"]" * 499_000):
                headers = {"Content-Type": "application/json"}
                answer = client.post(f"{PREFIX}/merchant/login", content=content, headers=headers)
                assert answer.status_code == 422
                assert len(answer.content) < 2_000
    bystander.assert_unmoved(60 * MB)
    tried("bodies of deep JSON", 3 * often(3, 50))


def test_clients_that_send_slowly(process, merchant, tried):
    head = f"POST {PREFIX}/merchant/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
    with Bystander(process, merchant) as bystander, ExitStack() as stack:
        crowd = [stack.enter_context(closing(connect(process))) for _ in range(SLOW)]
        for byte in head + b"{" * often(3, 20):
            for connection in crowd[: SLOW // 10]:  # as many as one test process can feed, the others stand at the first byte
                connection.sendall(bytes([byte]))
        for connection in crowd[SLOW // 10 :]:
            connection.sendall(head[:1])
        time.sleep(often(1, 5))
    bystander.assert_unmoved(SLOW * 40_000 + 20 * MB)
    eventually(lambda: process.connections() == 0, 60)
    tried("clients that send slowly", SLOW)


def test_clients_that_say_nothing(process, merchant, tried):
    with Bystander(process, merchant) as bystander, ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(closing(connect(process)))
        time.sleep(1)
    bystander.assert_unmoved(IDLE * 20_000 + 20 * MB)
    eventually(lambda: process.connections() == 0, 60)
    tried("connections at once that say nothing", IDLE)


def test_all_export_at_once(process, world, merchant, customer, tried):
    sku = world.sku(merchant, stock=100_000)
    for _ in range(often(10, 50)):
        world.order(merchant, customer, sku=sku)
    stranger = world.merchant()
    with Bystander(process, stranger) as bystander, ThreadPoolExecutor(EXPORTS) as pool, many(process, EXPORTS) as client:
        exporter = Caller(client, "merchant", merchant.token)
        answers = list(pool.map(lambda _: exporter.get("/orders/export", format="xlsx"), range(EXPORTS)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert [answer.status_code for answer in answers].count(200) > EXPORTS / 2
    bystander.assert_unmoved(100 * MB)
    tried("exports at once", EXPORTS)


def test_all_log_in_at_once(process, world, merchant, tried):
    names = [world.merchant().account["name"] for _ in range(5)]
    with Bystander(process, merchant) as bystander, ThreadPoolExecutor(LOGINS) as pool, many(process, LOGINS) as client:

        def log_in(number):
            body = {"name": names[number % len(names)], "password": "wrong password"}
            return client.post(f"{PREFIX}/merchant/login", json=body)

        answers = list(pool.map(log_in, range(LOGINS)))
    assert {answer.status_code for answer in answers} <= {401, 429, 503}
    assert [answer.status_code for answer in answers].count(401) <= 5 * len(names)
    bystander.assert_unmoved(100 * MB)
    tried("logins at once", LOGINS)
