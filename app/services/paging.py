"""Lists: pages with a capped total, or a walk by keyset cursor; newest first, at a cost that does not grow."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, literal, literal_column, select, tuple_

from app.db.caller import proved
from app.db.sql import json_array_of
from app.db.statement import Statement
from app.errors import BadCursor, PageTooDeep

CAP = 10_000  # rows that are counted and that pages reach; the contract's cap


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: page `number` (from 1), or what follows `cursor`."""

    number: int
    size: int
    cursor: str | None = None

    def parameters(self) -> dict[str, int]:
        """The parameters of a page statement; raises PageTooDeep or BadCursor."""
        if self.cursor is not None:
            time, row_id = _decoded(self.cursor)
            return {"size": self.size, "after_time": time, "after_id": row_id}
        if self.number * self.size > CAP:
            raise PageTooDeep
        return {"size": self.size, "skip": (self.number - 1) * self.size}


def page_statement(
    view: Any, time: Any, row_id: Any, *, total: Any, by_cursor: bool, kind: str, varied: bool = False
) -> Statement:
    """The statement for one page of `view`: items as JSON, the total (pages only), where the next page starts.

    `time` and `row_id` are the columns that order the list (`time` is None where a table has none);
    `total` is a scalar subquery.
    """
    order = [row_id] if time is None else [time, row_id]
    rows = view.add_columns((literal(0) if time is None else time).label("_time"), row_id.label("_id"))
    rows = rows.order_by(*(column.desc() for column in order))
    if by_cursor:
        after = [bindparam("after_id")] if time is None else [bindparam("after_time"), bindparam("after_id")]
        rows = rows.where(tuple_(*order) < tuple_(*after))
    else:
        rows = rows.offset(bindparam("skip"))
    picked = rows.limit(bindparam("size") + 1).cte("picked")
    shown = [column for column in picked.c if column.name not in ("_time", "_id")]
    items = json_array_of(select(*shown).limit(bindparam("size")))
    last = select(func.concat(picked.c._time, ".", picked.c._id)).offset(bindparam("size") - 1).limit(1).scalar_subquery()
    count = select(func.count()).select_from(picked).scalar_subquery()
    counted = literal_column("NULL") if by_cursor else total
    columns = (items.label("items"), counted.label("total"), cast(last, Text).label("last"), count.label("found"))
    return Statement(proved(kind, *columns), guarded=True, varied=varied)


def counted(rows: Any) -> Any:
    """How many rows a select has, as a scalar subquery that stops one past the cap."""
    some = rows.limit(CAP + 1).subquery("counted")
    return select(func.count()).select_from(some).scalar_subquery()


def answer(row: Any, page: Page) -> str:
    """The JSON of a page statement's row."""
    more = row.found > page.size
    next_cursor = f'"{_encoded(row.last)}"' if more else "null"
    if page.cursor is not None:
        position = '"total":null,"total_is_capped":false,"page":null,"pages":null'
    else:
        total = min(row.total, CAP)
        capped = "true" if row.total > CAP else "false"
        position = f'"total":{total},"total_is_capped":{capped},"page":{page.number},"pages":{-(-total // page.size)}'
    return f'{{"items":{row.items},{position},"size":{page.size},"next_cursor":{next_cursor}}}'


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        time, row_id = (int(part) for part in text.split("."))
    except (binascii.Error, ValueError):
        raise BadCursor(field="cursor") from None
    if not (0 <= time < 2**31 and 0 <= row_id < 2**63) or _encoded(f"{time}.{row_id}") != cursor:
        raise BadCursor(field="cursor")
    return time, row_id
