"""Who asks is known through the real chain: HAProxy, naming clients as frpc does, in front of `python -m app.process.serve`.

And nobody else is believed, on either port.
"""

import itertools
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg2
import pytest

from app.services.accounts.tries import PER_ACCOUNT_AND_ADDRESS
from tests.conftest import environment_for, serving
from tests.process.test_proxy_protocol import PROXY, TCP4, header, ipv4
from tests.support.api import PREFIX, Api
from tests.support.factories import PASSWORD, World
from tests.support.haproxy import has_ipv6, in_front_of, require_haproxy
from tests.support.processes import deployed
from tests.support.servers import free_port
from tests.support.waiting import eventually

LOGIN = f"{PREFIX}/merchant/login"
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: meta\r\n\r\n"
_hosts = itertools.count(2)


@pytest.fixture(scope="module", autouse=True)
def _haproxy():
    require_haproxy()


@contextmanager
def served_twice(uri):
    """An API process on this database, and its port for the PROXY protocol beside the ordinary one."""
    port = free_port()
    with deployed({**environment_for(uri), "PROXY_PORT": str(port)}) as process:
        yield process, port


@pytest.fixture(scope="module")
def both(migrated_module):
    with served_twice(migrated_module) as both:
        yield both


@pytest.fixture(scope="module")
def service(both):
    """The API process that the tests of this module ask."""
    return both[0]


@pytest.fixture(scope="module")
def port(both):
    """Its port for the PROXY protocol."""
    return both[1]


