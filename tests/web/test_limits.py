"""What a stranger sends is bounded before it is looked at, so that nobody can fill a process."""

import socket
from base64 import urlsafe_b64encode
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from app.ops import metrics
from app.web.middleware import MAX_HEAD
from tests.conftest import environment_for
from tests.support.api import PREFIX
from tests.support.processes import deployed

MB = 1_000_000


@pytest.fixture(scope="module")
def process(migrated_module):
    """An API process as it is deployed, which the tests of this module share."""
    with deployed(environment_for(migrated_module)) as found:
        yield found


def connected(process):
    return closing(socket.create_connection(("127.0.0.1", urlsplit(process.url).port), timeout=10))


def endless(connection, piece, most=50 * MB):
    """How many bytes of a part without an end are taken before the server hangs up."""
    taken = 0
    with suppress(OSError):
        while taken < most:
            connection.sendall(piece)
            taken += len(piece)
    return taken


def encoded(part):
    return urlsafe_b64encode(part).decode().rstrip("=")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_probe_may_ask_for_the_head_alone(process, path):
    with httpx.Client(base_url=process.url) as client:
        full, head = client.get(path), client.head(path)
        assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", full.headers["content-type"])
        assert client.get(path).status_code == 200  # over the same connection: nothing of a body was sent


