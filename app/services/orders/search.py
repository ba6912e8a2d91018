"""Finding a merchant's orders by part of the receiver or the order number, without reading all of them.

`order_search` holds every part of up to three characters (the migrations' `order_grams` makes them), each marked with its
merchant and its field. It names the orders that have all parts of what is looked for; whether the parts stand in a row
is seen in the order itself. What more orders have than a list counts is found soonest by walking from the newest.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Text, bindparam, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.caller import proved
from app.db.statement import Statement
from app.db.work import MERCHANT, Work
from app.models import Order, OrderSearch
from app.services.paging import CAP

ORDER = Order.__table__
SEARCH = OrderSearch.__table__
LONGEST = 3  # characters of the parts that the index holds: for such a search it is certain

# What each filter looks into, and the marks of these fields in the index.
SEARCHED = {
    "order_number": {"o": ORDER.c.order_number},
    "receiver": {"n": ORDER.c.receiver_name, "p": ORDER.c.receiver_phone},
}
FOUND = ORDER.c.id == func.any(cast(bindparam("found"), ARRAY(Integer)))

# How a list gets at its orders: from the newest on, from what the index named, or from the newest on with a total past the cap.
WALK, LOOK_UP, WALK_CAPPED = "walk", "look up", "walk capped"


def contains(name: str) -> Any:
    """The condition that an order contains the parameter `name` (of SEARCHED), in any case."""
    part = func.lower(cast(bindparam(name), Text))
    return or_(*(func.strpos(func.lower(column), part) > 0 for column in SEARCHED[name].values()))


def merchant_of(kind: str, filters: Any) -> str | None:
    """The parameter that says whose orders are searched; None across all merchants, where nothing is indexed."""
    return "actor_id" if kind == MERCHANT else "business_id" if "business_id" in filters else None


def look_up(work: Work, filters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """How to list what the filters ask for, and the parameters of FOUND where it is by look-up."""
    names = filters.keys() & SEARCHED.keys()
    merchant = merchant_of(work.actor.kind, filters)
    if not names or merchant is None:
        return WALK, {}
    row = work.one(_look_up(work.actor.kind, merchant, frozenset(names)), **filters)
    if row.number <= CAP:
        return LOOK_UP, {"found": row.ids}
    certain = all(len(filters[name]) <= LONGEST for name in names) and filters.keys() - names <= {"business_id"}
    return (WALK_CAPPED if certain else WALK), {}


def merge(work: Work) -> int:
    """Merge into the index what it has gathered since the last time, so that no one who orders has to; in pages."""
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


def _query(name: str, business_id: Any) -> Any:
    first, *others = (func.order_query(business_id, literal(mark), cast(bindparam(name), Text)) for mark in SEARCHED[name])
    for other in others:
        first = first.op("||")(other)
    return first


_MERGE = Statement(select(func.gin_clean_pending_list("ix_order_search_grams").label("pages")))
