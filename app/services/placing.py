"""Orders in: a paid order of the platform takes its stock and is born, in one statement."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg2.errors
from sqlalchemy import (
    Float,
    Integer,
    Numeric,
    String,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
)

from app.database import Statement
from app.errors import FutureTime, MerchantDisabled, NotFound, OrderDiffers, OutOfStock, UnknownCustomer, UnknownSku
from app.models import Customer, Event, Order, Product, RemovedSku, Sku, User
from app.models.user import NORMAL
from app.services import low_stock, stock
from app.services.lifecycle import noted_from
from app.services.order_lifecycle import LIFECYCLE
from app.services.sessions import json_of
from app.work import PLATFORM, Work

ORDER = Order.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__
USER = User.__table__
CUSTOMER = Customer.__table__
REMOVED = RemovedSku.__table__
EVENT = Event.__table__

CLOCK_SKEW = 300  # seconds that the platform's clock may run ahead of ours


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the platform sold: amounts in yuan, `create_time` in Unix seconds."""

    order_number: str
    customer_id: int
    sku_id: int
    num: int
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    pay_count: float | None = None
    create_time: int | None = None

    def digest(self) -> str:
        """Tells one purchase from another that bears the same order number."""
        return hashlib.sha256(orjson.dumps(self.values())).hexdigest()[:32]

    def values(self) -> dict[str, Any]:
        """Its fields by name, in their order."""
        return {name: getattr(self, name) for name in self.__slots__}


def place(work: Work, purchase: Purchase) -> tuple[str, bool]:
    """Take the stock and place the order, once per order number; its JSON, and whether it is new.

    `pay_count` defaults to price × num, `create_time` to now. Raises FutureTime, OrderDiffers, UnknownSku,
    UnknownCustomer, MerchantDisabled, OutOfStock.
    """
    if purchase.create_time is not None and purchase.create_time > work.now + CLOCK_SKEW:
        raise FutureTime(field="create_time")
    try:
        row = work.one(_PLACE, **purchase.values(), digest=purchase.digest())
    except psycopg2.errors.UniqueViolation:  # another request places the same order number at this moment
        work.rollback()
        row = None
    if row is not None and row.body is not None:
        return str(row.body), True
    return _placed_before(work, purchase), False


def get(work: Work, order_number: str) -> str:
    """One order by its number, as JSON; raises NotFound."""
    row = work.one(_BY_NUMBER, order_number=order_number)
    if row is None:
        raise NotFound
    return str(row.body)


def _placed_before(work: Work, purchase: Purchase) -> str:
    placed = work.one(_BY_NUMBER, order_number=purchase.order_number)
    if placed is not None:
        if placed.digest != purchase.digest():
            raise OrderDiffers
        return str(placed.body)
    why = work.one(_WHY_NOT, sku_id=purchase.sku_id, customer_id=purchase.customer_id)
    if not why.sku:
        raise UnknownSku(field="sku_id")
    if not why.customer:
        raise UnknownCustomer(field="customer_id")
    if not why.merchant:
        raise MerchantDisabled
    raise OutOfStock


