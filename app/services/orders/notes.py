"""What a merchant notes on an order, for nobody else to see."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.statement import Statement
from app.db.types import Columns, Expression
from app.db.work import MERCHANT, Work
from app.errors import NotFound
from app.models import Order, OrderNote
from app.services.events import audit
from app.services.ownership import ORDERS, owned

ORDER = Order.__table__
NOTE = OrderNote.__table__


def put(work: Work, order_id: int, *, note: str | None, flag: int) -> None:
    """Note this on the merchant's order, in place of what was noted before; raises NotFound.

    The event is none of the order's, so that neither its timeline nor its `updated_at` tells anybody of it.
    """
    if not work.do(_PUT, order_id=order_id, note=note, flag=flag):
        raise NotFound
    audit.note(work, "change", NOTE.name, order_id, business_id=work.actor.id)


def shown(o: Columns) -> list[Expression]:
    """The columns of a note, as the merchant sees them on the order."""
    note, flag = (
        select(NOTE.c[name]).where(NOTE.c.order_id == o.c.id).correlate(o).scalar_subquery() for name in ("note", "flag")
    )
    return [note.label("note"), func.coalesce(flag, 0).label("flag")]


def _put() -> Statement:
    values = {name: bindparam(name, type_=NOTE.c[name].type) for name in ("note", "flag")}
    mine = (ORDER.c.id == bindparam("order_id"), owned(ORDERS, MERCHANT, ORDER))
    row = insert(NOTE).from_select(
        ["order_id", "business_id", *values], select(ORDER.c.id, ORDER.c.business_id, *values.values()).where(*mine)
    )
    return Statement(row.on_conflict_do_update(index_elements=["order_id"], set_={name: row.excluded[name] for name in values}))


_PUT = _put()
