"""Where the clients are, and how a program that uses one is run."""

import os
from pathlib import Path

from tests.conftest import ROOT
from tests.support import needed

TYPESCRIPT_CLIENT = ROOT / "clients" / "typescript" / "src" / "schema.d.ts"
PYTHON_CLIENT = ROOT / "clients" / "python" / "meta_be_client" / "generated"
_NODE = ROOT / ".venv" / "bin" / "node"
_PYTHON = ROOT / ".venv-clients" / "bin" / "python"
_NEEDED: dict[str, tuple[Path, ...]] = {
    "typescript": (TYPESCRIPT_CLIENT, _NODE, ROOT / "node_modules" / "openapi-fetch"),
    "python": (PYTHON_CLIENT, _PYTHON),
}


def require(client: str) -> None:
    """Skip where this client is not made, but not in CI."""
    needed.require(all(path.exists() for path in _NEEDED[client]), f"the {client} client is not made: make clients")


def command_of(client: str, program: str) -> list[str]:
    """The command that runs a program, which is named without its ending."""
    return [str(_NODE), f"{program}.ts"] if client == "typescript" else [str(_PYTHON), f"{program}.py"]


def environment_of(client: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python")} if client == "python" else dict(os.environ)
