"""What the README tells a newcomer to paste, pasted; and the Chinese README, which says the same."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.clients.clients import command_of, require
from tests.conftest import ROOT
from tests.support.demonstrated import HOST, demonstration
from tests.support.servers import free_port

ENGLISH, CHINESE = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
OTHERS = {"README.md", "README.zh-CN.md"}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def block(part: str, language: str = "sh") -> str:
    """The README's one block that has this part."""
    [found] = [each for each in blocks(ENGLISH, language) if part in each]
    return found


LOG_IN, SHIP, PLACE = block("/merchant/login"), block("orders/1/ship"), block("/platform/orders")
SUBSCRIBE, RECEIVE, RECEIVER = block("/merchant/webhooks"), block("uvicorn receiver:app"), block("@app.post", "python")
PYTHON_EXAMPLE, TYPESCRIPT_EXAMPLE = block("merchant_ship_order", "python"), block("createClient", "ts")


@pytest.fixture(scope="module")
def paste(tmp_path_factory):
    """Pastes blocks into a shell where a newcomer stands, with the ports that they name put on free ones."""
    folder = tmp_path_factory.mktemp("checkout")
    with demonstration(WEBHOOK_ALLOW_PRIVATE="true") as shop:
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        (folder / "var").symlink_to(shop.folder / "var")
        (folder / "receiver.py").write_text(RECEIVER)
        ports = {"127.0.0.1:8000": f"{HOST}:{shop.port}", "9000": str(free_port())}

        @contextmanager
        def pasted(*given: str) -> Iterator[subprocess.Popen]:
            script = "\n".join(("set -eu", *given, "wait"))
            for named, free in ports.items():
                script = script.replace(named, free)
            options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
            with subprocess.Popen(["timeout", "60", "bash", "-c", script], cwd=folder, **options) as shell:
                try:
                    yield shell
                finally:
                    os.killpg(shell.pid, signal.SIGTERM)

        yield pasted


def test_a_newcomer_logs_in_and_ships_an_order_once(paste):
    with paste(LOG_IN, SHIP, SHIP) as shell:
        printed = shell.stdout.read()
    first, second = re.findall(r'\{"id":1,.*?"deadline_at".*?\}', printed)[-2:]
    assert '"status":1' in first
    assert '"logistic_order_id":"SF1391234567890"' in first
    assert first == second


def test_a_paid_order_is_placed(paste):
    with paste(PLACE) as shell:
        printed = shell.stdout.read()
    assert "'order_number': 'A1'" in printed
    assert "'status': 0" in printed


def test_a_webhook_is_received(paste):
    with paste(LOG_IN, SUBSCRIBE, RECEIVE) as shell:
        assert any(re.search(r"\d+ order\.ship order 2$", line) for line in shell.stdout)


@pytest.mark.parametrize("client", ["python", "typescript"])
def test_a_client_ships_an_order(paste, client):
    require(client)
    example = PYTHON_EXAMPLE if client == "python" else TYPESCRIPT_EXAMPLE
    path, *command = f"PYTHONPATH={ROOT / 'clients' / 'python'}", *command_of(client, "example")
    with paste(f"cat > {command[-1]} <<'END'\n{example}END", f"{path} {shlex.join(command)}") as shell:
        printed = shell.stdout.read()
    assert re.search(r"^\S+ SHIPPED$|status: 1,", printed, re.MULTILINE), printed


def test_both_languages_show_the_same():
    for language in ("sh", "python", "ts"):
        assert blocks(ENGLISH, language) == blocks(CHINESE, language)
    for what in (r"`([^`\n]+)`", r"\]\(([^)#]+)\)"):
        named = [sorted(re.findall(what, prose(text))) for text in (ENGLISH, CHINESE)]
        plain = [[each for each in names if not each.endswith(tuple(OTHERS))] for names in named]
        assert plain[0] == plain[1]
    assert re.findall(r"^#+ ", prose(ENGLISH), re.MULTILINE) == re.findall(r"^#+ ", prose(CHINESE), re.MULTILINE)


def test_what_it_links_to_is_there():
    texts = [ENGLISH, CHINESE, *((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "CHANGELOG.md"))]
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", "".join(texts)):
        assert link.startswith("https://") or (ROOT / link).exists(), link


def prose(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)
