"""deploy/nginx.conf in front of two processes: who asks is known, streams flow, and no change is sent twice."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

from app.main import MAX_BODY
from app.schemas.batches import MAX_FILE
from app.services.accounts.tries import PER_ACCOUNT_AND_ADDRESS
from app.services.uploads.content import MAX_MODEL
from tests.conftest import environment_for, serving
from tests.support.api import PREFIX, Api, Platform
from tests.support.factories import PASSWORD, World, made, purchase
from tests.support.proxy import ODD_PATHS, own_answer, proxied, require_nginx, silent_server

LOGIN = f"{PREFIX}/merchant/login"


@pytest.fixture(scope="module", autouse=True)
def _nginx() -> None:
    require_nginx()


@pytest.fixture(scope="module")
def processes(migrated_module: str) -> Iterator[list[str]]:
    """Two processes of the service; their base URLs."""
    environment = environment_for(migrated_module) | {"TRUSTED_PROXIES": "127.0.0.1"}
    with serving(environment) as one, serving(environment) as two:
        yield [one, two]


@pytest.fixture(scope="module")
def url(processes: list[str]) -> Iterator[str]:
    with proxied(processes) as url:
        yield url


@pytest.fixture(scope="module")
def gone() -> Iterator[str]:
    """nginx in front of a process that is gone."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening: connections are refused
        with proxied([f"http://127.0.0.1:{nobody.getsockname()[1]}"] * 2) as url:
            yield url


@pytest.fixture
def world(migrated_module: str) -> Iterator[World]:
    with Api() as api:
        yield World(api)


def client_from(address: str, url: str) -> httpx.Client:
    return httpx.Client(base_url=url, transport=httpx.HTTPTransport(local_address=address))


def test_the_throttle_of_logins_goes_by_the_clients_address_whatever_it_claims(url, world, migrated_module):
    merchant = world.merchant()
    wrong = {"name": merchant.account["name"], "password": "not the password"}
    with client_from("127.0.0.2", url) as guesser, client_from("127.0.0.3", url) as owner:
        for number in range(PER_ACCOUNT_AND_ADDRESS):
            claimed = {"X-Forwarded-For": f"10.0.0.{number}"}
            assert guesser.post(LOGIN, json=wrong, headers=claimed).status_code == 401
        refused = guesser.post(LOGIN, json=wrong, headers={"X-Forwarded-For": "10.1.1.1", "X-Real-IP": "10.1.1.1"})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tries")
        assert owner.post(LOGIN, json={**wrong, "password": PASSWORD}).status_code == 200
    with psycopg2.connect(migrated_module) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT address FROM login_attempt ORDER BY 1")
        assert cursor.fetchall() == [("127.0.0.2",), ("127.0.0.3",)]
    connection.close()


def test_a_request_keeps_its_id_and_gets_one(url):
    given = httpx.get(f"{url}/healthz", headers={"X-Request-ID": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    assert len(httpx.get(f"{url}/healthz").headers["x-request-id"]) == 32


def test_news_arrives_through_nginx_as_it_happens(url, world):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    headers = {"Authorization": f"Bearer {merchant.token}"}
    with httpx.stream("GET", f"{url}{PREFIX}/merchant/events", headers=headers, timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id"))
        world.order(merchant, customer, 0, sku=sku)
        assert next(line for line in lines if line.startswith("event")) == "event: order.place"


@pytest.mark.parametrize(
    ("path", "most"),
    [("/skus", MAX_BODY), ("/orders/ship/import", MAX_FILE), ("/skus/import", MAX_FILE), ("/files", MAX_MODEL)],
)
def test_nginx_lets_pass_what_the_app_takes_and_words_what_is_refused(url, world, path, most):
    headers = {"Authorization": f"Bearer {world.merchant().token}", "Content-Type": "application/octet-stream"}
    for size in (most, most + 10_000, most * 2):
        answer = httpx.post(f"{url}{PREFIX}/merchant{path}", headers=headers, content=b"x" * size, timeout=30)
        by_app = "x-request-id" in answer.headers
        assert answer.headers["content-type"] == "application/problem+json"
        assert by_app == (size < most * 2)
        assert by_app or (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_metrics_are_not_for_the_public(url):
    told = own_answer(url, b"/metrics", "Host: shop")
    assert (told["status"], told["code"], told["instance"]) == (404, "no_such_path", "/metrics")


@pytest.mark.parametrize(("path", "instance"), ODD_PATHS.items())
def test_a_problem_of_nginx_is_json_whatever_path_was_asked(gone, path, instance):
    with_body = ("Host: shop", "Content-Length: 9000000")
    for head, code in ((("Host: shop",), "unavailable"), (with_body, "too_large")):
        told = own_answer(gone, path, *head)
        assert (told["code"], told["instance"]) == (code, instance)


@pytest.mark.parametrize("path", [b"/a\x01b", b"/a\x7fb"])
def test_what_is_not_http_is_refused_and_not_repeated(gone, path):
    with socket.create_connection(urlsplit(gone).netloc.split(":"), 20) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: shop\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert path not in answer


def test_a_process_that_is_gone_is_not_noticed(processes, world):
    customer, sku = world.customer(), world.sku(world.merchant())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}"  # bound, and not listening: connections are refused
        with proxied([gone, processes[0]]) as url, httpx.Client(base_url=url) as client:
            for _ in range(10):
                made(Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id)), 201)


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("PATCH", 1), ("GET", 2)])
def test_a_change_that_was_sent_and_not_answered_is_never_sent_again(method, times):
    asked: Counter[str] = Counter()
    with ExitStack() as stack:
        urls = [stack.enter_context(silent_server(asked)) for _ in range(2)]
        url = stack.enter_context(proxied(urls))
        asked.clear()
        answer = httpx.request(method, f"{url}/api/v1/merchant/orders/1/ship", timeout=20)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert asked == {method: times}
