"""Deliveries to webhooks, posted to a real receiver: every event once, in order, signed; and what happens when it fails."""

import asyncio
import socket
import ssl
import threading
import time
from email.utils import formatdate

import psycopg2
import pytest
import trustme
from standardwebhooks import Webhook

from app.config import DAY, settings
from app.db.work import SYSTEM, Actor, Work
from app.ops import metrics
from app.services.monitoring import gauges
from app.services.sweeping import sweep
from app.services.webhooks import addresses, attempts, fan_out, leases, messenger, sender
from app.services.webhooks.messenger import Messenger
from app.services.webhooks.retrying import Outcome
from tests.support.factories import made
from tests.support.processes import running
from tests.support.receivers import Receiver
from tests.support.waiting import eventually

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def private_allowed(monkeypatch):
    """The receivers are on loopback."""
    monkeypatch.setattr(settings, "webhook_allow_private", True)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def shop(world):
    merchant, customer = world.merchant(), world.customer()
    return merchant, customer, world.sku(merchant)


def hooked(merchant, url, **values):
    return made(merchant.post("/webhooks", {"url": url, **values}), 201)


def deliver(at=None, rounds=3):
    """What the worker does, a few times, at a moment that does not move."""

    async def all_rounds():
        messenger = Messenger((lambda: at) if at is not None else time.time)
        for _ in range(rounds):
            await messenger.round()
            await messenger.settled()
        await messenger.close()

    asyncio.run(all_rounds())


def log_of(merchant, hook, **filters):
    return made(merchant.get(f"/webhooks/{hook['id']}/deliveries", **filters))["items"]


def now():
    return int(time.time())


class TestWhatIsSent:
    def test_every_event_is_delivered_once_in_order_and_signed(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place", "ship", "receive"])
        orders = [world.order(merchant, customer, 2, sku=sku) for _ in range(3)]
        deliver()
        deliver()
        assert receiver.types() == ["place", "ship", "receive"] * 3
        assert [one.json["data"]["subject_id"] for one in receiver.received] == [o["id"] for o in orders for _ in range(3)]
        assert len({one.id for one in receiver.received}) == 9
        for one in receiver.received:
            assert Webhook(hook["secret"]).verify(one.body, one.headers) == one.json
            assert not one.signed_by("whsec_" + "A" * 44)
            assert one.headers["content-type"] == "application/json"
            assert one.headers["user-agent"] == "meta_be"
        log = log_of(merchant, hook)
        assert [(entry["type"], entry["status"], entry["attempts"]) for entry in log[:2]] == [
            ("receive", "delivered", 1),
            ("ship", "delivered", 1),
        ]
        assert (log[0]["response_status"], log[0]["error"], log[0]["next_attempt_time"]) == (204, None, None)
        assert log[0]["event_id"] == receiver.received[-1].json["data"]["id"]

    def test_the_payload_is_what_the_timeline_shows(self, world, shop, receiver):
        merchant, customer, sku = shop
        hooked(merchant, receiver.url, verbs=["place", "ship"])
        order = world.order(merchant, customer, 1, sku=sku)
        deliver()
        [_, ship] = receiver.received
        [event] = [e for e in made(merchant.get(f"/orders/{order['id']}/events"))["items"] if e["verb"] == "ship"]
        assert ship.json.keys() == {"type", "timestamp", "data"}
        assert ship.json["data"] == {**event, "order_id": order["id"], "business_id": merchant.id}
        assert ship.json["timestamp"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["time"]))
        assert order["receiver_phone"] not in ship.body.decode()

    def test_a_new_webhook_is_told_of_its_own_making_and_of_nothing_before(self, world, shop, receiver):
        merchant, customer, sku = shop
        world.order(merchant, customer, 1, sku=sku)
        hook = made(merchant.post("/webhooks", {"url": receiver.url}), 201)
        deliver()
        assert receiver.types() == ["webhook.create"]
        assert receiver.received[0].json["data"]["subject_id"] == hook["id"]
        assert receiver.url not in receiver.received[0].body.decode()

    def test_nobody_is_told_of_another_shop(self, world, shop, receiver):
        merchant, customer, sku = shop
        hooked(world.merchant(), receiver.url, verbs=["place", "ship"])
        world.order(merchant, customer, 1, sku=sku)
        deliver()
        assert receiver.received == []

    def test_the_secret_before_the_newest_signs_for_a_day(self, world, shop, receiver):
        merchant, customer, sku = shop
        old = hooked(merchant, receiver.url, verbs=["place"])
        new = made(merchant.patch(f"/webhooks/{old['id']}", {"rotate_secret": True}))["secret"]
        world.order(merchant, customer, sku=sku)
        deliver()
        for secret in (old["secret"], new):
            assert Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
        world.order(merchant, customer, sku=sku)
        deliver(now() + DAY + 60)
        assert [receiver.received[1].signed_by(secret) for secret in (old["secret"], new)] == [False, True]

    def test_an_event_that_commits_late_is_not_skipped(self, world, shop, receiver, migrated):
        merchant, customer, sku = shop
        hooked(merchant, receiver.url, verbs=["place", "overdue"])
        late = psycopg2.connect(migrated)
        with late.cursor() as cursor:
            cursor.execute(
                "INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id)"
                " VALUES (1, 'system', 'overdue', 'order', 1, %s)",
                (merchant.id,),
            )
        world.order(merchant, customer, sku=sku)
        deliver()
        assert receiver.types() == []
        late.commit()
        late.close()
        deliver()
        assert receiver.types() == ["overdue", "place"]


