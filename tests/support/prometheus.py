"""A real Prometheus that scrapes what a test serves."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.conftest import ROOT
from tests.support.needed import require
from tests.support.servers import free_port
from tests.support.waiting import answers, eventually

BLACKBOX = "prometheus-blackbox-exporter"


def require_prometheus() -> None:
    """Skip where Prometheus is not installed, but not in CI."""
    require(shutil.which("prometheus"), "Prometheus is not installed: apt-get install prometheus")
    require(shutil.which(BLACKBOX), f"not installed: apt-get install {BLACKBOX}")


class Prometheus:
    """What may be asked of it."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=20)

    def ask(self, expression: str) -> list[dict[str, str]]:
        """The labels of each series that the expression gives now."""
        answer = self._client.get("/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer['error']}"
        assert answer["data"]["resultType"] == "vector", expression
        return [series["metric"] for series in answer["data"]["result"]]

    def values_of(self, label: str, selector: str) -> list[str]:
        """The values of a label, as a dashboard lists them to choose from."""
        return list(self._client.get(f"/label/{label}/values", params={"match[]": selector}).json()["data"])

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self._client.get("/rules").json()["data"]["groups"] for rule in group["rules"]]

    def has_scraped(self, times: int) -> bool:
        """Whether each target was scraped so often, and at the last time well."""
        targets = self._client.get("/targets").json()["data"]["activeTargets"]
        rows = self._client.get("/query", params={"query": f"min(count_over_time(up[1h])) >= {times}"}).json()["data"]["result"]
        return bool(rows) and all(target["health"] == "up" for target in targets)


@contextmanager
def blackbox(folder: Path) -> Iterator[str]:
    """The blackbox exporter with deploy/blackbox/blackbox.yml; its host and port."""
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={ROOT / 'deploy/blackbox/blackbox.yml'}", f"--web.listen-address={address}"]
    with (folder / "blackbox.log").open("wb") as log:
        process = subprocess.Popen([BLACKBOX, *options], stdout=log, stderr=log, cwd=folder)
        try:
            eventually(lambda: process.poll() is not None or answers(f"http://{address}/-/healthy"), 30)
            assert process.poll() is None, (folder / "blackbox.log").read_text()
            yield address
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def scraping(folder: Path, targets: dict[str, list[str]], rules: Path, *further: dict[str, Any]) -> Iterator[Prometheus]:
    """Prometheus with these targets (host:port) of each job, asked every second, these rules, and further scrape_configs."""
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": addresses, "labels": {"namespace": "shop"}}]}
            for job, addresses in targets.items()
        ]
        + list(further),
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    url = f"http://127.0.0.1:{free_port()}"
    options = [
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={url.removeprefix('http://')}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log, cwd=folder)
        try:
            eventually(lambda: process.poll() is not None or answers(f"{url}/-/ready"), 30)
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            yield Prometheus(url)
        finally:
            process.terminate()
            process.wait(20)
