"""Pieces of SQL that many statements are made of: rows as JSON, and JSON or arrays as rows."""

from collections.abc import Mapping

from sqlalchemy import JSON, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnClause

from app.db.types import Columns, Condition, Expression, Query

AS_JSON = cast(func.row_to_json(literal_column("v")), Text)  # the row of a subquery `v`


def json_of(view: Query) -> Expression:
    """The one row of `view` as JSON text, written by PostgreSQL; null when there is none."""
    row = view.subquery("v")
    return select(AS_JSON).select_from(row).scalar_subquery()


def json_array(view: Query) -> Expression:
    """The rows of `view` as a JSON array, in their order; empty when there are none."""
    rows = view.subquery("v")
    array = func.coalesce(func.json_agg(func.row_to_json(literal_column("v"))), literal_column("'[]'::json"))
    return select(array).select_from(rows).scalar_subquery()


def json_array_of(view: Query) -> Expression:
    """As `json_array`, but as text."""
    return cast(json_array(view), Text)


def rows_of(parameter: str, columns: list[ColumnClause]) -> Columns:
    """The rows that are given as one JSON array of objects, with these columns."""
    given = func.json_to_recordset(cast(bindparam(parameter), JSON))
    return given.table_valued(*columns).render_derived(name="given", with_types=True)


def unnest(columns: Mapping[str, ColumnClause], *, name: str = "given") -> Columns:
    """The rows that are given as one array for each column; `columns` maps each array's parameter to the column it fills."""
    arrays = [cast(bindparam(parameter), ARRAY(column.type)) for parameter, column in columns.items()]
    return func.unnest(*arrays).table_valued(*columns.values()).render_derived(name=name)


def is_among(column: Expression, parameter: str) -> Condition:
    """The condition that `column` has one of the values in the array that is given as `parameter`."""
    return column == func.any(bindparam(parameter, type_=ARRAY(column.type)))


def contains(column: Expression, parameter: str) -> Condition:
    """The condition that the text given as `parameter` is part of `column`, in upper or lower case."""
    return func.strpos(func.lower(column), func.lower(bindparam(parameter, type_=Text))) > 0


def name_key(name: Expression) -> Expression:
    """What names that look the same have in common, as the unique indexes of names have it (`app/models/base.py`)."""
    return func.left(func.lower(func.normalize(name, literal_column("NFKC"))), 255)
