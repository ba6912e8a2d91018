"""What `bench/scale.py` asks: every filter and every order of the lists, each for rows of which there are as many at any size.

A list that more rows pass the larger a shop is goes by cursor, as its total is counted up to 10,000.
"""

import base64
import functools
import random
from collections.abc import Callable
from urllib.parse import quote

from app.config import HOUR
from bench.load import Request
from bench.servers import execute

LAST_PAGE = 50  # the last page of a shop with 1,000 orders, as each has in the small database
MERCHANTS = 10

# Orders with a parcel and a ticket, whose numbers are part of no other's.
_SAMPLES = """
SELECT json_build_object('id', id, 'order_number', order_number, 'logistic_order_id', logistic_order_id,
    'part', substr(logistic_order_id, 2), 'customer_id', customer_id, 'business_id', business_id, 'sku_id', sku_id,
    'receiver_name', receiver_name, 'receiver_phone', receiver_phone,
    'from', deliver_time - %(hour)s, 'to', deliver_time + %(hour)s, 'place', md5('place' || id))
FROM "order" WHERE status = 4 AND id >= %(orders)s / 10 ORDER BY random() LIMIT 10000
"""


class Shops:
    """A service with some number of orders, and what its requests are made of."""

    def __init__(self, uri: str, urls: list[str], tokens: dict[int, str], staff: str, orders: int) -> None:
        self.urls, self._tokens, self._staff = urls, tokens, staff
        self._samples = [sample for (sample,) in execute(uri, _SAMPLES, {"hour": HOUR, "orders": orders})]
        self._cursors = {merchant: self._cursors_of(uri, merchant, orders // MERCHANTS) for merchant in tokens}
        self._of_all = self._cursors_of(uri, None, orders)

    def by_merchants(self, number: int, path: str) -> list[Request]:
        """Requests of merchants for a path with the columns of an order of theirs, and cursors `near` and `deep`."""
        chosen = random.choices(self._samples, k=number)
        return [
            self._get(f"merchant{path}", self._tokens[each["business_id"]], {**each, **self._cursors[each["business_id"]]})
            for each in chosen
        ]

    def by_staff(self, number: int, path: str) -> list[Request]:
        """The same by staff, for whom the cursors are those of all merchants."""
        chosen = random.choices(self._samples, k=number)
        return [self._get(f"admin{path}", self._staff, {**each, **self._of_all}) for each in chosen]

    def _get(self, path: str, token: str, values: dict[str, object]) -> Request:
        asked = quote(path.format_map(values), safe="/?&=,")
        return Request("GET", f"/api/v1/{asked}", {"Authorization": f"Bearer {token}"})

    def _cursors_of(self, uri: str, merchant: int | None, orders: int) -> dict[str, str]:
        return {"near": _cursor(uri, merchant, 20), "deep": _cursor(uri, merchant, orders * 9 // 10)}


def _cursor(uri: str, merchant: int | None, after: int) -> str:
    """The service's cursor behind the newest `after` orders of a merchant, or of all; in lists of what else there is, too."""
    whose = "TRUE" if merchant is None else f"business_id = {merchant}"
    newest = f'SELECT create_time, id FROM "order" WHERE {whose} ORDER BY create_time DESC, id DESC OFFSET %s LIMIT 1'
    ((time, order),) = execute(uri, newest, (after - 1,))
    return base64.urlsafe_b64encode(f"{time}.{order}".encode()).decode().rstrip("=")


Make = Callable[[Shops, int], list[Request]]


def _of(make: Callable[..., list[Request]], paths: dict[str, str]) -> dict[str, Make]:
    return {name: functools.partial(make, path=path) for name, path in paths.items()}


CASES = _of(
    Shops.by_merchants,
    {
        "one order": "/orders/{id}",
        "20 orders, page 1, with total": "/orders",
        "20 to ship, page 1": "/orders?status=0",
        f"20 orders, page {LAST_PAGE}": f"/orders?page={LAST_PAGE}",
        "20 orders, by cursor": "/orders?cursor={near}",
        "20 orders, cursor at 90 %": "/orders?cursor={deep}",
        "20 of two states": "/orders?status=1,2&cursor={near}",
        "q: an order's number": "/orders?q={order_number}",
        "q: part of a tracking number": "/orders?q={part}",
        "q: a receiver": "/orders?q={receiver_name}",
        "by number": "/orders?order_number={order_number}",
        "by receiver's name": "/orders?receiver={receiver_name}",
        "by receiver's phone": "/orders?receiver={receiver_phone}",
        "by tracking number": "/orders?logistic_order_id={logistic_order_id}",
        "by buyer": "/orders?customer_id={customer_id}",
        "by SKU": "/orders?sku_id={sku_id}&cursor={near}",
        "by time of payment": "/orders?create_from={from}&create_to={to}",
        "by time of shipping": "/orders?deliver_from={from}&deliver_to={to}",
        "changed lately": "/orders?updated_after=2000000000",
        "overdue": "/orders?overdue=true&cursor={near}",
        "by flag": "/orders?flag=3",
        "without flag": "/orders?flag=0&cursor={near}",
        "20 orders, oldest first": "/orders?sort=oldest",
        "20 orders, by deadline": "/orders?sort=deadline",
        "counts": "/orders/counts",
        "counts by tracking number": "/orders/counts?logistic_order_id={logistic_order_id}",
        "20 tickets, by cursor": "/except-orders?cursor={near}",
        "20 tickets, cursor at 90 %": "/except-orders?cursor={deep}",
        "tickets that wait for the shop": "/except-orders?waiting_for=merchant",
        "tickets that wait for the buyer": "/except-orders?waiting_for=customer",
        "tickets of two steps": "/except-orders?step=offered,awaiting_receipt",
        "tickets that lapsed": "/except-orders?step=lapsed",
        "tickets withdrawn": "/except-orders?step=withdrawn",
        "tickets refused": "/except-orders?step=refused&cursor={near}",
        "returns": "/except-orders?except_type=退货退款&cursor={near}",
        "tickets of an order": "/except-orders?order_id={id}",
        "tickets of four hours": "/except-orders?create_from={from}&create_to={to}",
        "tickets overdue": "/except-orders?overdue=true",
        "counts of waiting tickets": "/except-orders/counts?waiting_for=merchant",
        "products": "/products",
        "products by name": "/products?name=product7",
        "products not listed": "/products?listed=false",
        "SKUs": "/skus",
        "SKUs, least stock first": "/skus?sort=stock",
        "SKUs, oldest first": "/skus?sort=oldest",
        "SKUs: q": "/skus?q=product7",
        "SKUs by code": "/skus?sku_code=CODE{sku_id}",
        "SKUs with low stock": "/skus?low_stock=true",
        "SKUs changed lately": "/skus?updated_after=2000000000",
        "movements, by cursor": "/movements?cursor={near}",
        "movements of a SKU": "/movements?sku_id={sku_id}&cursor={near}",
        "movements of a product": "/movements?product_id={sku_id}&cursor={near}",
        "movements for a reason": "/movements?reason=盘点",
        "movements of two hours": "/movements?create_from={from}&create_to={to}",
    },
) | _of(
    Shops.by_staff,
    {
        "staff: orders, by cursor": "/orders?cursor={near}",
        "staff: orders, cursor at 90 %": "/orders?cursor={deep}",
        "staff: orders of a shop": "/orders?business_id={business_id}&cursor={near}",
        "staff: orders of a buyer": "/orders?customer_id={customer_id}",
        "staff: order by number": "/orders?order_number={order_number}",
        "staff: orders of two hours": "/orders?create_from={from}&create_to={to}",
        "staff: counts": "/orders/counts",
        "staff: counts of a buyer's": "/orders/counts?customer_id={customer_id}",
        "staff: tickets, by cursor": "/except-orders?cursor={near}",
        "staff: tickets of a shop": "/except-orders?business_id={business_id}&cursor={near}",
        "staff: tickets of a buyer": "/except-orders?customer_id={customer_id}",
        "staff: tickets that wait": "/except-orders?waiting_for=merchant",
        "staff: tickets that lapsed": "/except-orders?step=lapsed",
        "staff: tickets withdrawn": "/except-orders?step=withdrawn",
        "staff: counts of waiting tickets": "/except-orders/counts?waiting_for=customer",
        "staff: counts of a buyer's tickets": "/except-orders/counts?customer_id={customer_id}",
        "staff: products": "/products",
        "staff: products not listed": "/products?listed=false",
        "staff: products of a shop": "/products?business_id={business_id}",
        "staff: a product": "/products/{sku_id}",
        "staff: events, by cursor": "/events?cursor={near}",
        "staff: events of two hours": "/events?time_from={from}&time_to={to}",
        "staff: events by staff": "/events?actor_kind=admin&actor_id=3",
        "staff: events by a merchant": "/events?actor_kind=merchant&actor_id={business_id}&cursor={near}",
        "staff: events of an order": "/events?subject=order&subject_id={id}",
        "staff: events of a ticket": "/events?subject=except_order&subject_id={id}",
        "staff: events of a SKU": "/events?subject=sku&subject_id={sku_id}&cursor={near}",
        "staff: events of a common type": "/events?type=order.ship&cursor={near}",
        "staff: events of a rare type": "/events?type=user.disable",
        "staff: events by verb": "/events?verb=enable",
        "staff: events of a request": "/events?request_id={place}",
        "staff: events of a shop": "/events?business_id={business_id}&cursor={near}",
        "staff: buyers": "/customers?cursor={near}",
        "staff: who calls, by account": "/customers?phone=13800000007",
        "staff: who calls, by receiver": "/customers?phone={receiver_phone}",
        "staff: refunds": "/refunds?cursor={near}",
    },
)
# As in any shop where nothing has changed since, and the stock is high.
FIND_NOTHING = {"changed lately", "SKUs changed lately", "SKUs with low stock"}
