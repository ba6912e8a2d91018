"""The version is written in app/__init__.py; what has to repeat it says the same."""

import re
import tomllib

import pytest
import yaml

from app import __version__
from tests.conftest import ROOT

LOCK = (ROOT / "requirements.lock").read_text()


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


def test_the_lock_holds_what_is_pinned_each_with_its_digests():
    pinned = re.findall(r"^([\w-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    locked = re.findall(r"^([\w-]+)==([\w.]+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.MULTILINE)
    assert set(pinned) <= {(name, version) for name, version, _ in locked}
    assert len(locked) == len(re.findall("^[a-z]", LOCK, re.MULTILINE)), "all have digests"
    assert "://" not in LOCK


@pytest.mark.parametrize("file", ["Dockerfile", "Dockerfile_product"])
def test_the_images_install_nothing_but_what_is_locked(file):
    installed = re.findall(r"/opt/venv/bin/python -m pip install (.+?) \\$", (ROOT / file).read_text(), re.MULTILINE)
    assert installed == ["--no-cache-dir --no-compile --require-hashes -r requirements.lock"]
