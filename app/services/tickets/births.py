"""How a ticket is born: asked for by the buyer, or settled at once when the merchant cancels the order."""

from sqlalchemy import Float, String, bindparam, cast, func, insert, literal, null, select

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import Expression
from app.models import Order
from app.models.except_order import REFUND_ONLY
from app.services.events.record import noted_from
from app.services.tickets import given_back
from app.services.tickets.states import LIFECYCLE, TICKET

ORDER = Order.__table__


def _asked() -> Statement:
    reason = cast(bindparam("back_reason"), String)
    return _born("apply", {"except_type": cast(bindparam("except_type"), String), "back_reason": reason})


def _cancelled() -> Statement:
    remark = cast(bindparam("remark"), String)
    given = {"except_type": literal(REFUND_ONLY), "back_reason": remark, "remark": remark, "close_time": NOW}
    return _born("cancel", given)


def _born(verb: str, values: dict[str, Expression]) -> Statement:
    """Writes the ticket of the order `order_id` over `back_cost` yuan, and its event; no row if less is left to refund."""
    back_cost = cast(bindparam("back_cost"), Float)
    written = {
        "order_id": ORDER.c.id,
        "business_id": ORDER.c.business_id,
        "status": literal(LIFECYCLE.opening(verb)),
        "create_time": NOW,
        "back_cost": back_cost,
        **values,
    }
    left = given_back.cents(ORDER.c.pay_count) - given_back.money(ORDER.c.id) >= given_back.cents(back_cost)
    rows = select(*(value.label(name) for name, value in written.items())).where(ORDER.c.id == bindparam("order_id"), left)
    born = insert(TICKET).from_select(list(written), rows).returning(*TICKET.c).cte("born")
    details = (born.c.except_type, born.c.back_cost, *((born.c.remark,) if "remark" in values else ()))
    noted = noted_from(
        born,
        verb=verb,
        subject=TICKET.name,
        from_status=null(),
        to_status=LIFECYCLE.opening(verb),
        details=func.jsonb_build_object(*(part for column in details for part in (literal(column.name), column))),
        business_id=born.c.business_id,
        order_id=born.c.order_id,
    )
    number = select(func.count()).select_from(noted).scalar_subquery()
    return Statement(select(born.c.id, number.label("noted")))


ASKED = _asked()
CANCELLED = _cancelled()
