"""The statement that turns purchases into orders (stock, movements, orders, events), and the one that says why it did not."""

from sqlalchemy import (
    Float,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    false,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnClause

from app.db.parameters import NOW
from app.db.sql import AS_JSON, is_among, json_of, rows_of
from app.db.statement import Statement
from app.db.types import Columns, Expression, Query
from app.db.work import PLATFORM
from app.errors import OrderDiffers, OutOfStock, UnknownCustomer, UnknownSku
from app.models import Customer, Event, Order, OrderReceiver, Product, Sku
from app.services import idempotency
from app.services.catalogue import low_stock, stock
from app.services.catalogue.removal import sku_is_removed
from app.services.events.record import noted_from
from app.services.orders.purchases import Purchase
from app.services.orders.receivers import Receiver
from app.services.orders.states import LIFECYCLE

ORDER = Order.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__
RECEIVER = OrderReceiver.__table__
CUSTOMER = Customer.__table__
EVENT = Event.__table__

REMOVED = "removed"
WHOLE_RECEIVER = tuple(f"whole_{name}" for name in Receiver._fields)


def placement(*, waits: bool, keyed: bool = False) -> Statement:
    """Places the `purchases` that can be placed; returns `order_number` and `body` (JSON text) of each order.

    `keyed`, it keeps the answers to those that came with an Idempotency-Key, and does not place them if that was used.

    Purchases of one SKU take its stock in the order in which they are given; one that needs more than is left is not placed.
    SKUs locked by other transactions are waited for, or else skipped. SKUs are locked in the order of their ids, so that two
    of these statements never deadlock.
    """
    claim = idempotency.CLAIM if keyed else ()
    asked = _asked(claim)
    free = [idempotency.is_free(asked)] if keyed else []
    wanted = _wanted(asked, _locked(waits)).where(*free).cte("wanted")
    fitting = select(wanted).where(wanted.c.stock >= 0).cte("fitting")
    sold = select(fitting.c.sku_id, func.sum(fitting.c.num).label("num")).group_by(fitting.c.sku_id).cte("sold")
    taken = stock.taken_by(-sold.c.num, SKU.c.id == sold.c.sku_id)
    bought = select(fitting).join(taken, taken.c.id == fitting.c.sku_id).cte("bought")
    placed = _orders_of(bought)
    kept = _kept(placed, bought)
    change = select(
        bought,
        bought.c.sku_id.label("id"),
        (-bought.c.num).label("delta"),
        literal(stock.ORDERED, Text).label("reason"),
        bought.c.order_number.label("reference"),
    )
    each = change.subquery("each")
    noted = _noted(placed, bought, each)
    moved = stock.movement_of(
        each, each.c.delta, reason=each.c.reason, reference=each.c.reference, business_id=each.c.business_id
    )
    low = low_stock.crossing(change)
    answers = _answers(placed, bought, kept, noted, moved, low, claim=claim)
    return Statement(idempotency.kept(answers) if keyed else answers, whole=True)


def placement_of_removed() -> Statement:
    """Places the `purchases` of goods that were removed and whose stock is gone: they were paid, so they come in without it.

    Returns what `placement` does.
    """
    asked = _asked()
    bought = _wanted(asked, SKU).where(sku_is_removed(SKU.c.id), SKU.c.stock < asked.c.num).cte("bought")
    placed = _orders_of(bought)
    return Statement(_answers(placed, bought, _kept(placed, bought), _noted(placed, bought)), whole=True)


def verdict() -> Statement:
    """For each of the `purchases`, returns the `body` of the order that it was placed as before, or else the `refusal`.

    `refusal` is the code of an error, REMOVED for `placement_of_removed`, null if the purchase could be placed now.
    """
    asked = select(_asked()).cte("asked")
    digest = select(EVENT.c.details["digest"].astext).where(EVENT.c.order_id == ORDER.c.id, EVENT.c.verb == "place")
    same = digest.limit(1).scalar_subquery() == asked.c.digest
    before = select(*LIFECYCLE.view(ORDER, PLATFORM)).where(ORDER.c.order_number == asked.c.order_number, same)
    body = json_of(before.correlate(asked)).label("body")
    return Statement(select(asked.c.order_number, body, _refusal(asked).label("refusal")), whole=True)


def _refusal(asked: Columns) -> Expression:
    number = select(ORDER.c.id).where(ORDER.c.order_number == asked.c.order_number).scalar_subquery()
    left = select(SKU.c.stock).where(SKU.c.id == asked.c.sku_id).scalar_subquery()
    return case(
        (number.isnot(None), OrderDiffers.code),
        (left.is_(None), UnknownSku.code),
        (_customer(asked).scalar_subquery().is_(None), UnknownCustomer.code),
        (and_(left < asked.c.num, sku_is_removed(asked.c.sku_id)), REMOVED),
        (left < asked.c.num, OutOfStock.code),
    )


def _asked(claim: tuple[ColumnClause, ...] = ()) -> Columns:
    """The purchases, given as one JSON array, with the columns of a `claim`."""
    of_order = [column(name, ORDER.c[name].type) for name in Purchase.__slots__]
    more = [column(name, Text) for name in ("digest", "request_id", *WHOLE_RECEIVER)]
    columns = [column("position", Integer), *of_order, *more, *claim]
    return rows_of("purchases", columns)


def _locked(waits: bool) -> Columns:
    """The SKUs, given as an array of ids; one that is sold out is not locked."""
    rows = select(SKU).where(is_among(SKU.c.id, "sku_ids"), SKU.c.stock > 0).order_by(SKU.c.id)
    return rows.with_for_update(key_share=True, skip_locked=not waits).cte("locked")


def _wanted(asked: Columns, sku: Columns) -> Query:
    """The purchases with their SKU and product; `stock` is what each of them would leave."""
    of = [PRODUCT.c[name] for name in ("business_id", "name", "unit", "meta_obj_id")]
    product = _looked_up(select(*of).where(PRODUCT.c.id == sku.c.product_id), "product")
    left = sku.c.stock - func.sum(asked.c.num).over(partition_by=asked.c.sku_id, order_by=asked.c.position)
    of_sku = [sku.c[name] for name in ("sku_name", "sku_attr", "price", "product_id")]
    return (
        select(*asked.c, *of_sku, *product.c, left.label("stock"))
        .select_from(asked.join(sku, sku.c.id == asked.c.sku_id).join(product, true()))
        .where(_customer(asked).exists())
        .where(~select(ORDER.c.id).where(ORDER.c.order_number == asked.c.order_number).exists())
    )


def _customer(asked: Columns) -> Query:
    return select(CUSTOMER.c.id).where(CUSTOMER.c.id == asked.c.customer_id)


def _looked_up(row: Query, name: str) -> Columns:
    """A row looked up by its key; without the offset, the planner joins whole tables while they are small."""
    return row.offset(literal_column("0")).lateral(name)


def _orders_of(bought: Columns) -> Columns:
    default_amount = cast(func.round(cast(bought.c.price, Numeric) * bought.c.num, 2), Float)
    written = {
        "status": literal(LIFECYCLE.opening()),
        "business_id": bought.c.business_id,
        "sku_snapshot": cast(_snapshot(bought), Text),
        **{name: bought.c[name] for name in Purchase.__slots__},
        "pay_count": func.coalesce(bought.c.pay_count, default_amount),
        "create_time": func.coalesce(bought.c.create_time, NOW),
    }
    rows = select(*(value.label(name) for name, value in written.items()))
    return insert(ORDER).from_select(list(written), rows).returning(*ORDER.c).cte("placed")


def _kept(placed: Columns, bought: Columns) -> Columns:
    """The CTE that keeps the receivers whole that do not fit their orders."""
    given = [bought.c[name] for name in WHOLE_RECEIVER]
    rows = select(placed.c.id, *given).join(bought, bought.c.order_number == placed.c.order_number)
    rows = rows.where(bought.c.whole_name.isnot(None))
    return insert(RECEIVER).from_select(["order_id", *Receiver._fields], rows).returning(RECEIVER.c.order_id).cte("kept")


def _answers(placed: Columns, bought: Columns, *written: Columns, claim: tuple[ColumnClause, ...] = ()) -> Query:
    """The query that writes all this and answers each order; what it writes itself it does not find when it reads."""
    columns = {name: bought.c[f"receiver_{name}"] for name in Receiver._fields}
    whole = {name: func.coalesce(bought.c[f"whole_{name}"], value) for name, value in columns.items()}
    receiver = func.json_build_object(*(part for name, value in whole.items() for part in (literal(name), value)))
    orders = select(*placed.c, receiver.label("receiver"))
    orders = orders.join(bought, bought.c.order_number == placed.c.order_number).subquery("orders")
    view = select(*LIFECYCLE.view(orders, PLATFORM)).subquery("v")
    done = view
    for cte in written:
        done = done.outerjoin(cte, false())
    answers = select(view.c.order_number, AS_JSON.label("body"), *(bought.c[each.name] for each in claim))
    if claim:
        done = done.join(bought, bought.c.order_number == view.c.order_number)
    return answers.select_from(done)


def _noted(placed: Columns, bought: Columns, changes: Columns | None = None) -> Columns:
    """The CTE that writes the events of the orders and of their SKUs' stock, those of one SKU as they followed each other.

    Without `changes` no stock was taken.
    """
    details = {"digest": bought.c.digest, "sku_id": bought.c.sku_id, "num": bought.c.num}
    if changes is None:
        details["stock_taken"] = literal(False)
    purchase = func.jsonb_build_object(*(part for name, value in details.items() for part in (literal(name), value)))
    born = select(
        placed.c.id,
        literal("place", Text).label("verb"),
        literal(ORDER.name, Text).label("subject"),
        literal(LIFECYCLE.opening(), Integer).label("to_status"),
        purchase.label("details"),
        bought.c.request_id,
        placed.c.business_id,
        placed.c.id.label("order_id"),
        bought.c.position,
    ).join(bought, bought.c.order_number == placed.c.order_number)
    return _written(born if changes is None else born.union_all(_stocked(changes)))


def _stocked(changes: Columns) -> Query:
    """The events of the stock that was taken."""
    return select(
        changes.c.id,
        literal("stock", Text),
        literal(SKU.name, Text),
        null(),
        stock.details_of(changes),
        changes.c.request_id,
        changes.c.business_id,
        null(),
        changes.c.position,
    )


def _written(events: Query) -> Columns:
    both = events.subquery("both")
    each = select(both).order_by(both.c.position).subquery("each_event")
    return noted_from(each, **{column.name: column for column in each.c if column.name not in ("id", "position")})


def _snapshot(bought: Columns) -> Expression:
    """The product and SKU as they are now, as JSON (spec.md: name, attributes, unit price, unit, model id)."""
    kept = {
        "product_id": bought.c.product_id,
        "product_name": bought.c.name,
        "sku_name": bought.c.sku_name,
        "sku_attr": bought.c.sku_attr,
        "price": bought.c.price,
        "unit": bought.c.unit,
        "meta_obj_id": bought.c.meta_obj_id,
    }
    return func.json_build_object(*(part for name, value in kept.items() for part in (literal(name, Text), value)))
