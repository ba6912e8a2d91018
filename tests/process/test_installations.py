"""Two installations with a part of the merchants each behind deploy/installations/nginx.conf, and what reads over both."""

import base64
import os
import secrets
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from tests.conftest import ROOT, environment_for, serving
from tests.support import asking
from tests.support.api import PREFIX, Caller, Platform
from tests.support.documents import Runbook
from tests.support.factories import PASSWORD, made, new_key, purchase
from tests.support.needed import require
from tests.support.processes import finished
from tests.support.proxy import ODD_PATHS, own_answer, proxied, require_nginx, routed, silent_server
from tests.support.servers import Server, new_folder

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
"""The PostgreSQL of Debian, which has postgres_fdw."""
BEHIND = ROOT / "deploy/installations/behind.conf"
NEW_SKU = {"sku_name": "蓝色", "sku_attr": '{"颜色":"蓝"}', "price": 9.9, "stock": 100}
NEW_PRODUCT = {"name": "水杯", "desc": "3D 水杯", "unit": "个", "meta_obj_id": 7, "skus": [NEW_SKU]}
PARCEL = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}


class Installation:
    """A database, a process and an nginx; its staff, and at the host of its merchant: the merchant, a buyer, the platform."""

    def __init__(self, name: str, owner: str, server: Server, stack: ExitStack) -> None:
        self.name = name
        self.owner = owner
        self.server = server.init().start()
        stack.callback(server.stop)
        server.run("CREATE DATABASE shop")
        self.uri = server.uri("shop")
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        given = {"SECRET_KEY": secrets.token_urlsafe(32), "PLATFORM_SECRET": self.secret, "TRUSTED_PROXIES": "127.0.0.1"}
        self._environment = environment_for(self.uri) | given | {"DATA_DIR": str(server.data.parent / f"{name}-files")}
        self.process = stack.enter_context(serving(self._environment))
        self.url = stack.enter_context(proxied([self.process] * 2, BEHIND))

    def open(self, front: str, stack: ExitStack) -> None:
        """Register who is here, through the nginx in front."""
        itself = stack.enter_context(client_of(front, self.name))
        self.client = stack.enter_context(client_of(front, self.owner))
        environment = {**self._environment, "NEW_PASSWORD": PASSWORD}
        finished(environment, "app.cli", "create-admin", "staff").check_returncode()
        contact = {"email_address": "a@b.cn", "tel_phone": "13800000000"}
        self.staff = logged_in(itself, "admin", "staff")
        self.merchant = self._registered("merchant", storename=self.owner)
        self.buyer = self._registered("customer", **contact)
        self.platform = Platform(self.client, "platform")
        self.platform.secret = self.secret
        self.sku = made(self.merchant.post("/products", NEW_PRODUCT), 201)["skus"][0]

    def _registered(self, audience: str, **values: str) -> Caller:
        account = {"name": self.owner, "password": PASSWORD, **values}
        made(Caller(self.client, audience).post("/register", account), 201)
        return logged_in(self.client, audience, self.owner)

    def place(self, order_number: str, **values: Any) -> dict[str, Any]:
        order = purchase(self.sku["id"], self.buyer.id, order_number=order_number, **values)
        return dict(made(self.platform.post("/orders", order), 201))

    def numbers(self) -> list[str]:
        """The order numbers that the merchant sees."""
        return sorted(order["order_number"] for order in made(self.merchant.get("/orders", size=100))["items"])


def client_of(front: str, host: str, **options: Any) -> httpx.Client:
    """A client of the nginx in front that asks it for this host."""
    return httpx.Client(base_url=front, headers={"Host": f"{host}.shop.example"}, timeout=30, **options)


def logged_in(client: httpx.Client, audience: str, name: str) -> Caller:
    told = made(Caller(client, audience).post("/login", {"name": name, "password": PASSWORD}))
    caller = Caller(client, audience, told["access_token"])
    caller.account = made(caller.get("/me"))
    return caller


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Installation, Installation]]:
    require_nginx()
    with new_folder() as folder, ExitStack() as stack:
        north = Installation("north", "lili", Server(folder / "north"), stack)
        south = Installation("south", "wang", Server(folder / "south"), stack)
        front = stack.enter_context(routed(north.url, south.url))
        for each in (north, south):
            each.open(front, stack)
        yield north, south


def front_of(installation: Installation) -> str:
    return str(installation.client.base_url)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


