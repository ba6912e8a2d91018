"""The metrics for Prometheus, and the dashboard and alert rules that read them."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.db import pools
from app.services.monitoring import gauges
from tests.conftest import ROOT, environment_for
from tests.support.api import Caller
from tests.support.factories import purchase
from tests.support.processes import running, service
from tests.support.waiting import eventually

MONITORING = ROOT / "charts/meta-product-web/monitoring"
NAME = re.compile(r"\bmeta_be_\w+")
promtool = pytest.mark.skipif(
    shutil.which("promtool") is None and "CI" not in os.environ, reason="NOT RUN: no promtool here: apt-get install prometheus"
)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file."""
    return migrated_module


@pytest.fixture(scope="module")
def served(migrated):
    """A service with two connections for requests, so that they are soon all at work."""
    with service({**environment_for(migrated), "THREADS": "1", "POOL_SIZE": "3"}) as process:
        yield process.url


def scrape(url, **options):
    """Every sample by its name and labels; the figures of the database may be ten seconds old."""
    answer = httpx.get(url + "/metrics", timeout=20, **options)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples[sample.name, *sorted(sample.labels.items())] = sample.value
    return samples


def figure(url, name, **labels):
    return scrape(url).get((f"meta_be_{name}", *sorted(labels.items())))


def fresh(migrated):
    """The database's figures as they are now."""
    return {(gauge.name, *gauge.labels.values()): value for gauge, value in gauges.read(int(time.time()))}


class TestRequests:
    def test_they_are_counted_and_timed_by_route_and_method(self, served, world):
        merchant = world.merchant()
        headers = {"Authorization": f"Bearer {merchant.token}"}
        route = "/api/v1/merchant/orders/{order_id}"
        for order_id in range(1, 6):
            assert httpx.get(f"{served}/api/v1/merchant/orders/{order_id + 99999}", headers=headers).status_code == 404
        samples = scrape(served)
        labels = (("method", "GET"), ("route", route))
        assert samples["meta_be_http_requests_total", *labels, ("status", "4xx")] == 5
        assert samples["meta_be_http_request_duration_seconds_count", *labels] == 5
        assert samples["meta_be_http_request_duration_seconds_bucket", ("le", "+Inf"), *labels] == 5
        assert 0 < samples["meta_be_http_request_duration_seconds_sum", *labels] < 60
        assert samples["meta_be_errors_total", ("code", "not_found")] >= 5

    def test_what_a_caller_makes_up_makes_no_new_series(self, served):
        before = len(scrape(served))
        for number in range(20):
            httpx.get(f"{served}/{number}/nowhere")
        httpx.request("PROPFIND", f"{served}/nowhere")
        httpx.request("MKCOL", f"{served}/api/v1/statuses")
        assert len(scrape(served)) - before < 60

    def test_a_stream_is_open_and_not_slow(self, served, world):
        headers = {"Authorization": f"Bearer {world.merchant().token}"}
        with httpx.stream("GET", served + "/api/v1/merchant/events", headers=headers) as stream:
            assert stream.status_code == 200
            lines = stream.iter_lines()
            next(lines)
            samples = scrape(served)
            assert samples["meta_be_event_streams_open",] == 1
            assert samples["meta_be_http_requests_in_progress",] == 1  # the scrape
        eventually(lambda: figure(served, "event_streams_open") == 0)
        labels = {"method": "GET", "route": "/api/v1/merchant/events"}
        assert figure(served, "http_requests_total", **labels, status="2xx") == 1
        assert figure(served, "http_request_duration_seconds_count", **labels) in (None, 0)

    def test_refusals_that_matter_have_figures_of_their_own(self, served, world):
        merchant, customer = world.merchant(name="throttled"), world.customer()
        sku = world.sku(merchant, stock=1)
        client = httpx.Client(base_url=served)
        platform = type(world.api.platform)(client, "platform")
        assert platform.post("/orders", purchase(sku["id"], customer.id, num=2)).json()["code"] == "out_of_stock"
        assert platform.post("/orders", purchase(sku["id"], customer.id, num=3)).json()["code"] == "out_of_stock"
        stranger = Caller(client, "merchant")
        answers = [stranger.post("/login", {"name": "throttled", "password": "wrong password"}) for _ in range(6)]
        assert answers[-1].json()["code"] == "too_many_tries"
        samples = scrape(served)
        assert samples["meta_be_stock_refusals_total",] == samples["meta_be_errors_total", ("code", "out_of_stock")] == 2
        assert samples["meta_be_login_throttles_total",] == samples["meta_be_errors_total", ("code", "too_many_tries")] == 1

    def test_a_full_pool_shows(self, served, world, migrated):
        merchant = world.merchant()
        headers = {"Authorization": f"Bearer {merchant.token}"}
        blocker = psycopg2.connect(migrated)
        with ThreadPoolExecutor(5) as pool:
            with blocker, blocker.cursor() as cursor:
                cursor.execute('LOCK TABLE "user"')
                url = served + "/api/v1/merchant/me"
                asked = [pool.submit(httpx.get, url, headers=headers, timeout=20) for _ in range(5)]
                eventually(lambda: figure(served, "database_pool_waiting") == 3)
                samples = scrape(served)
                assert samples["meta_be_database_pool_in_use",] == 2
                assert samples["meta_be_database_pool_size",] == 3
                assert samples["meta_be_http_requests_in_progress",] == 6
                assert samples["meta_be_database_up",] == 1  # it is the pool that is full, not the database that is away
            assert [answer.result().status_code for answer in asked] == [200] * 5
        blocker.close()
        assert figure(served, "database_pool_waiting") == 0


