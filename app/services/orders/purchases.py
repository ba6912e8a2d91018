"""Purchases: what the platform's checkout has sold."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson


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

    def is_after(self, time: int) -> bool:
        return self.create_time is not None and self.create_time > time

    def values(self) -> dict[str, Any]:
        """Its fields by name, in their order."""
        return {name: getattr(self, name) for name in self.__slots__}