def test_the_merchants_of_both_sell_and_ship_at_their_own_host_and_see_nothing_else(both):
    for each in both:
        before = each.numbers()
        each.place("SAME-NUMBER")
        order = each.place(f"OF-{each.name}")
        assert each.numbers() == sorted([*before, f"OF-{each.name}", "SAME-NUMBER"])
        made(each.merchant.post(f"/orders/{order['id']}/ship", PARCEL))
        assert made(each.platform.get(f"/orders/OF-{each.name}"))["status"] == 1
        assert made(each.buyer.get(f"/orders/{order['id']}"))["status"] == 1
    north, south = both
    assert (north.merchant.id, north.sku["id"], north.buyer.id) == (south.merchant.id, south.sku["id"], south.buyer.id)
    for mine, other in ((north, south), (south, north)):
        assert "SAME-NUMBER" in mine.numbers()
        assert f"OF-{other.name}" not in mine.numbers()
        assert refusal(mine.platform.get(f"/orders/OF-{other.name}")) == (404, "not_found")
        seen = {order["storename"] for order in made(mine.staff.get("/orders"))["items"]}
        assert seen == {mine.owner}


def test_what_is_shown_at_another_host_than_its_own_opens_nothing(both):
    north, south = both
    key = new_key(north.merchant, "read")["key"]
    assert made(Caller(north.client, "merchant", key).get("/orders"))["total"] >= 0
    before = south.numbers()
    for audience, token in (("merchant", north.merchant.token), ("merchant", key), ("customer", north.buyer.token)):
        assert Caller(south.client, audience, token).get("/orders").status_code == 401
    assert Caller(south.client, "admin", north.staff.token).get("/orders").status_code == 401
    lost = Platform(south.client, "platform")
    lost.secret = north.secret
    order = purchase(north.sku["id"], north.buyer.id)
    assert refusal(lost.post("/orders", order)) == (401, "bad_signature")
    login = {"name": north.owner, "password": PASSWORD}
    assert Caller(south.client, "merchant").post("/login", login).status_code == 401
    assert south.numbers() == before


def test_a_host_that_nobody_has_is_a_clear_error(both):
    for host in ("nobody.shop.example", "shop.example", "north.shop.example.evil.example", "127.0.0.1"):
        answer = httpx.get(f"{front_of(both[0])}{PREFIX}/statuses", headers={"Host": host})
        assert refusal(answer) == (404, "no_such_path")


@pytest.mark.parametrize(("path", "instance"), ODD_PATHS.items())
def test_a_problem_of_the_front_is_json_whatever_path_was_asked(path, instance):
    require_nginx()
    with silent_server(Counter()) as server, routed(server, server) as front:
        for host, code in (("nobody", "no_such_path"), ("lili", "unavailable")):
            told = own_answer(front, path, f"Host: {host}.shop.example")
            assert (told["code"], told["instance"]) == (code, instance)


def test_the_clients_address_is_known_behind_both_nginx(both):
    north, _ = both
    wrong = {"name": north.owner, "password": "not the password"}
    with client_of(front_of(north), north.owner, transport=httpx.HTTPTransport(local_address="127.0.0.2")) as guesser:
        claimed = {"X-Forwarded-For": "10.0.0.1", "X-Real-IP": "10.0.0.1"}
        assert Caller(guesser, "merchant").call("POST", "/login", json=wrong, headers=claimed).status_code == 401
    found = asking.run(north.uri, "SELECT DISTINCT address FROM login_attempt WHERE NOT succeeded")
    assert found == [("127.0.0.2",)]


def test_news_arrives_as_it_happens(both):
    _, south = both
    headers = {"Authorization": f"Bearer {south.merchant.token}"}
    with south.client.stream("GET", f"{PREFIX}/merchant/events", headers=headers, timeout=10) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id"))
        south.place("NEWS")
        assert next(line for line in lines if line.startswith("event")) == "event: order.place"


def test_what_is_too_large_is_refused_in_words(both):
    north, _ = both
    content, media_type = b"x" * 3_000_000, {"Content-Type": "application/octet-stream"}
    assert refusal(north.merchant.call("POST", "/skus", content=content, headers=media_type)) == (413, "too_large")


def test_an_installation_that_is_away_takes_no_other_with_it(both):
    north, _ = both
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening: connections are refused
        with routed(north.url, f"http://127.0.0.1:{nobody.getsockname()[1]}") as front:
            with client_of(front, "wang") as client:
                answer = client.get(f"{PREFIX}/statuses")
                assert refusal(answer) == (503, "unavailable")
                assert answer.headers["retry-after"] == "2"
            with client_of(front, "lili") as client:
                made(client.get(f"{PREFIX}/statuses"))


@pytest.mark.parametrize("method", ["POST", "PATCH", "GET"])
def test_nothing_that_was_sent_and_not_answered_is_sent_again(method):
    require_nginx()
    asked: Counter[str] = Counter()
    with silent_server(asked) as server, routed(server, server) as front, client_of(front, "lili") as client:
        asked.clear()
        assert refusal(client.request(method, f"{PREFIX}/merchant/orders/1/ship")) == (503, "unavailable")
    assert asked == {method: 1}


