"""Ambient parameters: listed once, and named by nobody who is not on the list."""

import ast

import pytest
from sqlalchemy import literal, select

from app.db.parameters import ACTOR_ID, DEADLINES, TYPES, ambient, values
from app.db.statement import Statement
from app.db.work import MERCHANT, SYSTEM, Actor, Work
from tests.conftest import ROOT


def test_a_parameter_that_is_not_listed_cannot_be_named():
    with pytest.raises(KeyError):
        ambient("tomorrow")


def test_a_work_gives_all_that_are_listed_but_the_deadlines():
    given = values(Work(Actor(MERCHANT, 7, "digest"), writes=False, now=1_700_000_000, request_id="r"))
    assert given.keys() == TYPES.keys() - DEADLINES.keys()
    assert (given["now"], given["actor_id"], given["trusted"]) == (1_700_000_000, 7, False)


@pytest.mark.parametrize("guarded", [False, True])  # sent as it is, and prepared
def test_no_call_replaces_what_the_work_gives(migrated, guarded):
    statement = Statement(select(literal(0).label("caller_status"), ACTOR_ID.label("actor_id")), guarded=guarded)
    with Work(Actor(SYSTEM, 7), writes=False) as work:
        assert work.one(statement, actor_id=8).actor_id == 7


def test_statements_take_them_from_the_list():
    """A `bindparam("now")` of its own would have no type, and would not be found when the list changes."""
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "bindparam":
                name = node.args[0]
                assert not (isinstance(name, ast.Constant) and name.value in TYPES), f"{path}:{node.lineno}"
