"""Makes what tests need, through the API: a shop, its goods, and orders and tickets in any state."""

import itertools
from typing import Any

from app.db.work import MERCHANT, Actor, Work
from app.security import hash_now, new_token
from app.services.accounts import accounts
from app.services.tickets import return_addresses
from tests.support.api import Api, Caller

PASSWORD = "correct horse battery"
_HASH = hash_now(PASSWORD)
_numbers = itertools.count(1)

RETURN_ADDRESS = {"name": "退货组", "phone": "0571-88888888转801", "address": "杭州市西湖区文三路 90 号"}
RETURN, REFUND = "退货退款", "仅退款"
SCOPES = ("read", "orders", "catalogue", "files")  # of an API key


class World:
    """Merchants, customers and what passes between them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def merchant(self, **values: Any) -> Caller:
        """A logged-in merchant, with an address for returns."""
        number = next(_numbers)
        return self._account("merchant", **{"name": f"merchant{number}", "storename": f"store{number}", **values})

    def customer(self, **values: Any) -> Caller:
        """A logged-in customer."""
        contact = {"email_address": "a@b.cn", "tel_phone": "13800000000"}
        return self._account("customer", **{"name": f"customer{next(_numbers)}", **contact, **values})

    def admin(self, **values: Any) -> Caller:
        """A logged-in admin."""
        return self._account("admin", **{"name": f"admin{next(_numbers)}", **values})

    def product(self, merchant: Caller, **values: Any) -> dict[str, Any]:
        """A product with one SKU, 100 in stock at 9.90 yuan unless said."""
        sku = {"sku_name": "蓝色", "sku_attr": '{"颜色":"蓝"}', "price": 9.9, "stock": 100}
        product = {"name": "水杯", "desc": "3D 水杯", "unit": "个", "meta_obj_id": 7, "skus": [sku], **values}
        return made(merchant.post("/products", product), 201)

    def sku(self, merchant: Caller, **values: Any) -> dict[str, Any]:
        """A SKU of a new product."""
        sku = {"sku_name": "蓝色", "sku_attr": '{"颜色":"蓝"}', "price": 9.9, "stock": 100, **values}
        return dict(self.product(merchant, skus=[sku])["skus"][0])

    def order(
        self, merchant: Caller, customer: Caller, status: int = 0, *, sku: dict | None = None, **values: Any
    ) -> dict[str, Any]:
        """An order in any state: -1 is a refund asked for before shipping."""
        sku = sku or self.sku(merchant)
        placed = made(self.api.platform.post("/orders", purchase(sku["id"], customer.id, **values)), 201)
        if status in (1, 2, 4):
            self.ship(merchant, placed)
        if status == 2:
            made(customer.post(f"/orders/{placed['id']}/receive"))
        if status in (-1, 3, 4):
            ticket = self.ask(customer, placed)
            if status == 3:
                made(merchant.post(f"/except-orders/{ticket['id']}/agree", {}))
            if status == 4:
                made(merchant.post(f"/except-orders/{ticket['id']}/refuse", {"remark": "no"}))
        return dict(made(merchant.get(f"/orders/{placed['id']}")))

    def ship(self, merchant: Caller, order: dict[str, Any]) -> dict[str, Any]:
        return made(merchant.post(f"/orders/{order['id']}/ship", {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}))

    def ask(self, customer: Caller, order: dict[str, Any], except_type: str = REFUND, **values: Any) -> dict[str, Any]:
        body = {"except_type": except_type, "back_reason": "不想要了", **values}
        return made(customer.post(f"/orders/{order['id']}/except-orders", body), 201)

    def offer(self, merchant: Caller, ticket: dict[str, Any], back_cost: float = 0.01) -> dict[str, Any]:
        """Agree to less than the buyer asked for."""
        return dict(made(merchant.post(f"/except-orders/{ticket['id']}/agree", {"back_cost": back_cost})))

    def ticket(
        self, merchant: Caller, customer: Caller, step: str = "applied", *, except_type: str = RETURN, **values: Any
    ) -> dict[str, Any]:
        """A ticket at any step but lapsed; its order was shipped and received."""
        order = self.order(merchant, customer, 2, **values)
        ticket = self.ask(customer, order, except_type)
        path = f"/except-orders/{ticket['id']}"
        if step == "withdrawn":
            made(customer.post(f"{path}/withdraw"))
        elif step == "offered":
            self.offer(merchant, ticket)
        elif step == "refused":
            made(merchant.post(f"{path}/refuse", {"remark": "no"}))
        elif step != "applied":
            made(merchant.post(f"{path}/agree", {}))
            if step in ("awaiting_receipt", "refunded") and except_type == RETURN:
                made(customer.post(f"{path}/return", {"logistics_id": 2, "tracking_number": "YT123"}))
                if step == "refunded":
                    made(merchant.post(f"{path}/receive", {}))
        found = made(merchant.get(path))
        assert found["step"] == step
        return found

    def _account(self, kind: str, **values: Any) -> Caller:
        """Not through the API, so that no event is written of it."""
        with Work(Actor(kind), writes=True) as work:
            accounts.create(work, kind, password_hash=_HASH, **values)
            account_id = accounts.id_by_name(work, kind, values["name"])
            assert account_id is not None
            token, session = new_token(kind, account_id, work.now)
            accounts.change(work, kind, account_id, {"auth_token": session})
            if kind == MERCHANT:
                work.do(return_addresses.PUT, merchant_id=account_id, **RETURN_ADDRESS)
            work.commit()
        return Caller(self.api.client, kind, token, {"id": account_id, **values})


def purchase(sku_id: int, customer_id: int, **values: Any) -> dict[str, Any]:
    """What the platform sends for a paid order."""
    return {
        "order_number": f"ON{next(_numbers):012}",
        "customer_id": customer_id,
        "sku_id": sku_id,
        "num": 1,
        "receiver_name": "张三",
        "receiver_phone": "13800000000",
        "receiver_address": "上海市浦东新区世纪大道 1 号",
        **values,
    }


def new_key(merchant: Caller, *scopes: str) -> dict[str, Any]:
    """A new API key of the merchant, by default with all scopes."""
    return made(merchant.post("/api-keys", {"name": "ERP", "scopes": scopes or SCOPES}), 201)  # type: ignore[no-any-return]


def with_key(merchant: Caller, key: str) -> Caller:
    """A machine of the merchant that comes with this API key."""
    return Caller(merchant.client, "merchant", key)


def made(response: Any, status: int = 200) -> Any:
    """The body of an answer that must have gone well."""
    assert response.status_code == status, f"{response.request.method} {response.request.url}: {response.text}"
    return response.json()


def as_told(told: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    """What of `shown` is told too, by a move or to another reader, who is told less."""
    return {name: shown[name] for name in told}
