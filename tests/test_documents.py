"""The documents that show the way name only what exists."""

import re

import pytest

from tests.conftest import ROOT

DOCUMENTS = ("docs/architecture.md", "docs/operations.md", "CONTRIBUTING.md", "README.md", "README.zh-CN.md")
TOP = ("app", "bench", "charts", "clients", "console/src", "deploy", "docs", "migrations", "tests")
PATH = re.compile(rf"`((?:{'|'.join(TOP)})/[\w./-]*)`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_paths_that_it_names_exist(name):
    document = ROOT / name
    text = document.read_text()
    named = [ROOT / path for path in PATH.findall(text) if not re.search("AUDIENCE|DOMAIN", path)]
    linked = [document.parent / path for path in LINK.findall(text)]
    assert named
    assert [str(path) for path in named + linked if not path.exists()] == []
