"""Lists: pages with a capped total, or a walk by keyset cursor; newest first unless said, at a cost that does not grow."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, Protocol

import orjson
from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, func, literal, literal_column, select, tuple_

from app.db.caller import proved
from app.db.sql import json_array_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText, Query
from app.db.work import Work
from app.errors import BadCursor, PageTooDeep

CAP = 10_000  # rows that are counted and that pages reach; the contract's cap
MAX_SIZE = 100  # rows of a page
NEWEST = "newest"

# What a page statement is given by `Page.parameters`.
SIZE, SKIP = bindparam("size", type_=Integer), bindparam("skip", type_=Integer)
AFTER_TIME, AFTER_ID = bindparam("after_time", type_=Integer), bindparam("after_id", type_=BigInteger)


class Start(StrEnum):
    """Where a page starts."""

    TOP = "top"  # at the first row
    PAGE = "page"  # after the rows of the pages before
    CURSOR = "cursor"  # after the row that a cursor names


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for: page `number` (from 1), or what follows `cursor`; `sort` names the order."""

    number: int
    size: int
    cursor: str | None = None
    sort: str = NEWEST

    @property
    def start(self) -> Start:
        """Which statement reads it."""
        if self.cursor is not None:
            return Start.CURSOR
        return Start.TOP if self.number == 1 else Start.PAGE

    def parameters(self) -> dict[str, int]:
        """The parameters of a page statement; raises PageTooDeep or BadCursor."""
        if self.cursor is not None:
            time, row_id = _decoded(self.cursor, self.sort)
            return {"size": self.size, "after_time": time, "after_id": row_id}
        if self.number * self.size > CAP:
            raise PageTooDeep
        if self.start is Start.TOP:
            return {"size": self.size}
        return {"size": self.size, "skip": (self.number - 1) * self.size}


class Sorting(NamedTuple):
    """The order of a list: by `by`, an integer from 0 up, if there is one, then by id."""

    by: Expression | None
    ascending: bool = False


class Found(Protocol):
    """The row that a page statement returns."""

    items: JsonText
    total: int  # null on a walk by cursor
    last: str  # where the next page starts; null when fewer rows were found than asked for
    found: int  # rows, up to one more than asked for


class Listing:
    """A list that callers read page by page; each page proves the caller's session in the same statement."""

    def __init__(
        self,
        view: Query,
        row_id: Expression,
        *,
        time: Expression | None = None,
        where: Sequence[Condition] = (),
        filters: Mapping[str, Condition] | None = None,
        sorts: Mapping[str, Sorting] | None = None,
        varied: bool = False,
    ) -> None:
        """`view` selects what is shown of the rows that meet `where`; `time` and `row_id` order them, newest first.

        `filters` are the conditions that a caller may ask for, and `sorts` the other orders, by their names. `varied`: which
        plan is right depends on what is looked for.
        """
        self._view, self._row_id = view, row_id
        self._sorts = {NEWEST: Sorting(time), **(sorts or {})}
        self._where, self._filters = where, filters or {}
        self._varied = varied
        self._statement = lru_cache(maxsize=64)(self._built)

    def page(self, work: Work, page: Page, filters: Mapping[str, object] | None = None, **parameters: object) -> JsonText:
        """The page of the rows that pass all `filters`, as JSON; `parameters` are those of `where`.

        Raises PageTooDeep, BadCursor.
        """
        chosen = filters or {}
        statement = self._statement(work.actor.kind, frozenset(chosen), page.start, page.sort)
        return answer(work.one(statement, **parameters, **chosen, **page.parameters()), page)

    def _built(self, kind: str, filters: frozenset[str], start: Start, sort: str) -> Statement:
        conditions = [*self._where, *(self._filters[name] for name in sorted(filters))]
        total = counted(select(self._row_id).where(*conditions))
        view = self._view.where(*conditions)
        by, ascending = self._sorts[sort]
        return page_statement(
            view,
            by,
            self._row_id,
            total=total,
            start=start,
            kind=kind,
            varied=self._varied,
            ascending=ascending,
        )


