"""Live news over Server-Sent Events: nothing lost, nothing doubled, whatever commits late or restarts."""

import json
import queue
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import httpx
import psutil
import psycopg2
import pytest

from app.config import HOUR, settings
from app.db.work import SYSTEM, Actor, Work
from app.models.order import STATUS_NAMES
from app.routers.merchant.events import HEARTBEAT
from app.security import new_token
from app.services.events.stream import Since, since
from tests.support.api import PREFIX
from tests.support.factories import made
from tests.support.processes import service
from tests.support.waiting import eventually


class Stream:
    """A client that reads a merchant's stream on a thread of its own."""

    def __init__(self, url, token, last_event_id=None):
        headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        self.events = queue.Queue()
        self.last_event_id = last_event_id
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(f"{url}{PREFIX}/merchant/events", headers), daemon=True)
        self._thread.start()
        assert self._opened.wait(10)

    def _read(self, url, headers):
        event = {}
        with suppress(httpx.RemoteProtocolError), httpx.stream("GET", url, headers=headers, timeout=30) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                name, _, value = line.partition(":")
                if name == "id":
                    self.last_event_id = value.strip()
                    self._opened.set()
                if name:
                    event[name] = value.strip()
                elif not line:
                    if "data" in event:
                        self.events.put(event)
                    event = {}

    def next(self, timeout=10):
        """The type of the next event."""
        return self.events.get(timeout=timeout)["event"]

    def all(self, count, timeout=10):
        return [self.events.get(timeout=timeout) for _ in range(count)]


@pytest.fixture
def follow(served):
    url = served()

    def start(merchant, last_event_id=None, at=url):
        return Stream(at, merchant.token, last_event_id)

    return start


@pytest.fixture
def shop(world):
    merchant, customer = world.merchant(), world.customer()
    return merchant, customer, world.sku(merchant)


@contextmanager
def open_transaction(uri, statement, *values):
    """A transaction that has written and not yet committed."""
    connection = psycopg2.connect(uri)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    yield connection
    connection.close()


EVENT = "INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id) VALUES (1, 'system', %s, 'order', 1, %s)"


def test_every_move_arrives_as_it_happens(follow, world, shop):
    merchant, customer, sku = shop
    stream = follow(merchant)
    order = world.order(merchant, customer, 1, sku=sku)
    world.ask(customer, order)
    events = stream.all(5)
    types = ["order.place", "sku.stock", "order.ship", "except_order.apply", "order.except-orders"]
    assert [event["event"] for event in events] == types
    assert f'"subject_id": {order["id"]}' in events[0]["data"]
    assert len({event["id"] for event in events}) == 5
    data = [json.loads(event["data"]) for event in events]
    assert [each["type"] for each in data] == types
    assert [(each["order_number"], each["status"], each["amount"]) for each in data] == [
        (order["order_number"], 0, order["pay_count"]),
        (None, None, None),
        (order["order_number"], 1, order["pay_count"]),
        (order["order_number"], 0, order["pay_count"]),
        (order["order_number"], -1, order["pay_count"]),
    ]
    assert "digest" not in str(data)


def test_nobody_hears_of_another_shop(follow, world, shop):
    merchant, customer, sku = shop
    stranger = follow(world.merchant())
    world.order(merchant, customer, 0, sku=sku)
    with pytest.raises(queue.Empty):
        stranger.next(timeout=1)


def test_last_event_id_goes_on_without_loss_or_doubling_on_another_process(follow, served, world, shop):
    merchant, customer, sku = shop
    first = follow(merchant)
    for _ in range(3):
        world.order(merchant, customer, 0, sku=sku)
    assert [event["event"] for event in first.all(6)] == ["order.place", "sku.stock"] * 3
    position = first.last_event_id
    missed = [world.order(merchant, customer, 0, sku=sku)["id"] for _ in range(3)]
    second = follow(merchant, position, at=served())
    later = world.order(merchant, customer, 0, sku=sku)["id"]
    told = [event["data"] for event in second.all(8) if event["event"] == "order.place"]
    assert [f'"subject_id": {order_id}' in data for order_id, data in zip([*missed, later], told, strict=True)] == [True] * 4
    with pytest.raises(queue.Empty):
        second.next(timeout=0.5)


def test_a_transaction_that_commits_after_a_younger_one_is_not_skipped(follow, world, shop, migrated, sql):
    merchant, _, _ = shop
    stream = follow(merchant)
    with open_transaction(migrated, EVENT, "older", merchant.id) as older:
        sql(EVENT, "younger", merchant.id)
        with pytest.raises(queue.Empty):
            stream.next(timeout=0.7)
        older.commit()
        assert [stream.next(), stream.next()] == ["order.older", "order.younger"]


def test_an_event_that_takes_its_number_late_is_not_skipped(follow, world, shop, migrated, sql):
    merchant, _, _ = shop
    stream = follow(merchant)
    with open_transaction(migrated, "SELECT txid_current()") as older:
        sql(EVENT, "younger", merchant.id)
        with older.cursor() as cursor:
            cursor.execute(EVENT, ("older", merchant.id))
        older.commit()
        assert sorted([stream.next(), stream.next()]) == ["order.older", "order.younger"]


