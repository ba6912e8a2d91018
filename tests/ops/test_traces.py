"""Traces: what leaves the service when they are on, that nothing personal does, and that nobody waits for them."""

import signal
import subprocess
import sys
import time

import httpx
import pytest

from app.config import settings
from tests.conftest import ROOT, environment_for
from tests.support.api import Caller, Platform
from tests.support.collector import QUICKLY, Collector
from tests.support.factories import made, purchase
from tests.support.processes import deployed, running
from tests.support.receivers import Receiver
from tests.support.servers import free_port
from tests.support.waiting import eventually

PHONE, NAME, SECRET = "13912345678", "欧阳娜娜", "a-very-secret-phrase"
SERVER_SPAN = {
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "network.protocol.version",
    "request_id",
    "server.address",
    "server.port",
    "url.scheme",
}
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
IMPORTED = """
import sys
from fastapi.testclient import TestClient
from app.main import app
with TestClient(app) as client:
    assert client.get("/api/v1/statuses").status_code == 200
    assert client.get("/readyz").status_code == 200
OF_SDK = ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf")
sdk = sorted(name for name in sys.modules if name.startswith(OF_SDK))
print(sdk, app._native_telemetry.enabled())
"""


@pytest.fixture(scope="module")
def migrated(migrated_module):
    return migrated_module


@pytest.fixture(scope="module")
def collector():
    with Collector() as found:
        yield found


@pytest.fixture(scope="module")
def served(migrated, collector):
    """A service for this file that sends its spans to the collector."""
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=shop", **QUICKLY}
    with (
        deployed({**environment_for(migrated), **on}) as process,
        httpx.Client(base_url=process.url, timeout=20) as client,
    ):
        process.client = client
        yield process


def over_http(process, caller):
    return Caller(process.client, caller.audience, caller.token, caller.account)


def by(request_id):
    return {"headers": {"X-Request-ID": request_id}}


class TestOfRequests:
    def test_it_names_the_route_the_status_and_the_request(self, served, collector, world):
        merchant = world.merchant()
        order = world.order(merchant, world.customer())
        answer = over_http(served, merchant).call("GET", f"/orders/{order['id']}", **by("one-order"))
        assert answer.status_code == 200
        span = collector.span(request_id="one-order")
        route = "/api/v1/merchant/orders/{order_id}"
        assert (span.name, span.failed) == (f"GET {route}", False)
        assert span.attributes["http.route"] == route
        assert span.attributes["http.response.status_code"] == 200
        assert set(span.attributes) == SERVER_SPAN

    def test_a_refusal_keeps_its_status_and_an_unknown_path_has_no_route(self, served, collector, world):
        refused = over_http(served, world.merchant()).call("GET", "/orders/999999999", **by("refused"))
        unknown = served.client.get(f"/{PHONE}/nowhere", **by("unknown"))
        assert (refused.status_code, unknown.status_code) == (404, 404)
        assert collector.span(request_id="refused").attributes["http.response.status_code"] == 404
        span = collector.span(request_id="unknown")
        assert (span.name, set(span.attributes)) == ("GET", SERVER_SPAN - {"http.route"})

    def test_its_log_line_names_the_trace(self, served, collector):
        parent = "0af7651916cd43dd8448eb211c80319c"
        headers = {"traceparent": f"00-{parent}-b7ad6b7169203331-01", "X-Request-ID": "joined"}
        assert served.client.get("/api/v1/statuses", headers=headers).status_code == 200
        assert collector.span(request_id="joined").trace == served.line(request_id="joined")["trace_id"] == parent

    def test_probes_have_none(self, served, collector):
        for path in ("/healthz", "/readyz", "/metrics"):
            served.client.get(path, **by(f"probe{path[1:]}"))
        served.client.get("/api/v1/statuses", **by("after-probes"))
        collector.span(request_id="after-probes")
        assert not [span for span in collector.spans() if str(span.attributes.get("request_id")).startswith("probe")]

    def test_the_sender_says_who_it_is(self, served, collector):
        served.client.get("/api/v1/statuses", **by("who"))
        collector.span(request_id="who")
        path, headers, _ = collector.received[0]
        assert (path, headers["x-tenant"]) == ("/v1/traces", "shop")
        assert {resource["service.name"] for resource in collector.resources()} == {"meta_be"}