def page_statement(
    view: Query,
    time: Expression | None,
    row_id: Expression,
    *,
    total: Expression,
    start: Start,
    kind: str,
    varied: bool = False,
    ascending: bool = False,
    beside: Callable[[Query, Columns], Query] | None = None,
) -> Statement:
    """The statement for one page of `view`: items as JSON, the total (pages only), where the next page starts.

    `time` and `row_id` are the columns that order the list (`time` is None where a table has none);
    `total` is a scalar subquery. `beside` adds to the select of the page's rows what others know of them, which is then not
    looked up for the rows of the pages before.
    """
    keys = [row_id] if time is None else [time, row_id]
    rows = view.add_columns((literal(0) if time is None else time).label("_time"), row_id.label("_id"))
    rows = rows.order_by(*(key if ascending else key.desc() for key in keys))
    if start is Start.CURSOR:
        after = tuple_(*(AFTER_TIME, AFTER_ID)[-len(keys) :])
        rows = rows.where(tuple_(*keys) > after if ascending else tuple_(*keys) < after)
    # The planner takes a parameter for a tenth of the rows: of all, if no literal said that no more than these are read.
    most = CAP if start is Start.PAGE else MAX_SIZE
    reached = rows.limit(most + 1).subquery("reached")
    page = select(*reached.c).limit(SIZE + 1)
    picked = (page.offset(SKIP) if start is Start.PAGE else page).cte("picked")
    shown = [column for column in picked.c if column.name not in ("_time", "_id")]
    rows_shown = select(*shown) if beside is None else beside(select(*shown), picked)
    items = json_array_of(rows_shown.limit(SIZE))
    last = select(func.concat(picked.c._time, ".", picked.c._id)).offset(SIZE - 1).limit(1).scalar_subquery()
    count = select(func.count()).select_from(picked).scalar_subquery()
    counted = literal_column("NULL") if start is Start.CURSOR else total
    columns = (items.label("items"), counted.label("total"), cast(last, Text).label("last"), count.label("found"))
    return Statement(proved(kind, *columns), guarded=True, varied=varied)


def counted(rows: Query) -> Expression:
    """How many rows a select has, as a scalar subquery that stops one past the cap."""
    some = rows.limit(CAP + 1).subquery("counted")
    return select(func.count()).select_from(some).scalar_subquery()


def answer(row: Found, page: Page) -> JsonText:
    """The JSON of a page statement's row."""
    next_cursor = f'"{_encoded(row.last, page.sort)}"' if row.found > page.size else "null"
    if page.cursor is not None:
        return _envelope(row.items, '"total":null,"total_is_capped":false,"page":null,"pages":null', page.size, next_cursor)
    return _envelope(row.items, _position(page.number, page.size, row.total), page.size, next_cursor)


def answer_from_memory(rows: Sequence[object], number: int, size: int) -> JsonText:
    """The JSON of one page of `rows`, all of which are at hand; it has no cursor."""
    start = (number - 1) * size
    items = orjson.dumps(rows[start : start + size]).decode()
    return _envelope(items, _position(number, size, len(rows)), size, "null")


def _position(number: int, size: int, found: int) -> str:
    total = min(found, CAP)
    capped = "true" if found > CAP else "false"
    return f'"total":{total},"total_is_capped":{capped},"page":{number},"pages":{-(-total // size)}'


def _envelope(items: JsonText, position: str, size: int, next_cursor: JsonText) -> JsonText:
    return f'{{"items":{items},{position},"size":{size},"next_cursor":{next_cursor}}}'


def _encoded(key: str, sort: str) -> str:
    """The cursor of a place in a list; one of another order does not fit."""
    text = key if sort == NEWEST else f"{key}.{sort}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str, sort: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        time, row_id = (int(part) for part in text.split(".")[:2])
    except (binascii.Error, ValueError):
        raise BadCursor(field="cursor") from None
    if not (0 <= time < 2**31 and 0 <= row_id < 2**63) or _encoded(f"{time}.{row_id}", sort) != cursor:
        raise BadCursor(field="cursor")
    return time, row_id
