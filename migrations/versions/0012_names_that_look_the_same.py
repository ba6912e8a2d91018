"""Names of accounts and stores that look the same are the same: held by unique indexes of what they have in common.

Those that are taken twice are told apart first: who logged in last keeps the name, the others get their id behind it. Each
change is logged, and is an event of the account.
"""

import logging
import time

import sqlalchemy as sa
from alembic import op

from app.text import cut, one_line

revision = "0012"
down_revision = "0011"

NAMES = (("user", "name", 255), ("user", "storename", 50), ("customer", "name", 255), ("admin", "name", 255))

log = logging.getLogger("alembic.runtime.migration")


def upgrade() -> None:
    for table, column, length in NAMES:
        # Logins wait; what reads goes on.
        op.execute(f'LOCK TABLE "{table}" IN SHARE ROW EXCLUSIVE MODE')
        _clean(table, column, length)
        _tell_apart(table, column, length)
        op.execute(f'CREATE UNIQUE INDEX uq_{table}_{column}_key ON "{table}" ({_key(column)})')


def downgrade() -> None:
    for table, column, _ in NAMES:
        op.drop_index(f"uq_{table}_{column}_key", table)


def _key(name: str) -> str:
    return f"left(lower(normalize({name}, NFKC)), 255)"


def _clean(table: str, column: str, length: int) -> None:
    """Give names the form in which a login looks for them."""
    rows = op.get_bind().execute(sa.text(f'SELECT id, {column} FROM "{table}" ORDER BY id')).fetchall()  # noqa: S608
    for number, name in rows:
        if one_line(name) != name:
            _rename(table, column, length, number, name)


def _tell_apart(table: str, column: str, length: int) -> None:
    newest = "last_login DESC NULLS LAST, id"
    same = f'SELECT id, {column}, row_number() OVER (PARTITION BY {_key(column)} ORDER BY {newest}) AS nth FROM "{table}"'  # noqa: S608
    later = f"SELECT id, {column} FROM ({same}) AS same WHERE nth > 1 ORDER BY id"  # noqa: S608
    rows = op.get_bind().execute(sa.text(later)).fetchall()
    for number, name in rows:
        _rename(table, column, length, number, name)


def _rename(table: str, column: str, length: int, number: int, former: str) -> None:
    connection = op.get_bind()
    taken = sa.text(f'SELECT 1 FROM "{table}" WHERE id <> :id AND {_key(column)} = {_key("CAST(:name AS text)")}')  # noqa: S608
    clean = cut(one_line(former), length)
    endings = [f" ({number})", *(f" ({number}-{more})" for more in range(2, 1000))]
    candidates = [clean or str(number), *(cut(clean, length - len(ending)) + ending for ending in endings)]
    name = next(name for name in candidates if connection.execute(taken, {"id": number, "name": name}).first() is None)
    connection.execute(sa.text(f'UPDATE "{table}" SET {column} = :name WHERE id = :id'), {"id": number, "name": name})  # noqa: S608
    log.warning("%s %s: the %s %r is now %r, as another one looks the same", table, number, column, former, name)
    connection.execute(
        sa.text(
            "INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id, details) VALUES (:time, 'system',"
            " 'change', :table, :id, :business, jsonb_build_object(:column, CAST(:name AS text), :former, CAST(:was AS text)))"
        ),
        {
            "time": int(time.time()),
            "table": table,
            "id": number,
            "business": number if table == "user" else None,
            "column": column,
            "name": name,
            "former": f"former_{column}",
            "was": former,
        },
    )