class TestOfStatements:
    def test_they_are_part_of_their_request(self, served, collector, world):
        merchant = over_http(served, world.merchant())
        assert merchant.call("PATCH", "/me", json={"storename": "新店"}, **by("renamed")).status_code == 200
        below = collector.below(collector.span(request_id="renamed"))
        ran = {span.attributes["meta_be.statement"]: span.name for span in below}
        assert "app.services.accounts.accounts.get" in ran.values()
        assert ran["COMMIT"] == "app.web.door._answered"
        assert {span.attributes["db.system.name"] for span in below} == {"postgresql"}

    def test_also_in_a_thread(self, served, collector, world):
        merchant = over_http(served, world.merchant())
        assert merchant.call("GET", "/statistics/overview", **by("in-a-thread")).status_code == 200
        assert collector.below(collector.span(request_id="in-a-thread"))

    def test_a_batch_is_a_trace_of_its_own_that_names_its_requests(self, served, collector, world):
        body = purchase(world.sku(world.merchant())["id"], world.customer().id)
        answer = Platform(served.client, "platform").post("/orders", body, **by("in-a-batch"))
        assert answer.status_code == 201
        request = collector.span(request_id="in-a-batch")
        [batch] = eventually(lambda: [span for span in collector.spans() if request.id in span.links])
        assert (batch.name, batch.attributes["requests"]) == ("batch", 1)
        assert batch.trace != request.trace
        assert collector.below(batch)


def test_no_byte_holds_what_a_caller_looks_for_sends_or_proves_itself_by(served, collector, world):
    merchant = world.merchant()
    order = world.order(merchant, world.customer(), receiver_name=NAME, receiver_phone=PHONE)
    shop = over_http(served, merchant)
    assert shop.call("GET", "/orders", params={"q": PHONE, "receiver": NAME}, **by("searched")).status_code == 200
    body = {"name": NAME, "password": SECRET}
    assert served.client.post("/api/v1/merchant/login", json=body, **by("logged-in")).status_code == 401
    assert shop.call("GET", "/orders", params={"page": PHONE + "x"}, **by("mistaken")).status_code == 422
    changed = shop.call("PATCH", f"/orders/{order['id']}/receiver", json={"receiver_phone": "13787654321"}, **by("changed"))
    assert changed.status_code == 200
    for request_id in ("searched", "logged-in", "mistaken", "changed"):
        collector.span(request_id=request_id)
    sent = collector.bytes()
    for text in (PHONE, "13787654321", NAME, SECRET, merchant.token, f"/orders/{order['id']}", order["order_number"]):
        assert text.encode() not in sent


def test_a_failed_statement_tells_its_kind_and_not_its_message(served, collector, world, sql):
    merchant = over_http(served, world.merchant())
    sql("ALTER TABLE scene RENAME TO scene_away")
    try:
        assert merchant.call("GET", "/scenes", **by("broken")).status_code == 500
    finally:
        sql("ALTER TABLE scene_away RENAME TO scene")
    span = collector.span(request_id="broken")
    assert (span.failed, span.attributes["error.type"]) == (True, "psycopg2.errors.UndefinedTable")
    [batch] = eventually(lambda: [each for each in collector.spans() if span.id in each.links])
    [below] = [each for each in collector.below(batch) if each.failed]
    assert below.attributes["db.response.status_code"] == "42P01"
    assert b"does not exist" not in collector.bytes()