@pytest.mark.long
class TestDatabase:
    def test_overdue_is_what_is_late_now(self, world, migrated, sql):
        merchant, customer = world.merchant(), world.customer()
        sql('UPDATE "order" SET status = 3, close_time = create_time WHERE status IN (0, 1)')
        world.order(merchant, customer, 0)
        world.ticket(merchant, customer, "applied")
        world.ticket(merchant, customer, "awaiting_receipt")
        names = [("deadlines_overdue", name) for name in ("ship", "answer", "return_receive")]
        assert [fresh(migrated)[name] for name in names] == [0, 0, 0]
        sql('UPDATE "order" SET create_time = create_time - 49 * 3600')
        sql("UPDATE except_order SET create_time = create_time - 11 * 86400, deliver_time = deliver_time - 11 * 86400")
        assert [fresh(migrated)[name] for name in names] == [1, 1, 1]

    def test_a_worker_that_stands_still_shows(self, world, migrated, environment, sql):
        before = fresh(migrated)["worker_last_sweep_timestamp_seconds",]
        assert time.time() - 86_400 < before <= time.time()  # from the migration on, which the tests share
        sql("UPDATE heartbeat SET time = time - 1000")
        order = world.order(world.merchant(), world.customer(), 1)
        sql('UPDATE "order" SET deliver_time = %s WHERE id = %s', int(time.time()) - 10 * 86400 - 500, order["id"])
        assert 500 <= fresh(migrated)["worker_lag_seconds",] < 560
        with running(environment, "app.worker"):
            eventually(lambda: fresh(migrated)["worker_last_sweep_timestamp_seconds",] > time.time() - 60, 20)
        assert fresh(migrated)["worker_lag_seconds",] == 0

    def test_the_deadlines_that_are_switched_off_are_never_overdue(self, world, migrated, set_deadline, sql):
        world.order(world.merchant(), world.customer(), 0)
        sql('UPDATE "order" SET create_time = create_time - 49 * 3600')
        assert fresh(migrated)["deadlines_overdue", "ship"] > 0
        set_deadline("ship_hours", 0)
        assert fresh(migrated)["deadlines_overdue", "ship"] == 0

    def test_no_table_is_read_whole(self, migrated):
        statement = gauges._ALL
        with psycopg2.connect(migrated) as connection, connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            values = {**statement.values, "now": int(time.time())}
            cursor.execute("EXPLAIN " + statement.sql, values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        connection.close()
        assert "Seq Scan" not in plan
        for indexes in (("ix_order_to_ship",), ("ix_order_to_receive",), ("ix_except_order_open", "ix_except_order_all_open")):
            assert any(index in plan for index in indexes)  # of equal ones, either may be taken

    def test_it_is_asked_at_most_every_ten_seconds(self, served, sql):
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_start > now() - interval '1s'"
        )
        scrape(served)
        eventually(lambda: sql(asked) == [(0,)])
        for _ in range(10):
            scrape(served)
        assert sql(asked)[0][0] <= 1

    def test_memory_and_files_are_of_the_process_and_a_loop_that_stands_still_is_late(self, environment):
        with service(environment) as process:
            with httpx.Client(base_url=process.url) as client:  # one connection more
                client.get("/healthz")
                held = psutil.Process(process.process.pid)
                eventually(lambda: abs(scrape(process.url)["meta_be_file_descriptors",] - held.num_fds()) <= 2)
            assert scrape(process.url)["meta_be_memory_bytes",] == pytest.approx(held.memory_info().rss, rel=0.2)
            before = scrape(process.url)["meta_be_loop_late_seconds_total",]
            held.suspend()
            time.sleep(3)
            held.resume()
            eventually(lambda: scrape(process.url)["meta_be_loop_late_seconds_total",] > before + 1.5)

    def test_figures_are_shown_while_it_is_away(self, empty_database, postgres):
        with service(environment_for(empty_database)) as process:
            _admit(postgres, empty_database, "false")
            try:
                samples = scrape(process.url)
                assert samples["meta_be_database_up",] == 0
                assert ("meta_be_worker_lag_seconds",) not in samples
                assert samples["meta_be_threads",] == 4
            finally:
                _admit(postgres, empty_database, "true")


