"""Pieces of SQL that many statements are made of: rows as JSON, and JSON as rows."""

from typing import Any

from sqlalchemy import JSON, Text, bindparam, cast, func, literal_column, select

AS_JSON = cast(func.row_to_json(literal_column("v")), Text)  # the row of a subquery `v`


def json_of(view: Any) -> Any:
    """The one row of `view` as JSON text, written by PostgreSQL; null when there is none."""
    row = view.subquery("v")
    return select(AS_JSON).select_from(row).scalar_subquery()


def json_array_of(view: Any) -> Any:
    """The rows of `view` as a JSON array, in their order."""
    rows = view.subquery("v")
    array = func.coalesce(func.json_agg(func.row_to_json(literal_column("v"))), literal_column("'[]'::json"))
    return select(cast(array, Text)).select_from(rows).scalar_subquery()


def rows_of(parameter: str, columns: list[Any]) -> Any:
    """The rows that are given as one JSON array of objects, with these columns."""
    given = func.json_to_recordset(cast(bindparam(parameter), JSON))
    return given.table_valued(*columns).render_derived(name="given", with_types=True)
