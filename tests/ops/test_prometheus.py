"""Each alert and each panel is asked of a real Prometheus, that scrapes two processes at work: what gives nothing is wrong."""

import importlib.util
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import yaml

from tests.conftest import ROOT
from tests.support.api import Caller, Platform
from tests.support.documents import documented
from tests.support.factories import purchase
from tests.support.load import Load
from tests.support.processes import service
from tests.support.prometheus import Prometheus, blackbox, require_prometheus, scraping
from tests.support.waiting import eventually

MONITORING = ROOT / "charts/meta-product-web/monitoring"
RULES = [rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((MONITORING / "grafana-dashboard.json").read_text())
PANELS = [(panel["title"], target) for panel in BOARD["panels"] for target in panel.get("targets", ())]
COMPARISON = re.compile(r"\s(==|!=|>=|<=|>|<)\s[\d.]+(\s\*\s[\d.]+)*")
SHOWN_BY_GRAFANA = {"$job": ".*", "$namespace": ".*", "$__rate_interval": "10s"}


def without_condition(expression: str) -> str:
    """The figures that an alert compares, whether or not it would fire."""
    expression = COMPARISON.sub("", " ".join(expression.split()))
    return expression.replace(" unless ", " and ").replace("absent_over_time(", "last_over_time(")


def in_grafana(expression: str) -> str:
    for variable, value in SHOWN_BY_GRAFANA.items():
        expression = expression.replace(variable, value)
    return expression


@pytest.fixture
def prometheus(postgres: str, tmp_path: Path, world: Any, environment: dict[str, str], migrated: str) -> Iterator[Prometheus]:
    """Prometheus, that has seen two processes take orders, refuse some, and fail while a table is locked."""
    require_prometheus()
    customer, merchant = world.customer(), world.merchant()
    sku = world.sku(merchant, stock=1_000_000)
    with ExitStack() as stack:
        settings = {"STATEMENT_SECONDS": "1", "FROZEN_SECONDS": "10"}
        urls = [stack.enter_context(service({**environment, **settings})).url for _ in range(2)]
        textfile = stack.enter_context(_textfile(tmp_path))
        targets = {"meta_be": [url.removeprefix("http://") for url in urls], "node": [textfile]}
        [public] = yaml.safe_load(
            documented("- job_name: public_address")
            .replace("https://shop.example", urls[0])
            .replace("127.0.0.1:9115", stack.enter_context(blackbox(tmp_path)))
        )
        found = stack.enter_context(scraping(tmp_path, targets, MONITORING / "alerts.yaml", public))

        def place(client: httpx.Client, key: str) -> httpx.Response:
            time.sleep(0.02)
            return Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))

        loads = [Load(url) for url in urls]
        for number, load in enumerate(loads):
            load.start(place, f"{number}-")
        for url in urls:
            _be_refused(url, merchant, migrated)
        eventually(lambda: found.has_scraped(8), 60)
        yield found
        for load in loads:
            assert load.stop()


def _be_refused(url: str, merchant: Caller, database: str) -> None:
    """Ask for what is not there, and for what is locked for longer than the service waits."""
    with httpx.Client(base_url=url, timeout=20) as client, psycopg2.connect(database) as blocker, ThreadPoolExecutor(1) as pool:
        caller = Caller(client, "merchant", merchant.token)
        assert caller.get("/orders/999999").status_code == 404
        blocker.cursor().execute("LOCK TABLE return_address")
        assert pool.submit(caller.get, "/return-address").result(20).status_code == 503
    blocker.close()


@contextmanager
def _textfile(folder: Path) -> Iterator[str]:
    """What the node exporter shows of deploy/pgbackrest/metrics.py; its host and port."""
    script = importlib.util.spec_from_file_location("metrics", ROOT / "deploy/pgbackrest/metrics.py")
    assert script is not None
    assert script.loader is not None
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    told = [{"name": "shop", "status": {"code": 0}, "backup": [{"timestamp": {"stop": int(time.time())}}]}]
    (folder / "metrics").write_text(module.text(told))
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_alert_and_every_panel_gives_figures_with_the_labels_that_its_words_name(prometheus):
    nothing = []
    for rule in RULES:
        rows = prometheus.ask(without_condition(rule["expr"]))
        named = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        if not rows or any(not named <= set(row) for row in rows):
            nothing.append((rule["alert"], rows[:1]))
    for title, target in PANELS:
        rows = prometheus.ask(in_grafana(target["expr"]))
        named = set(re.findall(r"{{\s*(\w+)\s*}}", target.get("legendFormat", "")))
        if not rows or any(not named <= set(row) for row in rows):
            nothing.append((title, rows[:1]))
    assert nothing == []
    [public] = prometheus.ask("probe_success == 1")
    assert public["instance"].endswith("/healthz")
    eventually(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"}, 30)
    assert [rule["name"] for rule in prometheus.rules()] == [rule["alert"] for rule in RULES]
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            assert prometheus.values_of(label, in_grafana(selector)) == ["meta_be" if label == "job" else "shop"]
