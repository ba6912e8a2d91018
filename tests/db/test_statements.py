"""What holds for each statement that a process may run."""

import gc
import importlib
import pkgutil
import re
from collections import Counter

import pytest

import app
from app.db.caller import ACCOUNTS
from app.db.statement import Statement
from app.services.lifecycle.engine import Lifecycle

pytestmark = pytest.mark.long
ROWS = re.compile(r"(?:json_to_recordset|unnest)\(CAST\(%\((\w+)\)s")


def of_kind(kind):
    return [each for each in gc.get_objects() if isinstance(each, kind)]


def statements():
    """Those that modules make at import, and those that lifecycles make when a move is first asked for."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    yield from of_kind(Statement)
    for lifecycle in of_kind(Lifecycle):
        for move in lifecycle.moves:
            for kind in move.who if move.source else ():
                names = tuple(name for name in ("logistic_id",) if name in lifecycle.table.c)
                yield lifecycle._compile_lone(move, kind)
                yield lifecycle._compile_checks(move.verb, kind)
                yield lifecycle._compile_many(move, kind, names)
                if kind in ACCOUNTS:
                    yield lifecycle._compile_many(move, kind, names, concurrent=True)
                    yield lifecycle._compile_many(move, kind, names, concurrent=True, keyed=True)


def test_rows_that_are_given_are_read_in_one_place():
    """A subquery that reads them anew, where it means the row that it is asked for, sees all of them."""
    found = list(statements())
    given = [Counter(ROWS.findall(statement.sql)) for statement in found]
    assert sum(map(bool, given)) > 50
    again = {statement.sql for statement, rows in zip(found, given, strict=True) if max(rows.values(), default=0) > 1}
    assert not again