class TestTypes:
    """What happened to what, by its whole name, or by the verb alone for receivers that know no other."""

    def test_a_type_says_what_happened_to_what(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, types=["order.place", "except_order.refuse", "refund.due", "refund.paid"])
        order = world.order(merchant, customer, 0, sku=sku, pay_count=12.5)
        refused = world.ask(customer, order)
        made(merchant.post(f"/except-orders/{refused['id']}/refuse", {"remark": "已使用"}))
        ticket = world.ask(customer, order, back_cost=7.25)
        made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
        made(world.api.platform.post(f"/refunds/{ticket['id']}/paid", {"reference": "R1"}))
        deliver()
        assert receiver.types() == ["order.place", "except_order.refuse", "refund.due", "refund.paid"]
        told = [one.json["data"] for one in receiver.received]
        assert [data["type"] for data in told] == receiver.types()
        assert {data["order_number"] for data in told} == {order["order_number"]}
        assert [(data["status"], data["amount"]) for data in told] == [(0, 12.5), (2, 12.5), ("due", 7.25), ("paid", 7.25)]
        assert told[0]["details"] == {"sku_id": sku["id"], "num": 1}
        assert told[1]["details"]["remark"] == "已使用"
        assert told[3]["details"] == {"amount": 7.25, "reference": "R1"}
        assert "digest" not in "".join(one.body.decode() for one in receiver.received)
        assert {entry["type"] for entry in log_of(merchant, hook)} == set(receiver.types())

    def test_without_a_filter_everything_is_told_by_its_type(self, world, shop, receiver):
        merchant, customer, sku = shop
        hooked(merchant, receiver.url)
        world.order(merchant, customer, 1, sku=sku)
        deliver()
        assert receiver.types() == ["webhook.create", "order.place", "sku.stock", "order.ship"]

    def test_who_names_verbs_is_told_verbs(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place", "stock"])
        world.order(merchant, customer, 1, sku=sku)
        deliver()
        assert receiver.types() == ["place", "stock"]
        assert receiver.received[0].json["data"]["type"] == "order.place"
        assert [entry["type"] for entry in log_of(merchant, hook)] == ["stock", "place"]

    @pytest.mark.parametrize(("verbs", "told"), [("ARRAY['ship']", ["ship"]), ("NULL", ["place", "stock", "ship"])])
    def test_one_that_an_older_release_made_goes_on_as_it_was(self, world, shop, receiver, sql, verbs, told):
        merchant, customer, sku = shop
        sql(
            f"""INSERT INTO webhook (business_id, url, verbs, status, create_time, update_time, txid, event_id)
            VALUES (%s, %s, {verbs}, 'enabled', 1, 1, txid_snapshot_xmin(txid_current_snapshot()), 0)""",
            merchant.id,
            receiver.url,
        )
        world.order(merchant, customer, 1, sku=sku)
        deliver()
        assert receiver.types() == told
        [hook] = made(merchant.get("/webhooks"))["items"]
        assert hook["verb_as_type"] is True
        renewed = made(merchant.patch(f"/webhooks/{hook['id']}", {"types": ["order.receive"]}))
        assert (renewed["types"], renewed["verbs"], renewed["verb_as_type"]) == (["order.receive"], None, False)


class TestPlatform:
    """The platform's webhooks: events of all merchants."""

    def test_it_is_told_of_every_shop_in_order_and_no_merchant_of_another(self, world, receiver):
        shops = [(world.merchant(), world.customer()) for _ in range(2)]
        skus = [world.sku(merchant) for merchant, _ in shops]
        with Receiver() as other:
            hooked(shops[0][0], other.url, types=["order.place"])
            hook = hooked(world.api.platform, receiver.url, types=["order.place", "order.ship"])
            orders = [
                world.order(*shop, 1, sku=sku)["order_number"] for _ in range(2) for shop, sku in zip(shops, skus, strict=True)
            ]
            deliver()
            assert receiver.types() == ["order.place", "order.ship"] * 4
            told = [one.json["data"] for one in receiver.received]
            assert [data["order_number"] for data in told] == [number for number in orders for _ in range(2)]
            assert [data["business_id"] for data in told[::2]] == [merchant.id for merchant, _ in shops] * 2
            assert all(Webhook(hook["secret"]).verify(one.body, one.headers) for one in receiver.received)
            assert {one.json["data"]["business_id"] for one in other.received} == {shops[0][0].id}

    def test_it_is_told_of_a_disabled_merchant_too(self, world, shop, receiver):
        merchant, customer, sku = shop
        order = world.order(merchant, customer, 1, sku=sku)
        hooked(world.api.platform, receiver.url, types=["order.receive", "user.disable"])
        made(world.admin().post(f"/users/{merchant.id}/disable"))
        made(customer.post(f"/orders/{order['id']}/receive"))
        deliver()
        assert receiver.types() == ["user.disable", "order.receive"]

    def test_more_events_than_one_look_finds_all_arrive(self, world, shop, receiver, sql):
        hook = hooked(world.api.platform, receiver.url, types=["order.place"])
        sql(
            """INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id)
            SELECT 1, 'system', CASE WHEN mod(n, 50) = 0 THEN 'place' ELSE 'ship' END, 'order', n, %s
            FROM generate_series(1, 450) n""",
            shop[0].id,
        )
        deliver()
        assert [one.json["data"]["subject_id"] for one in receiver.received] == list(range(50, 451, 50))
        assert made(world.api.platform.get(f"/webhooks/{hook['id']}/deliveries"))["total"] == 9

    def test_a_delivery_is_sent_again(self, world, shop, receiver):
        merchant, customer, sku = shop
        platform = world.api.platform
        hook = hooked(platform, receiver.url, types=["order.place"])
        world.order(merchant, customer, 0, sku=sku)
        deliver()
        [delivery] = log_of(platform, hook)
        path = f"/webhooks/{hook['id']}/deliveries/{delivery['id']}/redeliver"
        assert made(platform.post(path))["status"] == "pending"
        deliver()
        assert len(receiver.received) == 2
        assert len({one.id for one in receiver.received}) == 1

    def test_the_backlog_counts_it(self, world, shop, receiver):
        merchant, customer, sku = shop
        hooked(world.api.platform, receiver.url, types=["order.place"])
        world.order(merchant, customer, 0, sku=sku)
        assert {gauge.name: value for gauge, value in gauges.read(now())}["webhook_deliveries_pending"] == 1

    def test_one_that_fails_for_five_days_is_disabled(self, world, shop, receiver):
        merchant, customer, sku = shop
        platform = world.api.platform
        hook = hooked(platform, receiver.url, types=["order.place"])
        world.order(merchant, customer, 0, sku=sku)
        receiver.answers = [(410, b"")]
        deliver()
        found = made(platform.get(f"/webhooks/{hook['id']}"))
        assert (found["status"], found["disabled_reason"]) == ("disabled", "gone")
        again = made(platform.patch(f"/webhooks/{hook['id']}", {"status": "enabled"}))
        assert (again["status"], again["disabled_reason"]) == ("enabled", None)


class TestFailure:
    @pytest.fixture
    def placed(self, world, shop, receiver):
        """A webhook with one delivery due."""
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        return merchant, hook

    def test_it_is_tried_again_later_and_later_with_the_same_id_until_it_succeeds(self, placed, receiver):
        merchant, hook = placed
        receiver.answers = [(500, b"try later")] * 2
        at = now()
        deliver(at)
        [entry] = log_of(merchant, hook)
        assert (entry["status"], entry["attempts"], entry["response_status"]) == ("pending", 1, 500)
        assert (entry["response_body"], entry["error"], entry["last_attempt_time"]) == ("try later", None, at)
        assert at + 5 <= entry["next_attempt_time"] <= at + 6
        assert made(merchant.get(f"/webhooks/{hook['id']}"))["failing_since"] == at
        deliver(at + 4)
        assert len(receiver.received) == 1
        deliver(at + 6)
        [entry] = log_of(merchant, hook)
        assert at + 306 <= entry["next_attempt_time"] <= at + 336
        deliver(at + 340)
        [entry] = log_of(merchant, hook, status="delivered")
        assert (entry["attempts"], entry["response_status"], entry["response_body"]) == (3, 204, "")
        assert len({one.id for one in receiver.received}) == 1
        assert all(one.signed_by(hook["secret"]) for one in receiver.received)
        assert made(merchant.get(f"/webhooks/{hook['id']}"))["failing_since"] is None

    def test_after_ten_attempts_it_has_failed(self, placed, receiver):
        merchant, hook = placed
        receiver.answers = [(503, b"")] * 20
        at = now()
        for _ in range(12):
            deliver(at, rounds=1)
            at = log_of(merchant, hook)[0]["next_attempt_time"] or at + 3 * DAY
        [entry] = log_of(merchant, hook, status="failed")
        assert (entry["attempts"], entry["next_attempt_time"], len(receiver.received)) == (10, None, 10)
        assert made(merchant.get(f"/webhooks/{hook['id']}"))["status"] == "enabled"

    def test_a_failure_holds_up_neither_later_events_nor_other_webhooks(self, placed, world, shop, receiver):
        merchant, customer, sku = shop
        with Receiver() as other:
            hooked(merchant, other.url, verbs=["place"])
            receiver.answers = [(500, b"")]
            world.order(merchant, customer, sku=sku)
            deliver()
            assert (len(receiver.received), len(other.received)) == (2, 1)

    def test_who_does_not_answer_has_timed_out(self, placed, receiver, monkeypatch):
        merchant, hook = placed
        monkeypatch.setattr(sender, "TIMEOUT", 0.3)
        receiver.hangs = True
        deliver()
        [entry] = log_of(merchant, hook)
        assert (entry["status"], entry["error"], entry["response_status"]) == ("pending", "timed_out", None)
        assert 300 <= entry["duration_ms"] < 10_000

    def test_who_hangs_holds_up_nobody_else(self, placed, world, shop, receiver):
        merchant, customer, sku = shop
        receiver.hangs = True
        with Receiver() as other:
            hooked(merchant, other.url, verbs=["place"])
            world.order(merchant, customer, sku=sku)

            async def while_one_hangs():
                messenger = Messenger()
                await messenger.round()
                while not other.received or not receiver.received:
                    await asyncio.sleep(0.02)
                await messenger.close()

            asyncio.run(asyncio.wait_for(while_one_hangs(), 10))
        assert log_of(merchant, placed[1])[0]["status"] == "pending"

    def test_a_redirect_is_not_followed(self, placed, receiver):
        merchant, hook = placed
        with Receiver() as elsewhere:
            receiver.headers = {"Location": elsewhere.url}
            receiver.answers = [(302, b"")]
            deliver()
            assert elsewhere.received == []
        [entry] = log_of(merchant, hook)
        assert (entry["status"], entry["response_status"]) == ("pending", 302)

    @pytest.mark.parametrize(("body", "kept"), [(b"a" * 5000, "a" * 1024), (b"\xff\x00ok", "��ok"), ("错误".encode(), "错误")])
    def test_the_beginning_of_the_answer_is_kept(self, placed, receiver, body, kept):
        merchant, hook = placed
        receiver.answers = [(400, body)]
        deliver()
        assert log_of(merchant, hook)[0]["response_body"] == kept

    def test_nobody_there_and_nobody_by_that_name(self, placed):
        merchant, hook = placed
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        at = now()
        for url, error in (
            (f"http://127.0.0.1:{port}/", "connection_failed"),
            ("http://nobody.invalid/", "host_not_found"),
        ):
            made(merchant.patch(f"/webhooks/{hook['id']}", {"url": url}))
            deliver(at, rounds=1)
            at = log_of(merchant, hook)[0]["next_attempt_time"]
            assert log_of(merchant, hook)[0]["error"] == error

    def test_what_is_no_http_is_said(self, placed):
        merchant, hook = placed
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer():
                connection, _ = server.accept()
                with connection:
                    sent = b""
                    while not sent.endswith(b"}}"):  # what is left unread would reset the connection
                        sent += connection.recv(65536)
                    connection.sendall(b"SSH-2.0-OpenSSH\r\n")

            talking = threading.Thread(target=answer, daemon=True)
            talking.start()
            made(merchant.patch(f"/webhooks/{hook['id']}", {"url": f"http://127.0.0.1:{server.getsockname()[1]}/"}))
            deliver(rounds=1)
            talking.join(5)
        assert log_of(merchant, hook)[0]["error"] == "not_http"

    def test_gone_disables_it_and_the_merchant_is_told(self, placed, world, shop, receiver):
        merchant, hook = placed
        with Receiver() as other:
            hooked(merchant, other.url, verbs=["disable"])
            receiver.answers = [(410, b"")]
            deliver()
            [told] = other.received
            assert (told.json["type"], told.json["data"]["subject_id"]) == ("disable", hook["id"])
            assert told.json["data"]["details"]["reason"] == "gone"
        found = made(merchant.get(f"/webhooks/{hook['id']}"))
        assert (found["status"], found["disabled_reason"]) == ("disabled", "gone")
        assert log_of(merchant, hook)[0]["status"] == "failed"
        world.order(*shop[:2], sku=shop[2])
        deliver()
        assert len(receiver.received) == 1

    def test_five_days_without_success_disable_it(self, placed, world, shop, receiver):
        merchant, hook = placed
        receiver.answers = [(500, b"")] * 30
        at = now()
        deliver(at, rounds=1)
        deliver(at + 4 * DAY, rounds=1)
        assert made(merchant.get(f"/webhooks/{hook['id']}"))["status"] == "enabled"
        world.order(*shop[:2], sku=shop[2])
        deliver(at + 5 * DAY, rounds=1)
        found = made(merchant.get(f"/webhooks/{hook['id']}"))
        assert (found["status"], found["disabled_reason"], found["failing_since"]) == ("disabled", "failing", at)
        receiver.answers = []
        made(merchant.patch(f"/webhooks/{hook['id']}", {"status": "enabled"}))
        deliver(at + 9 * DAY)
        assert [entry["status"] for entry in log_of(merchant, hook)] == ["delivered"] * 2


class TestRest:
    """A receiver that is asked too much says when to come again."""

    @pytest.fixture
    def asked(self, world, shop, receiver):
        """Posts one delivery, which is answered 429 or another status with Retry-After; the log's entry."""
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])

        def ask(at, retry_after, status=429):
            world.order(merchant, customer, sku=sku)
            receiver.answers, receiver.headers = [(status, b"")], {"Retry-After": retry_after}
            deliver(at)
            return hook, log_of(merchant, hook)[0]

        return ask

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("form", ["seconds", "date"])
    def test_it_is_left_alone_until_then_with_all_that_is_new_too(self, world, shop, receiver, asked, status, form):
        merchant, customer, sku = shop
        at = now()
        hook, entry = asked(at, "600" if form == "seconds" else formatdate(at + 600, usegmt=True), status)
        assert (entry["status"], entry["next_attempt_time"]) == ("pending", at + 600)
        world.order(merchant, customer, sku=sku)
        deliver(at + 599)
        assert len(receiver.received) == 1
        receiver.headers = {}
        deliver(at + 600)
        assert [entry["status"] for entry in log_of(merchant, hook)] == ["delivered"] * 2
        assert len(receiver.received) == 3

    @pytest.mark.parametrize(
        ("retry_after", "status", "soonest", "latest"),
        [
            ("1", 429, 5, 6),  # never sooner than the schedule says
            ("0", 429, 5, 6),
            ("-600", 429, 5, 6),
            ("soon", 429, 5, 6),
            ("1.5", 429, 5, 6),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 429, 5, 6),
            ("Sun, 99 Nov 1994 08:49:37 GMT", 429, 5, 6),
            ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", 429, 5, 6),
            ("600", 500, 5, 6),  # an error is no wish to be left alone
            ("9" * 5000, 429, DAY, DAY),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 429, DAY, DAY),
            ("Fri Dec 31 23:59:59 9999", 429, DAY, DAY),
        ],
    )
    def test_it_can_put_off_by_a_day_at_most_and_bring_nothing_forward(self, asked, retry_after, status, soonest, latest):
        at = now()
        _, entry = asked(at, retry_after, status)
        assert at + soonest <= entry["next_attempt_time"] <= at + latest

    def test_other_webhooks_are_told_meanwhile(self, world, shop, receiver, asked):
        merchant, customer, sku = shop
        at = now()
        asked(at, "600")
        with Receiver() as other:
            hooked(merchant, other.url, verbs=["place"])
            world.order(merchant, customer, sku=sku)
            deliver(at + 10)
            assert (len(receiver.received), len(other.received)) == (1, 1)

    @pytest.mark.parametrize("by", ["another address", "redelivery"])
    def test_its_merchant_ends_the_rest_within_a_minute(self, world, shop, receiver, asked, by):
        merchant, customer, sku = shop
        hook, entry = asked(now(), "36000")
        receiver.headers = {}
        if by == "another address":
            world.order(merchant, customer, sku=sku)
            made(merchant.patch(f"/webhooks/{hook['id']}", {"url": receiver.url + "/2"}))
        else:
            made(merchant.post(f"/webhooks/{hook['id']}/deliveries/{entry['id']}/redeliver"))
        deliver(now() + 62)
        assert len(receiver.received) == 2


