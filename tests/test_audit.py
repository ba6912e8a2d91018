"""`make audit` asks for advisories by the real tool, of a source on loopback: what it hears of, and what it cannot hear."""

import os
import re
import subprocess
import sys

import orjson
import pytest

from tests.conftest import ROOT
from tests.support.endpoint import Endpoint, Handler
from tests.support.servers import free_port

VULNERABLE = "orjson"


class Advisories(Endpoint):
    """A source in the form of OSV, which knows an advisory for each of `vulnerable`, and keeps what it was asked for."""

    def __init__(self, *vulnerable: str) -> None:
        self.asked: set[str] = set()
        source = self

        class Query(Handler):
            def answer(self) -> None:
                package = orjson.loads(self.sent()[2])["package"]
                source.asked.add(package["name"])
                fixed = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
                advisory = {"id": "OSV-2026-1", "affected": [{"package": package, "ranges": fixed}]}
                body = orjson.dumps({"vulns": [advisory]} if package["name"] in vulnerable else {})
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Query)


def audit(port):
    source = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": f"http://127.0.0.1:{port}"}
    command = [sys.executable, "deploy/audit.py"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **source}, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("vulnerable", "status", "told"),
    [
        ((), 0, " 0 vulnerable, 0 not looked up"),
        ((VULNERABLE,), 1, f"{VULNERABLE} [\\d.]+: OSV-2026-1, mended in 99.1\n.* 1 vulnerable, 0 not looked up"),
    ],
)
def test_every_locked_package_is_looked_up(vulnerable, status, told):
    with Advisories(*vulnerable) as source:
        done = audit(source.port)
    assert (done.returncode, done.stderr) == (status, "")
    assert re.search(told, done.stdout), done.stdout
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert source.asked == {re.sub(r"[-_.]+", "-", name).lower() for name in locked}


def test_a_source_that_is_not_reached_is_told_and_is_no_success():
    done = audit(free_port())
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout.startswith("NOT AUDITED")