@pytest.fixture(scope="module", autouse=True)
def half_a_header(service, port):
    """A connection whose header stops in the middle, since before the other tests."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(header(PROXY, TCP4, ipv4())[:20])
        yield connection


@pytest.fixture(scope="module")
def chain(service, port):
    """The URL at which clients of the whole chain ask."""
    with in_front_of(port) as url:
        yield url


@pytest.fixture
def world(migrated_module):
    with Api() as api:
        yield World(api)


@pytest.fixture
def host():
    """An address of this machine that no other test asks from."""
    return f"127.0.0.{next(_hosts)}"


@pytest.fixture
def counted(migrated_module):
    """The addresses that the tries on an account are counted by."""

    def addresses(merchant):
        select = "SELECT DISTINCT address FROM login_attempt WHERE account = encode(sha256(%s), 'hex') ORDER BY 1"
        with psycopg2.connect(migrated_module) as connection, connection.cursor() as cursor:
            cursor.execute(select, (f"merchant#{merchant.id}".encode(),))
            found = [address for (address,) in cursor.fetchall()]
        connection.close()
        return found

    return addresses


def client_at(host, url):
    return httpx.Client(base_url=url, transport=httpx.HTTPTransport(local_address=host), timeout=30)


def tried(client, name, password="wrong password", **headers):
    return client.post(LOGIN, json={"name": name, "password": password}, headers=headers).status_code


class TestThroughTheChain:
    def test_clients_are_kept_apart_whatever_they_claim(self, chain, world, counted):
        merchant = world.merchant()
        name = merchant.account["name"]
        hosts = [f"127.0.1.{number}" for number in range(1, 4)]
        for host in hosts:
            with client_at(host, chain) as client:
                claimed = [{"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": "203.0.113.9"} for number in range(6)]
                tries = [tried(client, name, **claim) for claim in claimed]
            assert tries == [401] * PER_ACCOUNT_AND_ADDRESS + [429]
        with client_at("127.0.1.9", chain) as owner:
            assert tried(owner, name, PASSWORD) == 200
        assert counted(merchant) == [*hosts, "127.0.1.9"]

    def test_fifty_wrong_logins_shut_nobody_else_out_who_comes_from_there(self, chain, world, host, counted):
        merchant, other = world.merchant(), world.merchant()
        with client_at(host, chain) as client, ThreadPoolExecutor(16) as guessers:
            assert tried(client, merchant.account["name"], PASSWORD) == 200
            guesses = [guessers.submit(tried, client, f"guessed{number}") for number in range(50)]
            eventually(lambda: sum(guess.done() for guess in guesses) >= 30)
            assert tried(client, other.account["name"], PASSWORD) == 200
            start = time.monotonic()
            assert tried(client, merchant.account["name"], PASSWORD) == 200
            assert time.monotonic() - start < 2  # known there, so it waits for nothing
            assert {guess.result() for guess in guesses} == {401}
            assert tried(client, other.account["name"], PASSWORD) == 200
        assert counted(other) == [host]

    @pytest.mark.skipif(not has_ipv6(), reason="NOT RUN: this machine has no IPv6")
    def test_over_ipv6(self, service, port, world, counted):
        merchant = world.merchant()
        with in_front_of(port, "::1") as url, httpx.Client(base_url=url) as client:
            assert tried(client, merchant.account["name"], PASSWORD) == 200
        assert counted(merchant) == ["::/64"]

    def test_the_proxys_own_checks_are_answered(self, chain, service):
        def answered():
            (line,) = re.findall(r'^meta_be_http_requests_total{.*"/healthz",status="2xx"} (.+)$', metrics(), re.MULTILINE)
            return float(line)

        def metrics():
            return httpx.get(f"{service.url}/metrics").text

        before = answered()
        eventually(lambda: answered() > before)


class TestOthersAreNotBelieved:
    @pytest.fixture(scope="class")
    def plain(self, migrated_module):
        """The URL of a bare `uvicorn app.main:app`, which by itself trusts this machine."""
        with serving(environment_for(migrated_module)) as url:
            yield url

    @pytest.mark.parametrize("started", ["app.process.serve", "uvicorn"])
    def test_a_forged_header_on_the_ordinary_port(self, service, plain, world, counted, started):
        merchant = world.merchant()
        with httpx.Client(base_url=service.url if started == "app.process.serve" else plain) as client:
            tries = [tried(client, merchant.account["name"], **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(6)]
        assert tries == [401] * PER_ACCOUNT_AND_ADDRESS + [429]
        assert counted(merchant) == ["127.0.0.1"]

    def test_the_log_says_who_forwards_in_vain(self, service):
        httpx.get(f"{service.url}/healthz", headers={"X-Forwarded-For": "203.0.113.1"})
        said = "X-Forwarded-* from 127.0.0.1 is not believed: TRUSTED_PROXIES does not name it"
        assert service.line(message=said)["level"] == "warning"

    @pytest.mark.parametrize(
        ("sent", "why"),
        [
            (REQUEST, "does not begin with"),
            (b"PROXY TCP4 203.0.113.1 127.0.0.1 1000 80\r\n" + REQUEST, "does not begin with"),
            (header(PROXY, TCP4, ipv4(), version=0x30) + REQUEST, "version or command"),
            (header(PROXY, TCP4, ipv4()[:11]) + REQUEST, "too short"),
            (header(PROXY, TCP4, ipv4() + bytes(5000)), "too long"),
        ],
    )
    def test_a_broken_header_closes_the_connection(self, service, port, sent, why):
        before = len(closed(service, why))
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(sent)
            assert ended(connection) == b""
        eventually(lambda: len(closed(service, why)) == before + 1)

    def test_who_is_no_proxy_is_not_listened_to(self, service, port, host):
        with socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(host, 0)) as connection:
            assert ended(connection) == b""
        eventually(lambda: closed(service, f"{host} was closed: PROXY_PEERS does not name"))

    def test_a_header_that_comes_byte_by_byte_is_read(self, service, port, world, counted):
        merchant = world.merchant()
        body = f'{{"name":"{merchant.account["name"]}","password":"{PASSWORD}"}}'.encode()
        head = f"POST {LOGIN} HTTP/1.1\r\nHost: meta\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in header(PROXY, TCP4, ipv4("198.51.100.7")) + head.encode() + body:
                connection.sendall(bytes([byte]))
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert counted(merchant) == ["198.51.100.7"]

    def test_a_header_that_does_not_come_in_time_closes_the_connection(self, service, half_a_header):
        half_a_header.settimeout(10)
        assert ended(half_a_header) == b""
        eventually(lambda: closed(service, "did not come in time"))


def test_a_stop_answers_who_is_connected_through_the_proxy(migrated):
    with served_twice(migrated) as (service, port), in_front_of(port) as url, httpx.Client(base_url=url) as client:
        assert client.get("/healthz").headers.get("connection") != "close"
        service.process.terminate()
        service.line(message="Shutting down")
        answer = client.get("/healthz")
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert service.process.wait(20) in (0, -15)


def closed(service, why):
    """The lines that tell of connections closed for this reason."""
    return [line for line in service.lines(logger="app.process.proxy_protocol") if why in line["message"]]


def ended(connection):
    """What comes before the other side closes the connection."""
    try:
        return b"".join(iter(lambda: connection.recv(1000), b""))
    except ConnectionResetError:
        return b""
