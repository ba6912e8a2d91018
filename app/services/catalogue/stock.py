"""Stock: changed only by a guarded delta in one statement, which also writes the movement that explains it."""

from sqlalchemy import BigInteger, Integer, String, bindparam, case, cast, func, insert, literal, select, true, update

from app.db.parameters import ACTOR_ID, ACTOR_KIND, NOW, REQUEST_ID
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, Query
from app.db.work import Work
from app.errors import OutOfStock, StockChanged, StockTooLarge
from app.models import Product, Sku, StockMovement
from app.services.catalogue import low_stock
from app.services.catalogue.removal import sku_is_removed
from app.services.events.record import noted_from

SKU = Sku.__table__
PRODUCT = Product.__table__
MOVEMENT = StockMovement.__table__
MAX_STOCK = 2**31 - 1

INITIAL, ORDERED, REFUNDED, REMOVED = "initial", "order", "refund", "removed"


def taken_by(delta: Expression, *conditions: Condition) -> Columns:
    """The CTE that changes the stock of the SKUs that meet `conditions` by `delta`, never below 0."""
    after = cast(SKU.c.stock, BigInteger) + delta
    return (
        update(SKU)
        .where(*conditions, after >= 0, after <= MAX_STOCK)
        .values(stock=cast(after, Integer), status=case((after > 0, 1), else_=0))
        .returning(SKU.c.id, SKU.c.stock)
        .cte("taken")
    )


def movement_of(
    taken: Columns, delta: Expression, *, reason: Expression, reference: Expression, business_id: Expression
) -> Columns:
    """The CTE that writes one movement for each changed SKU, which is the merchant's with the id `business_id`."""
    written = {
        "sku_id": taken.c.id,
        "delta": cast(delta, Integer),
        "stock_after": taken.c.stock,
        "reason": cast(reason, String),
        "reference": cast(reference, String),
        "actor_kind": cast(ACTOR_KIND, String),
        "actor_id": cast(ACTOR_ID, Integer),
        "create_time": cast(NOW, Integer),
        "business_id": business_id,
    }
    rows = select(*(value.label(name) for name, value in written.items())).select_from(taken)
    return insert(MOVEMENT).from_select(list(written), rows).returning(MOVEMENT.c.id).cte("movement")


def details_of(rows: Columns) -> Expression:
    """The details of the event `sku.stock` of each row, from its `stock` (what is left), `delta`, `reason` and `reference`."""
    return func.jsonb_build_object(
        *(part for name in ("stock", "delta", "reason", "reference") for part in (literal(name), rows.c[name]))
    )


def change(work: Work, sku_id: int, delta: int, *, reason: str, reference: str | None = None) -> int:
    """Change the stock of a SKU by `delta` (not 0); the stock after. Raises OutOfStock, StockTooLarge.

    The caller has made sure that the SKU exists and may be changed.
    """
    row = work.one(_CHANGE, sku_id=sku_id, delta=delta, reason=reason, reference=reference)
    if row is None:
        raise OutOfStock if delta < 0 else StockTooLarge
    return int(row.stock)


def set_to(work: Work, sku_id: int, stock: int, *, expected: int, reason: str) -> None:
    """Set the stock of a SKU if it is still `expected`; raises StockChanged."""
    present = work.one(_LOCK, sku_id=sku_id).stock
    if present != expected:
        raise StockChanged(stock=present)
    if stock != present:
        change(work, sku_id, stock - present, reason=reason)


def _change() -> Statement:
    delta = cast(bindparam("delta"), Integer)
    taken = taken_by(delta, SKU.c.id == bindparam("sku_id"))
    named = {"reason": bindparam("reason"), "reference": bindparam("reference")}
    moved = movement_of(taken, delta, **named, business_id=_merchant_of(taken.c.id))
    changed = _with_merchant(taken, delta)
    noted = _noted(changed.subquery("noticed"))
    low = low_stock.crossing(
        changed.where(~sku_is_removed(taken.c.id))
    )  # a removed one's stock is written off, not running low
    done = taken.join(moved, true()).join(noted, true()).outerjoin(low, true())
    return Statement(select(taken.c.stock).select_from(done))


def _merchant_of(sku_id: Expression) -> Expression:
    of_product = select(PRODUCT.c.business_id).join(SKU, SKU.c.product_id == PRODUCT.c.id)
    return of_product.where(SKU.c.id == sku_id).scalar_subquery()


def _with_merchant(taken: Columns, delta: Expression) -> Query:
    """The changed SKUs with their merchants."""
    of_product = taken.join(SKU, SKU.c.id == taken.c.id).join(PRODUCT, PRODUCT.c.id == SKU.c.product_id)
    named = {
        "delta": delta,
        "request_id": cast(REQUEST_ID, String),
        "reason": cast(bindparam("reason"), String),
        "reference": cast(bindparam("reference"), String),
    }
    columns = [taken.c.id, taken.c.stock, PRODUCT.c.business_id, *(value.label(name) for name, value in named.items())]
    return select(*columns).select_from(of_product)


def _noted(changed: Columns) -> Columns:
    """The CTE that writes the event of each changed SKU."""
    return noted_from(changed, verb="stock", subject=SKU.name, details=details_of(changed), business_id=changed.c.business_id)


_CHANGE = _change()
_LOCK = Statement(select(SKU.c.stock).where(SKU.c.id == bindparam("sku_id")).with_for_update())
