"""Ambient parameters: listed once, and named by nobody who is not on the list."""

import ast

import pytest

from app.db.parameters import DEADLINES, TYPES, ambient, values
from app.db.work import MERCHANT, Actor, Work
from tests.conftest import ROOT


def test_a_parameter_that_is_not_listed_cannot_be_named():
    with pytest.raises(KeyError):
        ambient("tomorrow")


def test_a_work_gives_all_that_are_listed_but_the_deadlines():
    given = values(Work(Actor(MERCHANT, 7, "digest"), writes=False, now=1_700_000_000, request_id="r"))
    assert given.keys() == TYPES.keys() - DEADLINES.keys()
    assert (given["now"], given["actor_id"], given["trusted"]) == (1_700_000_000, 7, False)


def test_statements_take_them_from_the_list():
    """A `bindparam("now")` of its own would have no type, and would not be found when the list changes."""
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "bindparam":
                name = node.args[0]
                assert not (isinstance(name, ast.Constant) and name.value in TYPES), f"{path}:{node.lineno}"
