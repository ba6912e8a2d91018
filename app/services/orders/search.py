"""Searching a merchant's orders by part of the receiver or of the order number, without reading all orders.

`order_search` indexes every part of up to three characters (made by `order_grams`, in the migrations) with its merchant and
its field. The index finds the orders that contain all parts of the search text; the orders themselves say whether these
parts are next to each other. If it finds more orders than a list counts, reading from the newest order on is faster.
"""

from collections.abc import Container, Mapping
from functools import lru_cache

from sqlalchemy import Integer, Text, bindparam, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.caller import proved
from app.db.statement import Statement
from app.db.types import Condition, Expression
from app.db.work import MERCHANT, Work
from app.models import Order, OrderSearch
from app.services.orders import receivers
from app.services.paging import CAP

ORDER = Order.__table__
SEARCH = OrderSearch.__table__
LONGEST = 3  # characters of an indexed part; for a search text of up to that length the index alone decides

# The fields that each filter searches, by their marks in the index; a phone as the buyer wrote it, and as the column has it.
SEARCHED: dict[str, dict[str, tuple[Expression, ...]]] = {
    "order_number": {"o": (ORDER.c.order_number,)},
    "receiver": {"n": (receivers.whole("name"),), "p": (ORDER.c.receiver_phone, receivers.whole("phone"))},
}
FOUND = ORDER.c.id == func.any(cast(bindparam("found"), ARRAY(Integer)))

# How a list reads its orders: from the newest on, by the ids that the index found, or from the newest on without counting.
WALK, LOOK_UP, WALK_CAPPED = "walk", "look up", "walk capped"


def contains(name: str) -> Condition:
    """Whether an order contains the parameter `name` (of SEARCHED), ignoring case."""
    part = func.lower(cast(bindparam(name), Text))
    fields = [field for of_mark in SEARCHED[name].values() for field in of_mark]
    return or_(*(func.strpos(func.lower(field), part) > 0 for field in fields))


def merchant_of(kind: str, filters: Container[str]) -> str | None:
    """The parameter with the merchant whose orders are searched; None across all merchants, where the index does not help."""
    return "actor_id" if kind == MERCHANT else "business_id" if "business_id" in filters else None


def look_up(work: Work, filters: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """How to read the list that the filters describe, and the parameters of FOUND if it is by look-up."""
    names = filters.keys() & SEARCHED.keys()
    merchant = merchant_of(work.actor.kind, filters)
    if not names or merchant is None:
        return WALK, {}
    row = work.one(_look_up(work.actor.kind, merchant, frozenset(names)), **filters)
    if row.number <= CAP:
        return LOOK_UP, {"found": row.ids}
    certain = all(len(str(filters[name])) <= LONGEST for name in names) and filters.keys() - names <= {"business_id"}
    return (WALK_CAPPED if certain else WALK), {}


def merge(work: Work) -> int:
    """Merge the pending entries of the index, so that no buyer has to wait for it; the number of pages."""
    return int(work.one(_MERGE).pages)


@lru_cache(maxsize=16)
def _look_up(kind: str, merchant: str, names: frozenset[str]) -> Statement:
    named = [SEARCH.c.grams.op("@@")(_query(name, bindparam(merchant))) for name in sorted(names)]
    hits = select(SEARCH.c.order_id).where(*named).limit(CAP + 1).cte("hits")
    ids = cast(func.coalesce(func.array_agg(hits.c.order_id), cast("{}", ARRAY(Integer))), Text)
    columns = (
        select(ids).scalar_subquery().label("ids"),
        select(func.count()).select_from(hits).scalar_subquery().label("number"),
    )
    return Statement(proved(kind, *columns), guarded=True, varied=True)


def _query(name: str, business_id: Expression) -> Expression:
    first, *others = (func.order_query(business_id, literal(mark), cast(bindparam(name), Text)) for mark in SEARCHED[name])
    for other in others:
        first = first.op("||")(other)
    return first


_MERGE = Statement(select(func.gin_clean_pending_list("ix_order_search_grams").label("pages")))
