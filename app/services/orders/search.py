"""Finding a merchant's orders by what an index of its own knows, without reading all orders.

`order_search` indexes every part of up to four characters of the receiver and the order number (made by `order_grams`, in the
migrations) with its merchant and its field, and `parcel_search` those of the tracking number. The index finds the orders that
contain all parts of the search text; the orders themselves say whether these parts are next to each other. What was bought is
found by the names of the merchant's products. If an index finds more orders than a list counts, reading from the newest order
on is faster.

A long text is first looked up by its last two parts: numbers have their beginning in common, and reading the long lists of
what is in many orders costs the most. If that finds too many, all parts are asked for.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import JSON, Integer, Text, bindparam, cast, func, literal, literal_column, or_, select, union, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.caller import proved
from app.db.sql import contains as has_part
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, Query
from app.db.work import MERCHANT, Work
from app.models import Order, OrderNote, OrderSearch, ParcelSearch, Product, ProductName, Sku
from app.services.orders import receivers
from app.services.paging import CAP

ORDER = Order.__table__
SEARCH = OrderSearch.__table__
PARCELS = ParcelSearch.__table__
PRODUCT = Product.__table__
NAMES = ProductName.__table__
SKU = Sku.__table__
NOTE = OrderNote.__table__
LONGEST = 4  # characters of an indexed part; for a search text of up to that length the index alone decides

# The fields that each filter searches, by their marks in the index; a phone as the buyer wrote it, and as the column has it.
SEARCHED: dict[str, dict[str, tuple[Expression, ...]]] = {
    "order_number": {"o": (ORDER.c.order_number,)},
    "receiver": {"n": (receivers.whole("name"),), "p": (ORDER.c.receiver_phone, receivers.whole("phone"))},
}
WORD, TRACKING, FLAG = "q", "logistic_order_id", "flag"
# The filters that an index finds orders by.
INDEXED = frozenset({*SEARCHED, WORD, TRACKING, FLAG})
FOUND = ORDER.c.id == func.any(cast(bindparam("found"), ARRAY(Integer)))


class LookUp(NamedTuple):
    """The function that asks the index for a text, and the most orders that it may find."""

    function: str
    most: int


BY_END = LookUp("order_query_of_end", 1_000)  # few of those that are found, and then read, may have all of the text
BY_ALL = LookUp("order_query", CAP)

# How a list reads its orders: from the newest on, by the ids that the index found, or from the newest on without counting.
WALK, LOOK_UP, WALK_CAPPED = "walk", "look up", "walk capped"


def contains(name: str) -> Condition:
    """Whether an order contains the parameter `name` (of SEARCHED), ignoring case."""
    return _has_part([field for of_mark in SEARCHED[name].values() for field in of_mark], name)


def contains_word() -> Condition:
    """Whether an order contains `q`: in its number, its receiver's name or phone, its tracking number or its product's name."""
    searched = [field for fields in SEARCHED.values() for of_mark in fields.values() for field in of_mark]
    bought = cast(ORDER.c.sku_snapshot, JSON)["product_name"].as_string()
    return _has_part([*searched, ORDER.c.logistic_order_id, bought], WORD)


def has_flag() -> Condition:
    """Whether the merchant has put the flag `flag` on the order."""
    return select(NOTE.c.order_id).where(NOTE.c.order_id == ORDER.c.id, NOTE.c.flag == bindparam(FLAG)).exists()


def has_no_flag() -> Condition:
    return ~select(NOTE.c.order_id).where(NOTE.c.order_id == ORDER.c.id, NOTE.c.flag > 0).exists()


def _has_part(fields: list[Expression], name: str) -> Condition:
    part = func.lower(cast(bindparam(name), Text))
    return or_(*(func.strpos(func.lower(field), part) > 0 for field in fields))


def merchant_of(kind: str, filters: Container[str]) -> str | None:
    """The parameter with the merchant whose orders are searched; None across all merchants, where the index does not help."""
    return "actor_id" if kind == MERCHANT else "business_id" if "business_id" in filters else None


def look_up(work: Work, filters: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """How to read the list that the filters describe, and the parameters of FOUND if it is by look-up.

    Of several indexes, the one that finds the fewest is used; the list's conditions do the rest.
    """
    names = filters.keys() & INDEXED
    merchant = merchant_of(work.actor.kind, filters)
    if not names or merchant is None:
        return WALK, {}
    is_long = any(len(str(filters[name])) > 2 * LONGEST for name in names)
    for by in (BY_END, BY_ALL) if is_long else (BY_ALL,):
        ids = work.one(_look_up(work.actor.kind, merchant, frozenset(names), by), **filters).ids
        if ids is not None:
            return LOOK_UP, {"found": ids}
    alone = names <= SEARCHED.keys() and filters.keys() - names <= {"business_id"}
    certain = alone and all(len(str(filters[name])) <= LONGEST for name in names)
    return (WALK_CAPPED if certain else WALK), {}


def merge(work: Work) -> int:
    """Merge the pending entries of the indexes, so that no buyer has to wait for it; the number of pages."""
    return int(work.one(_MERGE).pages)


@lru_cache(maxsize=64)
def _look_up(kind: str, merchant: str, names: frozenset[str], by: LookUp) -> Statement:
    """The ids that the index which finds the fewest has found; null if they are too many."""
    ids = func.coalesce(func.array_agg(literal_column("order_id")), cast("{}", ARRAY(Integer)))
    found = [
        select(ids.label("ids"), func.count().label("number")).select_from(_few(rows, by))
        for rows in _indexes(merchant, names, by)
    ]
    each = (found[0] if len(found) == 1 else union_all(*found)).subquery("each")
    fewest = select(cast(each.c.ids, Text)).where(each.c.number <= by.most).order_by(each.c.number).limit(1)
    return Statement(proved(kind, fewest.scalar_subquery().label("ids")), guarded=True, varied=True)


def _indexes(merchant: str, names: frozenset[str], by: LookUp) -> Iterator[Query]:
    """For each index that knows of the filters, the select of the ids that it finds."""
    business_id = bindparam(merchant)
    in_one = sorted(names & SEARCHED.keys())
    if in_one:
        grams = [SEARCH.c.grams.op("@@")(_query(business_id, SEARCHED[name], name, by)) for name in in_one]
        yield select(SEARCH.c.order_id).where(*grams)
    if TRACKING in names:
        yield _parcels(business_id, TRACKING, by)
    if FLAG in names:
        yield select(NOTE.c.order_id).where(NOTE.c.business_id == business_id, NOTE.c.flag == bindparam(FLAG), NOTE.c.flag > 0)
    if WORD in names:
        marks = [mark for of_filter in SEARCHED.values() for mark in of_filter]
        ordered = select(SEARCH.c.order_id).where(SEARCH.c.grams.op("@@")(_query(business_id, marks, WORD, by)))
        places = (ordered, _parcels(business_id, WORD, by), _bought(business_id))
        yield select(union(*(select(_few(rows, by).c.order_id) for rows in places)).subquery("any").c.order_id)


def _few(rows: Query, by: LookUp) -> Columns:
    """As many of the ids as tell whether they are too many."""
    return rows.limit(by.most + 1).subquery("few")


def _parcels(business_id: Expression, name: str, by: LookUp) -> Query:
    return select(PARCELS.c.order_id).where(PARCELS.c.grams.op("@@")(_query(business_id, "t", name, by)))


def _bought(business_id: Expression) -> Query:
    """The orders of the SKUs whose product has, or had, a name with `q` in it."""
    of_product = SKU.join(PRODUCT, PRODUCT.c.id == SKU.c.product_id).join(NAMES, NAMES.c.product_id == PRODUCT.c.id)
    skus = select(SKU.c.id).select_from(of_product).where(PRODUCT.c.business_id == business_id, has_part(NAMES.c.name, WORD))
    return select(ORDER.c.id.label("order_id")).where(ORDER.c.sku_id == func.any(func.array(skus.scalar_subquery())))


def _query(business_id: Expression, marks: Iterable[str], name: str, by: LookUp) -> Expression:
    query = getattr(func, by.function)
    first, *others = (query(business_id, literal(mark), cast(bindparam(name), Text)) for mark in marks)
    for other in others:
        first = first.op("||")(other)
    return first


_MERGE = Statement(
    select(
        (func.gin_clean_pending_list("ix_order_search_grams") + func.gin_clean_pending_list("ix_parcel_search_grams")).label(
            "pages"
        )
    )
)