def _place() -> Statement:
    of = [PRODUCT.c[name] for name in ("business_id", "name", "unit", "meta_obj_id")]
    product = _looked_up(select(*of).where(PRODUCT.c.id == SKU.c.product_id), "product")
    merchant = _looked_up(select(USER.c.status).where(USER.c.id == product.c.business_id), "merchant")
    wanted = (
        select(SKU.c.id, SKU.c.sku_name, SKU.c.sku_attr, SKU.c.price, SKU.c.product_id, *product.c)
        .select_from(SKU.join(product, true()).join(merchant, true()))
        .where(SKU.c.id == bindparam("sku_id"), merchant.c.status == NORMAL, ~_removed(SKU.c.id))
        .where(select(CUSTOMER.c.id).where(CUSTOMER.c.id == bindparam("customer_id")).exists())
        .where(~select(ORDER.c.id).where(ORDER.c.order_number == bindparam("order_number")).exists())
        .cte("wanted")
    )
    num = cast(bindparam("num"), Integer)
    # The parameter says again what the join says, so that the row is looked up however small the tables are.
    taken = stock.taken_by(-num, SKU.c.id == bindparam("sku_id"), SKU.c.id == wanted.c.id)
    moved = stock.movement_of(taken, -num, reason=literal(stock.ORDERED), reference=bindparam("order_number"))
    default_amount = cast(func.round(cast(wanted.c.price, Numeric) * num, 2), Float)
    written = {
        "order_number": cast(bindparam("order_number"), String),
        "status": literal(LIFECYCLE.opening()),
        "business_id": wanted.c.business_id,
        "customer_id": cast(bindparam("customer_id"), Integer),
        "sku_id": wanted.c.id,
        "num": num,
        "sku_snapshot": cast(_snapshot(wanted), Text),
        "pay_count": func.coalesce(cast(bindparam("pay_count"), Float), default_amount),
        "create_time": func.coalesce(cast(bindparam("create_time"), Integer), bindparam("now")),
        **{name: cast(bindparam(name), String) for name in ("receiver_name", "receiver_phone", "receiver_address")},
    }
    rows = select(*(value.label(name) for name, value in written.items())).select_from(wanted.join(taken, true()))
    placed = insert(ORDER).from_select(list(written), rows).returning(*ORDER.c).cte("placed")
    noted = noted_from(
        placed,
        verb="place",
        subject=ORDER.name,
        to_status=LIFECYCLE.opening(),
        details=func.jsonb_build_object("digest", cast(bindparam("digest"), Text)),
        business_id=placed.c.business_id,
        order_id=placed.c.id,
    )
    low = low_stock.crossing(
        select(taken.c.id, taken.c.stock, wanted.c.business_id).select_from(taken.join(wanted, true())), -num
    )
    done = placed.join(moved, true()).join(noted, true()).outerjoin(low, true())
    view = select(*LIFECYCLE.view(placed, PLATFORM)).select_from(done)
    return Statement(select(json_of(view).label("body")), whole=True)


def _looked_up(row: Any, name: str) -> Any:
    """A row that is looked up by its key for the row before it, however small the tables are when the statement is planned."""
    return row.offset(literal_column("0")).lateral(name)


def _snapshot(wanted: Any) -> Any:
    """What is bought, as it is now (spec.md: name, attributes, unit price, unit, model id)."""
    kept = {
        "product_id": wanted.c.product_id,
        "product_name": wanted.c.name,
        "sku_name": wanted.c.sku_name,
        "sku_attr": wanted.c.sku_attr,
        "price": wanted.c.price,
        "unit": wanted.c.unit,
        "meta_obj_id": wanted.c.meta_obj_id,
    }
    return func.json_build_object(*(part for name, value in kept.items() for part in (literal(name, Text), value)))


def _removed(sku_id: Any) -> Any:
    return select(REMOVED.c.sku_id).where(REMOVED.c.sku_id == sku_id).exists()


def _by_number() -> Statement:
    digest = select(EVENT.c.details["digest"].astext).where(EVENT.c.order_id == ORDER.c.id, EVENT.c.verb == "place")
    view = select(*LIFECYCLE.view(ORDER, PLATFORM)).where(ORDER.c.order_number == bindparam("order_number"))
    body = json_of(view).label("body")
    found = ORDER.c.order_number == bindparam("order_number")
    return Statement(select(body, digest.limit(1).scalar_subquery().label("digest")).where(found))


def _why_not() -> Statement:
    sku = select(SKU.c.id).where(SKU.c.id == bindparam("sku_id"), ~_removed(SKU.c.id)).exists()
    customer = select(CUSTOMER.c.id).where(CUSTOMER.c.id == bindparam("customer_id")).exists()
    merchant = (
        select(USER.c.id)
        .select_from(SKU.join(PRODUCT).join(USER, PRODUCT.c.business_id == USER.c.id))
        .where(SKU.c.id == bindparam("sku_id"), USER.c.status == NORMAL)
        .exists()
    )
    return Statement(select(sku.label("sku"), customer.label("customer"), merchant.label("merchant")))


_PLACE = _place()
_BY_NUMBER = _by_number()
_WHY_NOT = _why_not()
