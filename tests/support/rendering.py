"""The big statements as SQL to read, every known value in its place; `make snapshots` writes them to `tests/snapshots`."""

from pathlib import Path

import sqlglot
from psycopg2.extensions import adapt
from sqlglot import exp

from app.db.parameters import DEADLINES
from app.db.statement import Statement
from app.db.work import MERCHANT
from app.services.orders import placing
from app.services.orders import queries as orders
from app.services.orders.states import LIFECYCLE, TRACKING
from app.services.paging import Start
from app.services.statistics import reports
from app.services.sweeping.sweep import SWEEPS
from app.services.tickets import queries as tickets
from app.services.webhooks import leases

FOLDER = Path(__file__).parent.parent / "snapshots"
ALL: frozenset[str] = frozenset()
SHIPMENT = (*TRACKING, "deliver_address")


def statements() -> dict[str, Statement]:
    """The statements that are kept, by the name of their file."""
    ship = LIFECYCLE._moves_of(MERCHANT, "ship")[0]
    return {
        "place": placing._PLACE.plain,
        "place_keyed": placing._PLACE.keyed,
        "ship_one": LIFECYCLE._compile_lone(ship, MERCHANT),
        "ship_many": LIFECYCLE._compile_many(ship, MERCHANT, SHIPMENT),
        "ship_concurrently": LIFECYCLE._compile_many(ship, MERCHANT, SHIPMENT, concurrent=True),
        "ship_concurrently_keyed": LIFECYCLE._compile_many(ship, MERCHANT, SHIPMENT, concurrent=True, keyed=True),
        "orders": orders._list(MERCHANT, ALL, Start.TOP),
        "order": orders._one(MERCHANT),
        "order_untouched": orders._untouched(MERCHANT),
        "tickets": tickets._list(MERCHANT, ALL, Start.TOP),
        "statistics_overview": reports._overview(MERCHANT),
        **{f"sweep_{name}": sweep.due for name, sweep in SWEEPS.items()},
        "webhooks_lease": leases._LEASE,
        "webhooks_due": leases._DUE,
    }


def rendered(statement: Statement) -> str:
    """Its SQL. What a call gives is `%(name)s`, and so is a deadline; a column that keeps its name is shown without `AS`."""
    values = {name: _literal(value) for name, value in statement.values.items()}
    sql = statement.sql % (values | {name: f"%({name})s" for name in (*statement.parameters, *DEADLINES)})
    tree = sqlglot.parse_one(sql, dialect="postgres").transform(_without_own_name)
    return tree.sql(dialect="postgres", pretty=True, max_text_width=100, normalize_functions=False) + "\n"


def _literal(value: object) -> str:
    quoted = adapt(value)
    if isinstance(value, str):
        quoted.encoding = "utf-8"
    return quoted.getquoted().decode()


def _without_own_name(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Alias) and isinstance(node.this, exp.Column) and node.this.name == node.alias:
        return node.this
    return node


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.sql"):
        old.unlink()
    for name, statement in statements().items():
        (FOLDER / f"{name}.sql").write_text(rendered(statement), encoding="utf-8")


if __name__ == "__main__":
    write()