class TestStopping:
    def test_one_that_is_disabled_is_told_nothing_and_goes_on_with_what_comes_after(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        made(merchant.patch(f"/webhooks/{hook['id']}", {"status": "disabled"}))
        world.order(merchant, customer, sku=sku)
        deliver()
        made(merchant.patch(f"/webhooks/{hook['id']}", {"status": "enabled"}))
        later = world.order(merchant, customer, sku=sku)
        deliver()
        assert [one.json["data"]["subject_id"] for one in receiver.received] == [later["id"]]

    def test_one_that_is_removed_is_told_nothing_and_deleted(self, world, shop, receiver, sql):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        with Work(Actor(SYSTEM), writes=True) as work:
            assert fan_out.spread(work) == 1
            work.commit()
        assert merchant.delete(f"/webhooks/{hook['id']}").status_code == 204
        deliver()
        assert receiver.received == []
        assert sweep.sweep(now())["deliveries"] == 2
        assert sql("SELECT count(*) FROM webhook") == sql("SELECT count(*) FROM webhook_delivery") == [(0,)]

    def test_a_disabled_merchant_is_told_nothing(self, world, shop, receiver):
        merchant, customer, sku = shop
        hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        admin = world.admin()
        made(admin.post(f"/users/{merchant.id}/disable"))
        deliver()
        assert receiver.received == []
        made(admin.post(f"/users/{merchant.id}/enable"))
        deliver()
        assert receiver.types() == ["place"]

    def test_old_deliveries_are_forgotten_after_thirty_days(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        deliver()
        assert sweep.sweep(now() + 30 * DAY - 60)["deliveries"] == 0
        assert sweep.sweep(now() + 30 * DAY + 60)["deliveries"] == 1
        assert log_of(merchant, hook) == []


class TestRedelivery:
    def test_it_is_delivered_again_with_the_same_id(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        deliver()
        [entry] = log_of(merchant, hook)
        path = f"/webhooks/{hook['id']}/deliveries/{entry['id']}/redeliver"
        again = made(merchant.post(path, headers={"Idempotency-Key": "again"}))
        assert (again["status"], again["attempts"]) == ("pending", 0)
        assert made(merchant.post(path, headers={"Idempotency-Key": "again"})) == again
        deliver()
        assert [one.id for one in receiver.received] == [receiver.received[0].id] * 2
        assert [(entry["status"], entry["attempts"]) for entry in log_of(merchant, hook)] == [("delivered", 1)]

    def test_not_to_one_that_is_disabled_nor_what_is_not_there(self, world, shop, receiver):
        merchant, customer, sku = shop
        hook, other = (hooked(merchant, receiver.url, verbs=["place"]) for _ in range(2))
        world.order(merchant, customer, sku=sku)
        deliver()
        [entry] = log_of(merchant, hook)
        assert merchant.post(f"/webhooks/{other['id']}/deliveries/{entry['id']}/redeliver").status_code == 404
        assert merchant.post(f"/webhooks/{hook['id']}/deliveries/{2**62}/redeliver").status_code == 404
        made(merchant.patch(f"/webhooks/{hook['id']}", {"status": "disabled"}))
        refused = merchant.post(f"/webhooks/{hook['id']}/deliveries/{entry['id']}/redeliver")
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
        assert log_of(merchant, hook)[0]["status"] == "delivered"


class TestPrivateAddresses:
    @pytest.fixture(autouse=True)
    def private_refused(self, private_allowed, monkeypatch):
        monkeypatch.setattr(settings, "webhook_allow_private", False)

    @pytest.mark.parametrize(
        "found",
        [
            ["127.0.0.1"],
            ["::ffff:127.0.0.1"],
            ["::127.0.0.1"],
            ["64:ff9b::7f00:1"],
            ["2002:7f00:1::"],
            ["8.8.8.8", "127.0.0.1"],
            ["169.254.169.254"],
            ["fe80::1%lo"],
        ],
    )
    def test_a_name_that_leads_inside_is_not_called(self, shop, world, sql, monkeypatch, found):
        merchant, customer, sku = shop
        with Receiver() as receiver:
            hook = hooked(merchant, f"https://rebound.example.com:{receiver.port}/", verbs=["place"])
            world.order(merchant, customer, sku=sku)
            monkeypatch.setattr(addresses, "_lookup", lambda host, port: found)
            deliver()
            assert receiver.received == []
        [entry] = log_of(merchant, hook)
        assert (entry["error"], entry["response_status"]) == ("address_not_allowed", None)

    def test_an_open_port_and_a_closed_one_look_the_same(self, shop, world, monkeypatch):
        merchant, customer, sku = shop
        knocks = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.3)
            ports = [server.getsockname()[1], 1024]
            hooks = [hooked(merchant, f"https://inside.example.com:{port}/", verbs=["place"]) for port in ports]
            world.order(merchant, customer, sku=sku)
            monkeypatch.setattr(addresses, "_lookup", lambda host, port: ["127.0.0.1"])
            deliver(rounds=1)
            with pytest.raises(TimeoutError):
                knocks.append(server.accept())
        assert {log_of(merchant, hook)[0]["error"] for hook in hooks} == {"address_not_allowed"}

    def test_the_address_that_was_checked_is_the_one_that_is_called(self, shop, world, monkeypatch):
        """The name is looked up once; a second look would lead inside."""
        merchant, customer, sku = shop
        called, looks = [], [["8.8.8.8"], ["127.0.0.1"]]

        async def connect(self, host, *args, **options):
            called.append(host)
            raise sender.httpcore.ConnectError("unreachable")

        monkeypatch.setattr(addresses, "_lookup", lambda host, port: looks.pop(0))
        monkeypatch.setattr(addresses.httpcore.AnyIOBackend, "connect_tcp", connect)
        hooked(merchant, "https://rebound.example.com/", verbs=["place"])
        world.order(merchant, customer, sku=sku)
        deliver(rounds=1)
        assert called == ["8.8.8.8"]


def test_tls_is_verified_against_the_name_in_the_url(shop, world, monkeypatch, tmp_path):
    merchant, customer, sku = shop
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Receiver(context=context) as receiver:
        hook = hooked(merchant, f"https://localhost:{receiver.port}/", verbs=["place"])
        world.order(merchant, customer, sku=sku)
        deliver(rounds=1)
        [entry] = log_of(merchant, hook)
        assert (entry["status"], entry["error"]) == ("pending", "tls_failed")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        made(merchant.patch(f"/webhooks/{hook['id']}", {"url": f"https://127.0.0.1:{receiver.port}/"}))
        deliver(entry["next_attempt_time"], rounds=1)
        [entry] = log_of(merchant, hook)
        assert entry["error"] == "tls_failed"
        made(merchant.patch(f"/webhooks/{hook['id']}", {"url": f"https://localhost:{receiver.port}/"}))
        deliver(entry["next_attempt_time"], rounds=1)
        assert log_of(merchant, hook)[0]["status"] == "delivered"
        assert receiver.received[0].signed_by(hook["secret"])


class TestErrorsNobodyForesaw:
    REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no good'; END $$;
    CREATE TRIGGER refuse BEFORE {} ON webhook_delivery FOR EACH ROW WHEN (NEW.webhook_id = %s) EXECUTE FUNCTION refuse()
    """

    @pytest.fixture
    def hooks(self, shop, world, receiver):
        """Two webhooks that are to be told of the same order."""
        merchant, customer, sku = shop
        hooks = [hooked(merchant, f"{receiver.url}/{name}", verbs=["place"]) for name in ("bad", "good")]
        world.order(merchant, customer, sku=sku)
        return hooks

    def test_one_whose_deliveries_can_not_be_made_holds_up_no_other(self, hooks, receiver, sql, caplog):
        sql(self.REFUSE.format("INSERT"), hooks[0]["id"])
        before = failures_of("webhook_news")
        deliver(rounds=1)
        assert [one.path for one in receiver.received] == ["/hook/good"]
        assert failures_of("webhook_news") - before == 1
        assert f"webhook_news, row {hooks[0]['id']} failed" in caplog.messages
        sql("DROP FUNCTION refuse CASCADE")
        deliver(rounds=1)
        assert [one.path for one in receiver.received] == ["/hook/good", "/hook/bad"]

    def test_one_whose_attempts_can_not_be_noted_holds_up_no_other(self, hooks, receiver, sql, caplog):
        sql(self.REFUSE.format("UPDATE"), hooks[0]["id"])
        before = failures_of("webhook_turns")
        deliver(rounds=2)
        assert sorted(one.path for one in receiver.received) == ["/hook/bad", "/hook/good"], "it is left to its lease"
        assert failures_of("webhook_turns") - before == 1
        assert f"webhook_turns, row {hooks[0]['id']} failed" in caplog.messages

    def test_an_attempt_that_breaks_is_a_failed_one_like_others(self, hooks, shop, receiver, monkeypatch):
        def headers(webhook_id, *given):
            if webhook_id == hooks[0]["id"]:
                raise KeyError("nobody foresaw this")
            return whole(webhook_id, *given)

        whole = sender._headers
        monkeypatch.setattr(sender, "_headers", headers)
        before = failures_of("webhook_attempts")
        deliver(rounds=1)
        assert [one.path for one in receiver.received] == ["/hook/good"]
        [entry] = log_of(shop[0], hooks[0])
        assert (entry["status"], entry["attempts"], entry["error"]) == ("pending", 1, "internal_error")
        assert failures_of("webhook_attempts") - before == 1

    def test_the_messenger_goes_on_after_a_round_that_breaks(self, hooks, receiver, sql):
        sql("ALTER TABLE webhook RENAME TO gone")
        before = failures_of("webhook_rounds")
        stop = threading.Event()
        delivering = threading.Thread(target=messenger.run, args=(stop,))
        delivering.start()
        eventually(lambda: failures_of("webhook_rounds") > before)
        sql("ALTER TABLE gone RENAME TO webhook")
        receiver.wait_for(2)
        stop.set()
        delivering.join(20)
        assert not delivering.is_alive()


def failures_of(step):
    """How often the step has failed."""
    return metrics.BACKGROUND_FAILURES.labels(step)._value.get()


class TestWorkers:
    def test_many_at_once_deliver_once_and_in_order(self, shop, world, receiver):
        merchant, customer, sku = shop
        hooks = [hooked(merchant, f"{receiver.url}/{number}", verbs=["place"]) for number in range(4)]
        orders = [world.order(merchant, customer, sku=sku)["id"] for _ in range(20)]

        async def together():
            messengers = [Messenger() for _ in range(4)]
            for _ in range(4):
                await asyncio.gather(*(messenger.round() for messenger in messengers))
                await asyncio.gather(*(messenger.settled() for messenger in messengers))
            await asyncio.gather(*(messenger.close() for messenger in messengers))

        asyncio.run(together())
        told = {path: [] for path in (f"/hook/{number}" for number in range(4))}
        for one in receiver.received:
            told[one.path].append(one.json["data"]["subject_id"])
        assert list(told.values()) == [orders] * 4
        assert all(len(log_of(merchant, hook, status="delivered")) == 20 for hook in hooks)

    def test_what_a_worker_that_died_had_taken_is_delivered_when_its_lease_is_over(self, shop, world, receiver):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place"])
        world.order(merchant, customer, sku=sku)
        at = now()
        with Work(Actor(SYSTEM), writes=True, now=at) as work:
            fan_out.spread(work)
            work.commit()
            [lost] = leases.lease(work, 100)
            work.commit()
        deliver(at + 59)
        assert receiver.received == []
        deliver(at + 60)
        assert receiver.types() == ["place"]
        outcome = Outcome(1, status=500)
        with Work(Actor(SYSTEM), writes=True, now=at + 61) as work:  # the dead wakes up
            assert leases.due(work, lost, 50) == []
            [delivered] = log_of(merchant, hook)
            stale = type("Delivery", (), {"id": delivered["id"], "attempts": 0})
            assert not attempts.record(work, lost, stale, outcome)
            leases.give_back(work, lost, 0)
            work.commit()
        assert log_of(merchant, hook) == [delivered]

    def test_the_backlog_is_counted_until_it_is_delivered(self, shop, world, receiver):
        merchant, customer, sku = shop
        hooked(merchant, receiver.url, verbs=["place"])
        for _ in range(3):
            world.order(merchant, customer, 1, sku=sku)

        def backlog(at):
            return {gauge.name: value for gauge, value in gauges.read(at)}["webhook_deliveries_pending"]

        assert backlog(now() + 100) == 3
        receiver.answers = [(500, b"")]
        at = now()
        deliver(at, rounds=1)
        deliver(at, rounds=1)
        assert backlog(at) == 0
        assert backlog(at + 20) == 1

    def test_the_worker_process_delivers_and_goes_on_where_a_killed_one_stopped(self, shop, world, receiver, environment, sql):
        merchant, customer, sku = shop
        hook = hooked(merchant, receiver.url, verbs=["place", "ship"])
        with running({**environment, "WEBHOOK_ALLOW_PRIVATE": "true"}, "app.worker") as worker:
            world.order(merchant, customer, 1, sku=sku)
            receiver.wait_for(2)
            begun = time.monotonic()
            world.order(merchant, customer, 1, sku=sku)
            receiver.wait_for(4)
            assert time.monotonic() - begun < 10
            worker.process.kill()
        sql("UPDATE webhook SET leased_until = 0")  # as if a minute had passed
        world.order(merchant, customer, 1, sku=sku)
        with running({**environment, "WEBHOOK_ALLOW_PRIVATE": "true"}, "app.worker") as worker:
            eventually(lambda: len({one.id for one in receiver.received}) == 6, 20)
            assert worker.stop() == 0
        first = {one.id: one.json["type"] for one in receiver.received}  # the killed one may not have noted its last
        assert list(first.values()) == ["place", "ship"] * 3
        assert all(Webhook(hook["secret"]).verify(one.body, one.headers) for one in receiver.received)
