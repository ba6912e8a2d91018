"""Names for what SQLAlchemy 1.4 gives no usable type: it ships no annotations of its own."""

from typing import Any

Expression = Any  # a column, function or CASE: its operators (==, +, |) return other classes than a checker infers
Condition = Any  # an expression that is true or false; `true()` and `null()` share no class with a comparison
Columns = Any  # a table, CTE or subquery: what has columns at `.c`, each known only by its name
Query = Any  # a SELECT, before it is compiled: its class changes with each clause that is added
SqlType = Any  # a column's type, given as a class or as an instance
JsonText = str  # JSON as PostgreSQL wrote it: answered as it stands, never parsed on the way
