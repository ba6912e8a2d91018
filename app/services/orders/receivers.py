"""The receiver of an order: whole, as the buyer gave it, and what of that fits the order's columns (spec.md)."""

import re
from typing import NamedTuple

from sqlalchemy import func, literal, literal_column, select

from app import text
from app.db.types import Columns, Condition, Expression
from app.models import Order, OrderReceiver

ORDER = Order.__table__
WHOLE = OrderReceiver.__table__

NAME, PHONE, ADDRESS = (ORDER.c[name].type.length for name in ("receiver_name", "receiver_phone", "receiver_address"))
_COUNTRY = re.compile(r"^(\+|00)86-?(?=.)")
_EXTENSION = re.compile(r"[转轉#*,;/、，；]|分机|分機|ext|x", re.IGNORECASE)
_HYPHENATED = re.compile(r"^((?:\D*\d){10,}\D*)-\d{1,6}$")  # an extension behind a number with its area code


class Receiver(NamedTuple):
    """Who gets the parcel."""

    name: str
    phone: str
    address: str

    def columns(self) -> "Receiver":
        """What fits the order's columns: name and address are cut, and the phone is as `phone_column` says."""
        return Receiver(text.cut(self.name, NAME), phone_column(self.phone), text.cut(self.address, ADDRESS))


def phone_column(phone: str) -> str:
    """The phone in the few characters that the column has: without spaces and +86, and without its extension if too long."""
    bare = _COUNTRY.sub("", text.compact(phone)) or text.cut(phone, PHONE)
    if len(bare) <= PHONE:
        return bare
    number = _EXTENSION.split(bare, maxsplit=1)[0] or bare
    if len(number) > PHONE:
        number = _HYPHENATED.sub(r"\1", number)
    if len(number) > PHONE:
        number = "".join(re.findall(r"[0-9A-Za-z]", number)) or number
    return text.cut(number, PHONE)


def phone_key(phone: str) -> str:
    """What the phone is found by, however it is written: as the column has it, without hyphens."""
    return phone_column(phone).replace("-", "")


def has_phone(order: Columns, key: Expression) -> Condition:
    """Whether the order's receiver has the phone that is found by `key`; in the words of its index."""
    return func.replace(order.c.receiver_phone, literal_column("'-'"), literal_column("''")) == key


def shown(order: Columns) -> Expression:
    """The receiver whole, as JSON: as it was kept, or as the order's columns have it."""
    if "receiver" in order.c:
        return order.c.receiver
    kept = select(_json(WHOLE.c.name, WHOLE.c.phone, WHOLE.c.address)).where(WHOLE.c.order_id == order.c.id)
    own = _json(order.c.receiver_name, order.c.receiver_phone, order.c.receiver_address)
    return func.coalesce(kept.correlate(order).scalar_subquery(), own)


def whole(name: str) -> Expression:
    """One of `name`, `phone` and `address` of the receiver of an order, whole."""
    kept = select(WHOLE.c[name]).where(WHOLE.c.order_id == ORDER.c.id).correlate(ORDER).scalar_subquery()
    return func.coalesce(kept, ORDER.c[f"receiver_{name}"])


def _json(name: Expression, phone: Expression, address: Expression) -> Expression:
    return func.json_build_object(literal("name"), name, literal("phone"), phone, literal("address"), address)