def runbook(north: Installation, south: Installation, reading: Server) -> Runbook:
    here = {"deploy/": f"{ROOT}/deploy/"}
    for name, server in (("north-db", north.server), ("south-db", south.server), ("reading-db", reading)):
        here[f"{name}:5432"] = f"127.0.0.1:{server.port}"
        here[f"host={name} -v port=5432"] = f"host=127.0.0.1 -v port={server.port}"
    path = f"{PROGRAMS}:{os.environ['PATH']}"
    return Runbook("Several installations", here, {"PATH": path, "READING_PASSWORD": "a password of 'the' test"})


@pytest.fixture
def reading() -> Iterator[Server]:
    """A server of the version that has postgres_fdw."""
    require((PROGRAMS.parent / "lib/postgres_fdw.so").exists(), "not installed: apt-get install postgresql-15")
    with new_folder() as folder:
        server = Server(folder / "reading", PROGRAMS).init()
        try:
            yield server.start()
        finally:
            server.stop()


def refund(each: Installation, order_number: str, pay_count: float) -> None:
    """An order that is paid back whole."""
    order = each.place(order_number, pay_count=pay_count)
    asked = {"except_type": "仅退款", "back_reason": "不想要了"}
    ticket = made(each.buyer.post(f"/orders/{order['id']}/except-orders", asked), 201)
    made(each.merchant.post(f"/except-orders/{ticket['id']}/agree", {}))


def test_a_database_of_its_own_reads_over_both(both, reading):
    north, south = both
    for each, cost in ((north, 12.34), (south, 56.78)):
        each.place("IN-BOTH", pay_count=cost)
        refund(each, f"BACK-{each.name}", cost)
    book = runbook(north, south, reading)
    for part in ("@north-db", "@south-db", "CREATE DATABASE", "installation=north", "installation=south"):
        book.run(part)

    def read(statement: str) -> list[Any]:
        return reading.run(statement, database="reading")

    shown = [made(each.staff.get("/statistics/overview")) for each in both]
    days = [tuple(each["today"][name] for name in ("orders", "sales", "refunds", "refunded")) for each in shown]
    sums = "orders, sales::float, refunds, refunded::float"
    assert read(f"SELECT {sums} FROM sales(current_date, current_date) ORDER BY installation") == days
    assert read("SELECT * FROM sales(current_date + 1, current_date + 9) WHERE orders + refunds > 0") == []
    assert "rows)" in book.run("FROM sales(")
    waiting = sum(each["now"]["to_ship"] for each in shown)
    assert read("SELECT sum(orders)::integer FROM order_counts WHERE status = 0") == [(waiting,)]
    assert read("SELECT installation, storename FROM merchants ORDER BY 1") == [("north", "lili"), ("south", "wang")]
    in_both = "SELECT installation, pay_count FROM orders WHERE order_number = 'IN-BOTH' ORDER BY 1"
    assert read(in_both) == [("north", 12.34), ("south", 56.78)]
    back = """
        SELECT tickets.installation, order_number, amount, refunds.status FROM tickets
        JOIN orders ON (orders.installation, orders.id) = (tickets.installation, order_id)
        JOIN refunds ON (refunds.installation, ticket_id) = (tickets.installation, tickets.id) ORDER BY 1
    """
    assert read(back) == [("north", "BACK-north", 12.34, "due"), ("south", "BACK-south", 56.78, "due")]
    [(rows, alone, together)] = read("SELECT count(*), count(DISTINCT id), count(DISTINCT (installation, id)) FROM orders")
    assert alone < rows == together
    for change in ("UPDATE north.orders SET status = 1", "DELETE FROM south.order_tally"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            read(change)
    read("CREATE ROLE analyst LOGIN")
    read("GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst")
    read("GRANT EXECUTE ON FUNCTION sales TO analyst")
    analyst = reading.uri("reading").replace("postgres@", "analyst@")
    assert asking.run(analyst, "SELECT count(*) FROM orders") == [(rows,)]
    assert asking.run(analyst, f"SELECT {sums} FROM sales(current_date, current_date) ORDER BY installation") == days
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        asking.run(analyst, "SELECT id FROM north.orders")
    _reads_little(north.uri.replace("postgres@", "reading@"))

    book.run("DROP SERVER")
    assert read("SELECT DISTINCT installation FROM orders") == [("south",)]
    assert len(read("SELECT * FROM sales(current_date, current_date)")) == 1
    assert book.left() == []


def _reads_little(uri: str) -> None:
    """The role of the reading database sees no secrets and no buyers, and changes nothing."""
    assert asking.run(uri, 'SELECT name FROM "user"') == [("lili",)]
    for hidden in ('password_hash FROM "user"', 'receiver_name FROM "order"', "name FROM customer", "digest FROM api_key"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            asking.run(uri, f"SELECT {hidden}")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        asking.run(uri, "CREATE TEMPORARY TABLE mine (id integer)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        asking.run(uri, 'BEGIN READ WRITE; UPDATE "order" SET status = 1')