def test_a_rolled_back_change_is_no_news(follow, world, shop, migrated, sql):
    merchant, _, _ = shop
    stream = follow(merchant)
    with open_transaction(migrated, EVENT, "never", merchant.id) as undone:
        undone.rollback()
    sql(EVENT, "done", merchant.id)
    assert stream.next() == "order.done"


def test_an_id_that_is_given_again_after_a_failover_is_not_skipped(follow, world, shop, sql):
    """The server that takes over knows nothing of transactions that the lost one rolled back at its end."""
    merchant, _, sku = shop
    again = rolled_back(sql)
    stream = follow(merchant)
    sql(EVENT.replace("(time", "(txid, time").replace("(1,", "(%s, 1,"), again, "place", merchant.id)
    made(merchant.post(f"/skus/{sku['id']}/stock", {"delta": 1, "reason": "入库"}))  # it wakes the stream
    assert [stream.next(), stream.next()] == ["order.place", "sku.stock"]


def test_all_are_woken_when_ids_are_given_again(shop, sql):
    with Work(Actor(SYSTEM), writes=False) as work:
        horizon = since(work, [shop[0].id], None).horizon
        assert since(work, [shop[0].id], horizon) == Since([], horizon)
        assert since(work, [shop[0].id], horizon + 5) == Since([shop[0].id], horizon)


def rolled_back(sql):
    """The id of a transaction that has ended and changed nothing."""
    return sql("SELECT txid_current()")[0][0]


def test_the_stream_outlives_lost_database_connections(follow, world, shop, sql):
    merchant, _, _ = shop
    stream = follow(merchant)
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'meta_be'")
    made_meanwhile = 0
    while made_meanwhile < 2:
        try:
            sql(EVENT, "after", merchant.id)
            made_meanwhile += 1
        except psycopg2.OperationalError:
            time.sleep(0.1)
    assert [stream.next(timeout=20), stream.next(timeout=20)] == ["order.after", "order.after"]


def test_after_an_error_nobody_foresaw_there_is_news_again(served, world, shop, sql):
    merchant, customer, sku = shop
    url = served()
    stream = Stream(url, merchant.token)
    world.order(merchant, customer, sku=sku)
    assert [stream.next(), stream.next()] == ["order.place", "sku.stock"]
    none = 'meta_be_background_failures_total{of="bell"} 0.0'
    assert none in httpx.get(url + "/metrics").text
    sql("ALTER TABLE event RENAME TO gone")
    eventually(lambda: none not in httpx.get(url + "/metrics").text)
    sql("ALTER TABLE gone RENAME TO event")
    world.order(merchant, customer, sku=sku)
    assert stream.next() == "order.place"


@pytest.mark.parametrize("end", ["logout", "disable"])
def test_the_stream_of_an_ended_session_is_closed(follow, world, shop, end):
    merchant, _, _ = shop
    stream = follow(merchant)
    if end == "logout":
        made_status = merchant.post("/logout").status_code
    else:
        made_status = world.admin().post(f"/users/{merchant.id}/disable").status_code
    assert made_status in (200, 204)
    closed = next(event for event in iter(stream.events.get, None) if event["event"] == "closed")
    assert {"logout": "not_authenticated", "disable": "disabled"}[end] in closed["data"] or "not_authenticated" in closed[
        "data"
    ]


def test_the_stream_of_an_expired_token_is_closed(follow, shop, sql):
    merchant, _, _ = shop
    end = int(time.time()) + 3
    merchant.token, session = new_token("merchant", merchant.id, end - settings.token_hours * HOUR)
    sql('UPDATE "user" SET auth_token = %s WHERE id = %s', session, merchant.id)
    stream = follow(merchant)
    [closed] = stream.all(1, timeout=HEARTBEAT)
    assert (closed["event"], closed["data"]) == ("closed", '{"code":"not_authenticated"}')
    assert end <= time.time() < end + 5


@pytest.mark.parametrize("position", ["x", "1", "1-", "-1", "1-2-3", "1-9999999999999999999", "１-1"])
def test_a_position_that_was_never_handed_out_is_refused(world, position):
    answer = world.merchant().call("GET", "/events", headers={"Last-Event-ID": position.encode()})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_five_hundred_streams_hang_on_one_process_without_a_thread_each(environment, world, shop):
    merchant, customer, sku = shop
    with service(environment) as process, ExitStack() as stack:
        client = stack.enter_context(httpx.Client(limits=httpx.Limits(max_connections=600), timeout=60))
        headers = {"Authorization": f"Bearer {merchant.token}"}
        streams = [
            stack.enter_context(client.stream("GET", f"{process.url}{PREFIX}/merchant/events", headers=headers))
            for _ in range(500)
        ]
        lines = [stream.iter_lines() for stream in streams]
        for each in lines:
            assert next(line for line in each if line.startswith("id"))
        assert httpx.get(f"{process.url}/readyz").status_code == 200
        world.order(merchant, customer, 0, sku=sku)
        for each in lines:
            assert next(line for line in each if line.startswith("event")) == "event: order.place"
        assert psutil.Process(process.process.pid).num_threads() < 40


def test_states_in_events_are_states_of_orders(follow, world, shop):
    merchant, customer, sku = shop
    stream = follow(merchant)
    order = made(merchant.get(f"/orders/{world.order(merchant, customer, 1, sku=sku)['id']}"))
    assert order["status"] in STATUS_NAMES
    assert '"from_status": 0' in stream.all(3)[2]["data"]