def _admit(postgres, uri, whether):
    name = uri.partition("?")[0].rpartition("/")[2]
    connection = psycopg2.connect(postgres)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {whether}")
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    connection.close()
    pools.leave()


class TestSeveralProcesses:
    def test_behind_one_port_a_scrape_tells_of_all_of_them(self, environment):
        with service(environment, "--workers", "2") as process:
            url = process.url
            children = [
                child for child in psutil.Process(process.process.pid).children() if "spawn_main" in str(child.cmdline())
            ]
            assert len(children) == 2
            eventually(lambda: figure(url, "threads") == 8)  # two times four
            for _ in range(40):
                assert httpx.get(url + "/api/v1/statuses").status_code == 200
            labels = {"route": "/api/v1/statuses", "method": "GET", "status": "2xx"}
            assert {figure(url, "http_requests_total", **labels) for _ in range(8)} == {40}
            children[0].send_signal(signal.SIGKILL)
            eventually(lambda: process.text().count("meta_be serves") == 3, 20)  # another in its place
            assert {figure(url, "http_requests_total", **labels) for _ in range(8)} == {40}
            assert figure(url, "http_requests_in_progress") == 1
            eventually(lambda: figure(url, "threads") == 8)

    def test_they_may_be_given_a_directory(self, environment, tmp_path):
        environment = {**environment, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures")}
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            one, other = pool.map(lambda _: stack.enter_context(service(environment)), range(2))
            for process in (one, one, other):
                httpx.get(process.url + "/api/v1/statuses")
            labels = {"route": "/api/v1/statuses", "method": "GET", "status": "2xx"}
            assert [figure(process.url, "http_requests_total", **labels) for process in (one, other)] == [3, 3]


class TestDoor:
    def test_with_a_token_it_is_shown_to_who_sends_it(self, api, monkeypatch):
        monkeypatch.setattr("app.config.settings.metrics_token", "a token for prometheus")
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é".encode()}):
            assert api.client.get("/metrics", headers=headers).status_code == 401
        shown = api.client.get("/metrics", headers={"Authorization": "Bearer a token for prometheus"})
        assert shown.status_code == 200
        assert "meta_be_build_info" in shown.text


class TestMonitoring:
    @promtool
    def test_the_figures_are_as_prometheus_wants_them(self, served):
        text = httpx.get(served + "/metrics").text
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    @promtool
    def test_the_rules_are_valid(self):
        done = subprocess.run(
            ["promtool", "check", "rules", MONITORING / "alerts.yaml"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @promtool
    def test_the_rules_fire_when_they_should_and_not_before(self):
        done = subprocess.run(
            ["promtool", "test", "rules", ROOT / "tests/ops/alerts_test.yaml"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("file", sorted(MONITORING.iterdir()), ids=lambda file: file.name)
    def test_every_figure_that_is_asked_for_is_there(self, served, file: Path):
        httpx.get(served + "/nowhere")  # an error is there once it has happened
        there = {name for name, *_ in scrape(served)}
        assert there >= set(NAME.findall(file.read_text())) != set()

    def test_the_dashboard_shows_every_figure(self, served):
        httpx.get(served + "/nowhere")
        shown = set(NAME.findall((MONITORING / "grafana-dashboard.json").read_text()))
        families = {re.sub(r"_(bucket|sum|count)$", "", name) for name, *_ in scrape(served)}
        assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == families

    def test_the_dashboard_can_be_imported_with_any_source(self):
        board = json.loads((MONITORING / "grafana-dashboard.json").read_text())
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        for panel in panels:
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert panel["description"]
            assert all('{job=~"$job",namespace=~"$namespace"' in target["expr"] for target in panel["targets"])
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        taken = [
            (p["gridPos"]["y"] + y, p["gridPos"]["x"] + x)
            for p in board["panels"]
            for y in range(p["gridPos"]["h"])
            for x in range(p["gridPos"]["w"])
        ]
        assert len(taken) == len(set(taken))
        assert [each["name"] for each in board["templating"]["list"]] == ["datasource", "job", "namespace"]

    def test_every_rule_says_what_to_do(self):
        text = (MONITORING / "alerts.yaml").read_text()
        rules = text.split("- alert: ")[1:]
        for rule in rules:
            assert all(f"{name}:" in rule for name in ("expr", "severity", "summary", "description", "runbook")), rule
