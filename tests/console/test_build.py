"""What is served is what the source builds."""

import subprocess
from hashlib import sha256
from pathlib import Path

from app.routers import console
from tests.conftest import ROOT
from tests.support.needed import require

VITE = ROOT / "node_modules" / "vite" / "bin" / "vite.js"


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_is_built_from_the_source_that_is_here(tmp_path):
    require(console.is_built() and VITE.exists(), "the console is not built: make console")
    node = [str(ROOT / ".venv/bin/node"), str(VITE), "build", "--logLevel", "warn", "--outDir", str(tmp_path)]
    subprocess.run(node, cwd=ROOT / "console", check=True, capture_output=True, timeout=120)
    built, served = digests(tmp_path), digests(console.BUILT)
    assert sorted(built) == sorted(served), "run make console"
    assert built == served
