"""What PostgreSQL does for a statement of ours: its plan, and the rows that it reads of each table."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.db.statement import Statement
from app.db.work import Actor, Work
from app.services.paging import Page


def explained(work: Work, statement: Statement, **parameters: Any) -> dict[str, Any]:
    """The plan of a statement as it is run, prepared or not, for a first page of 20 unless said."""
    given = {**statement.values, **work._parameters, **Page(1, 20).parameters(), **parameters}
    work._open(transaction=False)
    kept = statement.kept and work._prepared(statement)
    work._cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + (statement.call if kept else statement.sql), given)
    [(plan,)] = work._cursor.fetchall()
    return dict(plan[0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def rows_read(plan: dict[str, Any]) -> Counter[str]:
    """The number of rows read of each table, those that did not fit included; "join" counts the pairs that did not fit."""
    read: Counter[str] = Counter()
    for node in nodes(plan):
        read["join"] += int(node.get("Rows Removed by Join Filter", 0) * node["Actual Loops"])
        if "Relation Name" in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            read[node["Relation Name"]] += int(rows * node["Actual Loops"])
    return read


class Counting(Work):
    """Work that counts in `read` the rows that each of its statements with one row reads, as `rows_read` does."""

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor, writes=False)
        self.read: Counter[str] = Counter()

    def one(self, statement: Statement, **parameters: Any) -> Any:
        self.read += rows_read(explained(self, statement, **parameters))
        return super().one(statement, **parameters)