class TestHeads:
    @pytest.mark.parametrize("length", [2_000, MAX_HEAD - 500])
    def test_a_long_token_is_a_dead_one(self, process, length):
        answer = httpx.get(f"{process.url}{PREFIX}/merchant/me", headers={"Authorization": "Bearer " + "x" * length})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

    @pytest.mark.parametrize("depth", [1, 300, 490, 700, 1_100, 10_000])
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_token_of_nested_json_is_a_dead_one(self, process, part, depth):
        """Such JSON takes more than Python's stack, which the library lets pass as a RecursionError."""
        parts = [encoded(b'{"alg":"HS256"}'), encoded(b'{"exp":1}'), encoded(b"x")]
        parts[part] = encoded(b"[" * depth)
        answer = httpx.get(f"{process.url}{PREFIX}/merchant/me", headers={"Authorization": f"Bearer {'.'.join(parts)}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/healthz", {"Authorization": "Bearer " + "x" * MAX_HEAD}),
            ("/healthz", {"X-Any": "x" * MAX_HEAD}),
            ("/healthz", {f"X-{number}": "x" * 1000 for number in range(MAX_HEAD // 1000 + 1)}),
            ("/healthz?" + "x" * MAX_HEAD, {}),
            ("/" + "x" * MAX_HEAD, {}),
        ],
        ids=["token", "header", "headers", "query", "path"],
    )
    def test_a_head_over_the_limit_is_refused(self, process, path, headers):
        answer = httpx.get(process.url + path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
        assert len(answer.content) < 1500
        assert answer.headers["x-request-id"]

    def test_one_that_comes_in_pieces_is_told_too(self, process):
        with connected(process) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nX-Any: ")
            endless(connection, b"x" * 10_000, most=MAX_HEAD)
            head, _, body = connection.recv(1000).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431")
        assert orjson.loads(body)["code"] == "headers_too_large"

    def test_tokens_of_strangers_are_not_kept(self, process):
        address = f"{process.url}{PREFIX}/merchant/me"
        with httpx.Client() as client:

            def ask(number, size):
                return client.get(address, headers={"Authorization": f"Bearer {number}{'x' * size}"}).status_code

            assert ask(0, MB) == 431
            before = process.memory()
            assert {ask(number, MB) for number in range(1, 31)} == {431}
            assert {ask(number, MAX_HEAD - 500) for number in range(500)} == {401}
        assert process.memory() - before < 8 * MB

    @pytest.mark.parametrize(
        "start",
        [
            b"GET /",
            b"GET /healthz HTTP/1.1\r\nX-Any: ",
            b"GET /healthz HTTP/1.1\r\nX-Any: x\r\n",
            b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Any: ",
            b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
            b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        ],
        ids=["target", "header", "headers", "trailer", "trailers", "chunk extension"],
    )
    def test_what_has_no_end_is_cut_off(self, process, start):
        piece = b"X-Any: x\r\n" * 1000 if start.endswith(b"\n") else b"x" * 10_000
        before = process.memory()
        with connected(process) as connection:
            connection.sendall(start)
            taken = endless(connection, piece)
        assert taken < 10 * MB  # what lies in the sockets' buffers counts too
        assert process.memory() - before < 5 * MB

    def test_a_large_body_in_small_pieces_is_no_head(self, process):
        """Pieces of a body come after the head, however many they are."""
        with connected(process) as connection:
            connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
            for _ in range(200):
                connection.sendall(b"x" * 1000)
            assert connection.recv(1000).startswith(b"HTTP/1.1 405")

    def test_many_requests_on_one_connection_are_each_its_own_head(self, process):
        with httpx.Client() as client:
            answers = [client.get(process.url + "/healthz", headers={"X-Any": "x" * 10_000}) for _ in range(10)]
        assert {answer.status_code for answer in answers} == {200}


def unknown(number):
    return {f"x{place}": 0 for place in range(number)}


class TestErrors:
    """An answer is no larger than what was asked, whatever is wrong with that."""

    @pytest.fixture(params=["zh", "en"])
    def language(self, request):
        return {"Accept-Language": request.param}

    @pytest.mark.parametrize(
        "body",
        [unknown(50_000), {"x" * 900_000: 0}, {"\x01" * 150_000: 0}],
        ids=["many fields", "a long one", "one that is escaped"],
    )
    def test_fields_that_nobody_knows_are_named_in_part(self, api, body, language):
        answer = api.client.post(f"{PREFIX}/merchant/login", json=body, headers=language)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert len(answer.content) < 2_000

    @pytest.mark.parametrize("fields", [12, 100])
    def test_a_hundred_errors_are_listed(self, merchant, fields, language):
        answer = merchant.post("/orders/ship", {"items": [unknown(fields)] * 600}, headers=language)
        assert len(answer.json()["errors"]) == 100

    def test_a_few_unknown_fields_are_each_named(self, merchant):
        faults = merchant.post("/orders/ship", {"items": [unknown(10)]}).json()["errors"]
        assert {fault["field"] for fault in faults} == {f"items.0.x{place}" for place in range(10)}

    @pytest.mark.parametrize(
        "query",
        [
            "status=" + "," * 20_000,
            "&".join(["status=x"] * 3_000),
            "&".join(unknown(4_000)),
            "x" * 30_000 + "=1",
            "columns=" + "," * 20_000,
        ],
        ids=["empty parts", "values", "names", "a long name", "columns"],
    )
    @pytest.mark.parametrize("path", ["/orders", "/orders/export"])
    def test_so_are_those_of_a_query(self, merchant, path, query):
        answer = merchant.call("GET", f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert len(answer.content) < 3_000

    def test_a_path_is_repeated_in_part(self, api):
        assert len(api.client.get("/" + "x" * 30_000).content) < 2_000

    def test_rows_are_called_by_a_part_of_a_long_name(self, merchant):
        answer = merchant.post("/orders/ship", {"items": [{"order_number": "x" * 900_000}]})
        (result,) = answer.json()["results"]
        assert (result["order_number"], result["code"]) == ("x" * 50 + "…", "invalid_input")


def test_methods_that_are_made_up_are_counted_as_one(api):
    """httptools knows a list of methods, other servers take any word."""
    api.client.request("X0", "/none")
    known = len(metrics._requests)
    for number in range(1, 20):
        assert api.client.request(f"X{number}", "/none").status_code == 404
    assert len(metrics._requests) == known
    assert 'method="other"' in api.client.get("/metrics").text
