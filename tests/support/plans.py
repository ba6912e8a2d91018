"""What PostgreSQL does for a statement of ours: its plan, and the rows that it reads of each table."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from app.db.statement import Statement
from app.db.work import Work
from app.services.paging import Page


def explained(work: Work, sql: Callable[..., list[tuple]], statement: Statement, **parameters: Any) -> dict[str, Any]:
    """The plan of a statement as it is run, for a first page of 20 unless said."""
    values = {**statement.values, **work._parameters, **Page(1, 20).parameters(), **parameters}
    names = re.findall(r"%\((\w+)\)s", statement.sql)
    text = re.sub(r"%\(\w+\)s", "%s", statement.sql)
    [(plan,)] = sql("EXPLAIN (ANALYZE, FORMAT JSON) " + text, *(values[name] for name in names))
    return dict(plan[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def rows_read(plan: dict[str, Any]) -> Counter[str]:
    """The number of rows read of each table, those that did not fit included."""
    read: Counter[str] = Counter()
    for node in nodes(plan):
        if "Relation Name" in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            read[node["Relation Name"]] += int(rows * node["Actual Loops"])
    return read
