"""Purchases: paid orders, as the platform's checkout reports them."""

import hashlib
from dataclasses import dataclass

import orjson

from app.services.orders.receivers import Receiver


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid order as the platform sends it, its receiver whole; amounts in yuan, `create_time` in Unix seconds."""

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
        """A hash of the fields, which tells apart two purchases with the same order number."""
        return hashlib.sha256(orjson.dumps(self.values())).hexdigest()[:32]

    def is_after(self, time: int) -> bool:
        return self.create_time is not None and self.create_time > time

    def columns(self) -> dict[str, str | int | float | None]:
        """The fields as the order's columns hold them, and the receiver whole (`whole_name`, …), null if it fits them."""
        whole = Receiver(self.receiver_name, self.receiver_phone, self.receiver_address)
        fitting = whole.columns()
        kept = (None, None, None) if fitting == whole else whole
        columns = {f"receiver_{name}": value for name, value in fitting._asdict().items()}
        return {**self.values(), **columns, **dict(zip(("whole_name", "whole_phone", "whole_address"), kept, strict=True))}

    def values(self) -> dict[str, str | int | float | None]:
        """The fields by name, in the order of the class."""
        return {name: getattr(self, name) for name in self.__slots__}