def test_the_worker_sends_a_span_of_each_step_and_of_each_webhook(migrated, world, monkeypatch):
    monkeypatch.setattr(settings, "webhook_allow_private", True)
    with Collector() as collector, Receiver() as receiver:
        merchant = world.merchant()
        hook = made(merchant.post("/webhooks", {"url": receiver.url}), 201)
        world.order(merchant, world.customer())
        on = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "worker", "WEBHOOK_ALLOW_PRIVATE": "true"}
        with running({**environment_for(migrated), **on, **QUICKLY}, "app.worker"):
            turn = collector.span(webhook_id=hook["id"])
            [step] = eventually(lambda: [span for span in collector.spans() if span.name == "sweep.folded"])
        assert (turn.name, turn.parent, step.parent) == ("webhook_turn", b"", b"")
        assert {"webhook_attempt", "app.services.webhooks.leases.due"} <= {span.name for span in collector.below(turn)}
        assert any(span.name.startswith("app.services.folding.") for span in collector.below(step))
        assert {resource["service.name"] for resource in collector.resources()} == {"worker"}
        assert receiver.url.encode() not in collector.bytes()
        assert "traceparent" not in receiver.received[0].headers


@pytest.mark.parametrize("collects", ["nobody", "hangs"])
def test_nobody_waits_for_a_collector_that_is_away_or_slow(migrated, collects):
    with Collector(hangs=True) as slow:
        url = slow.url if collects == "hangs" else f"http://127.0.0.1:{free_port()}"
        on = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_MAX_QUEUE_SIZE": "20", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"}
        patient = {"OTEL_EXPORTER_OTLP_TIMEOUT": "60"}  # seconds that who waited for the collector would wait
        with deployed({**environment_for(migrated), **on, **QUICKLY, **patient}) as process:
            with httpx.Client(base_url=process.url, timeout=5) as client:
                for _ in range(200):
                    assert client.get("/api/v1/statuses").status_code == 200
                if collects == "hangs":
                    eventually(lambda: slow.received)
                for _ in range(50):
                    assert client.get("/api/v1/statuses").status_code == 200
            begun = time.monotonic()
            process.process.send_signal(signal.SIGTERM)
            assert process.process.wait(20) in (0, -signal.SIGTERM)
            assert time.monotonic() - begun < 8
            assert process.lines(status=500) == []


def test_what_a_stop_leaves_is_sent(migrated):
    with Collector() as collector:
        on = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with deployed({**environment_for(migrated), **on}) as process:
            assert httpx.get(process.url + "/api/v1/statuses", **by("last")).status_code == 200
            assert collector.spans() == []
            process.stop()
        assert collector.span(request_id="last")


class TestOff:
    @pytest.mark.parametrize(
        "off",
        [
            {},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
            {**ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"},
            {**ENDPOINT, "OTEL_TRACES_EXPORTER": "None"},
        ],
        ids=str,
    )
    def test_nothing_of_the_sdk_is_imported_and_no_span_is_made(self, migrated, off):
        assert _imported({**environment_for(migrated), **off}) == "[] False"

    def test_that_is_seen_where_it_is_on(self, migrated):
        on = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{free_port()}/v1/traces"}
        said = _imported({**environment_for(migrated), **on})
        assert "'opentelemetry.sdk.trace'" in said
        assert said.endswith("True")

    def test_a_log_line_names_no_trace(self, migrated):
        with deployed(environment_for(migrated)) as process:
            httpx.get(process.url + "/api/v1/statuses", **by("untraced"))
            assert "trace_id" not in process.line(request_id="untraced")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
    ],
)
def test_a_setting_that_cannot_be_obeyed_keeps_it_from_starting(migrated, name, value):
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", name: value}
    with running({**environment_for(migrated), **on}, "app.process.serve") as process:
        assert process.process.wait(20) != 0
        assert (name if "EXPORTER" in name else "OTEL_") in process.text()
        assert "Traceback" not in process.text()


def _imported(environment):
    done = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
