"""`python -m app.cli run` as a newcomer starts it: an embedded database in a folder of its own, on a port that is free."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.support.processes import Process, running
from tests.support.servers import free_port, new_folder
from tests.support.waiting import answers, eventually

HOST = "127.0.0.2"  # another than where it serves when nothing is set


class Demonstration:
    """A demo shop that is served; what it printed, and where it keeps its data."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.process = process
        self.folder = folder
        self.port = port
        self.url = f"http://{HOST}:{port}"

    @property
    def password(self) -> str:
        found = re.search(r"name demo-merchant +password (\S+)", self.process.text())
        assert found is not None, self.process.text()
        return found[1]


def bare_environment(folder: Path) -> dict[str, str]:
    """An environment in which nothing of ours is set but where the data is kept."""
    ours = {line.lstrip("# ").partition("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line}
    return {**{name: value for name, value in os.environ.items() if name not in ours}, "DATA_DIR": str(folder / "var")}


@contextmanager
def demonstration(**settings: str) -> Iterator[Demonstration]:
    """The shop, ready to be asked."""
    with new_folder() as folder:
        port = free_port()
        environment = {**bare_environment(folder), "HOST": HOST, "PORT": str(port), **settings}
        with running(environment, "app.cli", "run") as process:
            shop = Demonstration(process, folder, port)
            eventually(lambda: answers(shop.url + "/readyz") or process.process.poll() is not None, 60, told=process.text)
            assert process.process.poll() is None, process.text()
            yield shop
