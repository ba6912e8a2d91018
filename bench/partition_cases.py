"""The service's own calls that `bench/partitions.py` compares: what writes and reads events and stock movements."""

from collections.abc import Callable

import orjson

from app.db.work import ADMIN, MERCHANT, PLATFORM, SYSTEM, Actor, Work
from app.services.catalogue import movements, skus
from app.services.events import audit, stream
from app.services.orders import placing, queries, shipping, tally
from app.services.orders.purchases import Purchase
from app.services.paging import Page

MERCHANTS = 10
FIRST = Page(number=1, size=20)
SELLER = Actor(MERCHANT, 1)
_SKU = 10  # a SKU of the seller's


class Shop:
    """The service's own calls on one database."""

    def __init__(self) -> None:
        self._placed = 0
        self._unshipped: list[int] = []

    def place(self) -> None:
        self._placed += 1
        receiver = ("张三", "13800000000", "上海市浦东新区世纪大道 1 号")
        with Work(Actor(PLATFORM), writes=True, request_id=f"place-{self._placed:026}") as work:
            placed = placing.place(work, Purchase(f"B{self._placed}", 1, _SKU, 1, *receiver))
            work.commit()
        self._unshipped.append(orjson.loads(placed.body)["id"])

    def ship(self) -> None:
        order = self._unshipped.pop()
        with Work(SELLER, writes=True, request_id=f"ship-{order:027}") as work:
            shipping.ship(work, order, logistic_id=1, logistic_name=None, logistic_order_id=f"SF{order}")
            work.commit()

    def orders(self) -> None:
        with Work(SELLER, writes=False) as work:
            queries.page(work, {"status": 1}, FIRST)

    def timeline(self) -> None:
        with Work(SELLER, writes=False) as work:
            queries.timeline(work, MERCHANTS * 10, FIRST)

    def changed(self) -> None:
        with Work(SELLER, writes=False) as work:
            queries.page(work, {"updated_after": work.now - 2}, FIRST)

    def news(self) -> None:
        with Work(SELLER, writes=False) as work:
            stream.since(work, list(range(1, MERCHANTS + 1)), stream.present(work).txid)

    def audit(self) -> None:
        with Work(Actor(ADMIN, 1), writes=False) as work:
            audit.page(work, {}, FIRST)

    def request(self) -> None:
        with Work(Actor(ADMIN, 1), writes=False) as work:
            audit.page(work, {"request_id": "place-1"}, FIRST)

    def movements(self) -> None:
        with Work(SELLER, writes=False) as work:
            movements.of_sku(work, _SKU, FIRST)

    def skus(self) -> None:
        with Work(SELLER, writes=False) as work:
            skus.page(work, {}, FIRST)

    def fold(self) -> None:
        with Work(Actor(SYSTEM), writes=True) as work:
            tally.fold(work)
            work.commit()


# Each with the number of calls of a round.
CASES: dict[str, tuple[Callable[[Shop], None], int]] = {
    "place": (Shop.place, 20),
    "ship": (Shop.ship, 20),
    "list of 20 orders": (Shop.orders, 10),
    "an order's timeline": (Shop.timeline, 10),
    "orders changed lately": (Shop.changed, 5),
    "news of live streams": (Shop.news, 10),
    "newest events, for staff": (Shop.audit, 5),
    "events of a request, for staff": (Shop.request, 5),
    "movements of a SKU": (Shop.movements, 10),
    "list of 20 SKUs": (Shop.skus, 10),
}
