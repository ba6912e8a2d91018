"""Nobody reaches what is another's, and no route opens without its key: asked of every route that the app has."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from fastapi.routing import APIRoute
from jose import jwt

from app.db.work import SYSTEM, Actor, Work
from app.main import app
from app.models.base import Base
from app.schemas.paging import Listed
from app.security import new_token
from app.services.webhooks import fan_out
from tests.support.api import PREFIX, Api, Caller, signature
from tests.support.factories import PASSWORD, REFUND, RETURN_ADDRESS, World, made, purchase
from tests.support.samples import glb, picture, triangle

AUDIENCES = ("merchant", "customer", "admin")
NOWHERE = 2**31 - 1
PUBLIC = {"/logistics-companies", "/statuses", "/files/{name}"}  # answer anyone
ENTRANCES = {"register", "login"}
SHARED = {"GET /merchant/scene-bases"}  # lists that belong to nobody
SCENE = {"name": "商铺", "base_id": 1, "tag": 2}
API_KEY = {"name": "ERP", "scopes": ["read", "orders", "catalogue", "files"]}
WEBHOOK = {"url": "https://shop.example.com/hook"}
OTHER_SECRET = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZXJ2aWNl"


class Shop:
    """A merchant and a customer, and what passed between them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.merchant, self.customer = world.merchant(), world.customer()
        assert self.merchant.id != self.customer.id
        self.owner = {"merchant": self.merchant, "customer": self.customer}
        world.ticket(self.merchant, self.customer)
        made(self.merchant.post("/scenes", SCENE), 201)
        a_model(self)
        made(self.merchant.post("/webhooks", WEBHOOK), 201)
        made(self.merchant.post("/api-keys", API_KEY), 201)


@dataclass(frozen=True)
class Case:
    """How to call a route rightly: the path's ids, of rows made for the purpose, and what httpx is given beside."""

    ids: Callable[[Shop], dict[str, Any]] = lambda shop: {}
    json: Any = None
    content: bytes | None = None
    files: Any = None

    def by(self, caller: Caller, route: str, ids: dict[str, Any]) -> Any:
        method, path = route.split()
        sent = {"json": self.json, "content": self.content, "files": self.files}
        path = path.removeprefix(f"/{caller.audience}").format_map(ids)
        return caller.call(method, path, **{name: value for name, value in sent.items() if value is not None})


def an_order(status: int) -> Callable[[Shop], dict[str, Any]]:
    return lambda shop: {"order_id": shop.world.order(shop.merchant, shop.customer, status)["id"]}


def a_ticket(step: str) -> Callable[[Shop], dict[str, Any]]:
    return lambda shop: {"ticket_id": shop.world.ticket(shop.merchant, shop.customer, step)["id"]}


def a_sku(shop: Shop) -> dict[str, Any]:
    return {"sku_id": shop.world.sku(shop.merchant)["id"]}


def a_product(shop: Shop) -> dict[str, Any]:
    return {"product_id": shop.world.product(shop.merchant)["id"]}


def a_scene(shop: Shop) -> dict[str, Any]:
    return {"scene_id": made(shop.merchant.post("/scenes", SCENE), 201)["id"]}


def a_file(shop: Shop) -> str:
    content = glb(triangle(extras=secrets.token_hex()))  # a file of nobody else's
    return str(made(shop.merchant.call("POST", "/files", files={"file": ("sofa.glb", content)}), 201)["name"])


def a_model(shop: Shop) -> dict[str, Any]:
    return {"model_id": made(shop.merchant.post("/models", {"name": "沙发", "file": a_file(shop)}), 201)["id"]}


def a_webhook(shop: Shop) -> dict[str, Any]:
    return {"webhook_id": made(shop.merchant.post("/webhooks", WEBHOOK), 201)["id"]}


def an_api_key(shop: Shop) -> dict[str, Any]:
    return {"key_id": made(shop.merchant.post("/api-keys", API_KEY), 201)["id"]}


def a_delivery(shop: Shop) -> dict[str, Any]:
    webhook = a_webhook(shop)
    with Work(Actor(SYSTEM), writes=True) as work:
        fan_out.spread(work)
        work.commit()
    [delivery] = made(shop.merchant.get(f"/webhooks/{webhook['webhook_id']}/deliveries"))["items"]
    return {**webhook, "delivery_id": delivery["id"]}


def an_order_number(shop: Shop) -> dict[str, Any]:
    return {"order_number": shop.world.order(shop.merchant, shop.customer)["order_number"]}


def a_refund(shop: Shop) -> dict[str, Any]:
    return {"ticket_id": shop.world.ticket(shop.merchant, shop.customer, "refunded")["id"]}


def a_webhook_of_the_platform(shop: Shop) -> dict[str, Any]:
    platform = shop.world.api.platform
    for old in made(platform.get("/webhooks"))["items"]:
        assert platform.delete(f"/webhooks/{old['id']}").status_code == 204
    return {"webhook_id": made(platform.post("/webhooks", WEBHOOK), 201)["id"]}


def a_delivery_to_the_platform(shop: Shop) -> dict[str, Any]:
    webhook = a_webhook_of_the_platform(shop)
    shop.world.order(shop.merchant, shop.customer)
    with Work(Actor(SYSTEM), writes=True) as work:
        fan_out.spread(work)
        work.commit()
    delivery = made(shop.world.api.platform.get(f"/webhooks/{webhook['webhook_id']}/deliveries"))["items"][0]
    return {**webhook, "delivery_id": delivery["id"]}


# A route with an id in its path, or with a body, needs a line here.
NEW_PASSWORD = {"old_password": PASSWORD, "new_password": PASSWORD}
CASES = {
    "GET /merchant/orders/{order_id}": Case(an_order(0)),
    "GET /merchant/orders/{order_id}/events": Case(an_order(0)),
    "PATCH /merchant/orders/{order_id}/receiver": Case(an_order(0), {"receiver_name": "李四"}),
    "PUT /merchant/orders/{order_id}/note": Case(an_order(0), {"note": "加急", "flag": 1}),
    "POST /merchant/orders/{order_id}/ship": Case(an_order(0), {"logistic_id": 1, "logistic_order_id": "SF1"}),
    "POST /merchant/orders/{order_id}/unship": Case(an_order(1)),
    "POST /merchant/orders/{order_id}/extend": Case(an_order(1), {"days": 3}),
    "POST /merchant/orders/{order_id}/cancel": Case(an_order(0), {"remark": "仓库破损"}),
    "POST /merchant/orders/ship": Case(json={"items": [{"order_id": 1, "logistic_id": 1, "logistic_order_id": "SF1"}]}),
    "POST /merchant/orders/ship/import": Case(
        files={"file": ("a.csv", b"order_number,carrier,logistic_order_id\nON1,1,SF1\n")}
    ),
    "GET /merchant/except-orders/{ticket_id}": Case(a_ticket("applied")),
    "POST /merchant/except-orders/{ticket_id}/agree": Case(a_ticket("applied"), {}),
    "POST /merchant/except-orders/{ticket_id}/refuse": Case(a_ticket("applied"), {"remark": "已使用"}),
    "POST /merchant/except-orders/{ticket_id}/receive": Case(a_ticket("awaiting_receipt"), {}),
    "GET /merchant/skus/{sku_id}": Case(a_sku),
    "PATCH /merchant/skus/{sku_id}": Case(a_sku, {"price": 1}),
    "DELETE /merchant/skus/{sku_id}": Case(a_sku),
    "POST /merchant/skus/{sku_id}/stock": Case(a_sku, {"delta": 1, "reason": "盘点"}),
    "GET /merchant/skus/{sku_id}/movements": Case(a_sku),
    "GET /merchant/skus/{sku_id}/low-stock": Case(a_sku),
    "PUT /merchant/skus/{sku_id}/low-stock": Case(a_sku, {"threshold": 5}),
    "PUT /merchant/low-stock": Case(json={"threshold": 5}),
    "GET /merchant/products/{product_id}": Case(a_product),
    "PATCH /merchant/products/{product_id}": Case(a_product, {"name": "茶杯"}),
    "DELETE /merchant/products/{product_id}": Case(a_product),
    "GET /merchant/products/{product_id}/skus": Case(a_product),
    "POST /merchant/products/{product_id}/skus": Case(a_product, {"sku_name": "红色", "price": 1, "stock": 1}),
    "POST /merchant/products": Case(json={"name": "茶杯"}),
    "POST /merchant/products/{product_id}/restore": Case(a_product),
    "POST /merchant/skus/{sku_id}/restore": Case(a_sku),
    "POST /merchant/skus/stock": Case(json={"items": [{"sku_id": 1, "delta": 1}]}),
    "POST /merchant/skus/import": Case(files={"file": ("a.csv", b"sku_id,price\n1,1\n")}),
    "GET /merchant/scenes/{scene_id}": Case(a_scene),
    "PATCH /merchant/scenes/{scene_id}": Case(a_scene, {"name": "展厅"}),
    "DELETE /merchant/scenes/{scene_id}": Case(a_scene),
    "POST /merchant/scenes": Case(json=SCENE),
    "DELETE /merchant/files/{name}": Case(lambda shop: {"name": a_file(shop)}),
    "GET /merchant/models/{model_id}": Case(a_model),
    "PATCH /merchant/models/{model_id}": Case(a_model, {"name": "长沙发"}),
    "DELETE /merchant/models/{model_id}": Case(a_model),
    "POST /merchant/models": Case(json={"name": "沙发", "file": "0" * 64 + ".glb"}),
    "GET /merchant/webhooks/{webhook_id}": Case(a_webhook),
    "PATCH /merchant/webhooks/{webhook_id}": Case(a_webhook, {"description": "ERP"}),
    "DELETE /merchant/webhooks/{webhook_id}": Case(a_webhook),
    "GET /merchant/webhooks/{webhook_id}/deliveries": Case(a_webhook),
    "POST /merchant/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": Case(a_delivery),
    "POST /merchant/webhooks": Case(json=WEBHOOK),
    "POST /merchant/api-keys": Case(json=API_KEY),
    "DELETE /merchant/api-keys/{key_id}": Case(an_api_key),
    "POST /merchant/files": Case(files={"file": ("a.json", b"{}", "application/json")}),
    "PUT /merchant/return-address": Case(json=RETURN_ADDRESS),
    "PATCH /merchant/me": Case(json={}),
    "PUT /merchant/me/password": Case(json=NEW_PASSWORD),
    "GET /customer/orders/{order_id}": Case(an_order(0)),
    "GET /customer/orders/{order_id}/events": Case(an_order(0)),
    "POST /customer/orders/{order_id}/receive": Case(an_order(1)),
    "POST /customer/orders/{order_id}/except-orders": Case(an_order(0), {"except_type": REFUND, "back_reason": "不想要了"}),
    "GET /customer/except-orders/{ticket_id}": Case(a_ticket("applied")),
    "POST /customer/except-orders/{ticket_id}/return": Case(
        a_ticket("awaiting_return"), {"logistics_id": 1, "tracking_number": "SF1"}
    ),
    "POST /customer/except-orders/{ticket_id}/accept": Case(a_ticket("offered")),
    "POST /customer/except-orders/{ticket_id}/withdraw": Case(a_ticket("applied")),
    "POST /customer/files": Case(files={"file": ("a.png", picture(), "image/png")}),
    "PATCH /customer/me": Case(json={}),
    "DELETE /customer/me": Case(json={"password": PASSWORD}),
    "PUT /customer/me/password": Case(json=NEW_PASSWORD),
    "PUT /admin/me/password": Case(json=NEW_PASSWORD),
    "POST /admin/except-orders/{ticket_id}/agree": Case(json={"reason": "商家未处理"}),
    "POST /admin/except-orders/{ticket_id}/refuse": Case(json={"reason": "商家未处理"}),
    "POST /admin/except-orders/{ticket_id}/receive": Case(json={"reason": "商家未处理"}),
    "POST /admin/admins": Case(json={"name": "新管理员", "password": PASSWORD}),
    "POST /admin/files": Case(files={"file": ("a.png", picture(), "image/png")}),
    "POST /admin/scene-bases": Case(json={"name": "车间"}),
    "PATCH /admin/scene-bases/{base_id}": Case(json={"name": "车间"}),
    "POST /admin/users": Case(json={"name": "新商家", "password": PASSWORD, "storename": "新店"}),
    "PUT /admin/users/{user_id}/return-address": Case(json=RETURN_ADDRESS),
    "POST /admin/users/{user_id}/reset-password": Case(json={"new_password": PASSWORD}),
    "GET /platform/orders/{order_number}": Case(an_order_number),
    "POST /platform/orders": Case(json=purchase),
    "PATCH /platform/orders/{order_number}/receiver": Case(an_order_number, {"receiver_phone": "1"}),
    "GET /platform/products/{product_id}": Case(a_product),
    "GET /platform/skus/{sku_id}": Case(a_sku),
    "POST /platform/refunds/{ticket_id}/paid": Case(a_refund, {"reference": "R1"}),
    "POST /platform/refunds/{ticket_id}/failed": Case(a_refund, {"reason": "账户冻结"}),
    "POST /platform/webhooks": Case(json=WEBHOOK),
    "GET /platform/webhooks/{webhook_id}": Case(a_webhook_of_the_platform),
    "PATCH /platform/webhooks/{webhook_id}": Case(a_webhook_of_the_platform, {"description": "ERP"}),
    "DELETE /platform/webhooks/{webhook_id}": Case(a_webhook_of_the_platform),
    "GET /platform/webhooks/{webhook_id}/deliveries": Case(a_webhook_of_the_platform),
    "POST /platform/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": Case(a_delivery_to_the_platform),
}

ROUTES = [
    (f"{method} {route.path.removeprefix(PREFIX)}", route)
    for route in app.routes
    if isinstance(route, APIRoute) and route.path.startswith(PREFIX)
    for method in sorted(route.methods)
]


def routes_of(*audiences: str) -> list[str]:
    """The routes behind the doors of these audiences."""
    names = dict.fromkeys(name for name, _ in ROUTES)
    return [name for name in names if name.split("/")[1] in audiences and name.split("/")[-1] not in ENTRANCES]


def case_of(route: str) -> Case:
    has_body = any(name == route and found.body_field is not None for name, found in ROUTES)
    assert route in CASES or not (has_body or route in OWNED), (
        f"{route} is new: say in CASES how to call it, and how to make a row of its owner's"
    )
    return CASES.get(route, Case())


def audience_of(route: str) -> str:
    return route.split("/")[1]


OWNED = [route for route in routes_of("merchant", "customer") if "{" in route]
LISTS = [
    name
    for name, route in ROUTES
    if isinstance(route.response_model, type)
    and issubclass(route.response_model, Listed)
    and name in routes_of("merchant", "customer")
    and name not in {*OWNED, *SHARED}
]


class AnyId(dict):
    """Some id for every parameter of a path."""

    def __missing__(self, key: str) -> int:
        return 1


@pytest.fixture(scope="module")
def migrated(migrated_module: str) -> str:
    """One database for this module: its tests make rows of their own and leave the others' alone."""
    return migrated_module


@pytest.fixture(scope="module")
def world(migrated: str) -> Iterator[World]:
    with Api() as api:
        world = World(api)
        for _ in range(3):
            world.customer()  # so that no customer bears the id of the merchants of these tests
        yield world


@pytest.fixture(scope="module")
def shop(world: World) -> Shop:
    return Shop(world)


@pytest.fixture(scope="module")
def other(world: World) -> Shop:
    return Shop(world)


@pytest.fixture(scope="module")
def live(shop: Shop) -> dict[str, str]:
    """A live token of each audience."""
    return {**{kind: caller.token for kind, caller in shop.owner.items()}, "admin": shop.world.admin().token}


@pytest.fixture(scope="module")
def dead(world: World) -> dict[str, list[str]]:
    """For each audience, tokens that open nothing."""
    found = {}
    for kind in AUDIENCES:
        caller = getattr(world, kind)()
        claims = {"sub": str(caller.id), "aud": kind, "jti": "x", "exp": NOWHERE}
        forged = jwt.encode(claims, "another secret of more than 32 bytes", algorithm="HS256")
        unknown_session, _ = new_token(kind, caller.id, int(datetime.now(UTC).timestamp()))
        expired, _ = new_token(kind, caller.id, 0)
        assert caller.post("/logout").status_code == 204
        found[kind] = ["garbage", "a.b.c", forged, unknown_session, expired, caller.token]
    return found


@pytest.fixture(scope="module")
def disabled(world: World) -> Caller:
    """A merchant whom an admin disabled."""
    merchant = world.merchant()
    made(world.admin().post(f"/users/{merchant.id}/disable"))
    return merchant


def everything(sql: Callable[..., Any]) -> dict[str, list[tuple]]:
    """Every row of every table."""
    return {table: sql(f'SELECT t::text FROM "{table}" t ORDER BY 1') for table in Base.metadata.tables}


def problem(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "instance"}


class TestRowsOfOthers:
    @pytest.mark.parametrize("route", OWNED)
    def test_a_row_of_someone_else_answers_as_one_that_does_not_exist(self, shop, other, sql, route):
        case = case_of(route)
        ids = case.ids(shop)
        stranger = other.owner[audience_of(route)]
        before = everything(sql)
        not_mine = case.by(stranger, route, ids)
        not_there = case.by(stranger, route, dict.fromkeys(ids, NOWHERE))
        assert (not_mine.status_code, not_there.status_code) == (404, 404)
        assert problem(not_mine) == problem(not_there)
        assert everything(sql) == before
        assert case.by(shop.owner[audience_of(route)], route, ids).is_success

    @pytest.mark.parametrize("route", LISTS)
    def test_a_list_shows_the_callers_own_rows(self, shop, other, route):
        _, _, path = route.split("/", 2)
        mine, theirs = (made(one.owner[audience_of(route)].get(f"/{path}", size=100)) for one in (shop, other))
        assert mine["items"], f"{route} is new: make a row for it in Shop"
        assert theirs["items"]
        assert not {item["id"] for item in mine["items"]} & {item["id"] for item in theirs["items"]}
        assert theirs["total"] == len(theirs["items"])

    @pytest.mark.parametrize(
        ("path", "name", "column"),
        [
            ("/orders", "order_number", "order_number"),
            ("/orders", "sku_id", "sku_id"),
            ("/except-orders", "order_id", "id"),
        ],
    )
    def test_a_filter_by_an_id_of_someone_else_finds_nothing(self, shop, other, path, name, column):
        asked = {name: made(shop.merchant.get("/orders", status=-1))["items"][-1][column]}
        assert len(made(shop.merchant.get(path, **asked))["items"]) == 1
        found = made(other.merchant.get(path, **asked))
        assert (found["items"], found["total"]) == ([], 0)

    def test_skus_of_a_product_of_someone_else_are_not_listed(self, shop, other):
        product = shop.world.product(shop.merchant)
        assert made(shop.merchant.get("/skus", product_id=product["id"]))["items"] == product["skus"]
        assert made(other.merchant.get("/skus", product_id=product["id"]))["items"] == []

    def test_a_cursor_of_someone_else_leads_to_the_callers_own_rows(self, shop, other):
        shop.world.product(shop.merchant)
        cursor = made(shop.merchant.get("/products", size=1))["next_cursor"]
        assert cursor
        found = made(other.merchant.get("/products", cursor=cursor))["items"]
        assert {item["business_id"] for item in found} == {other.merchant.id}

    def test_a_batch_ships_no_order_of_someone_else(self, shop, other, sql):
        order = shop.world.order(shop.merchant, shop.customer)
        parcel = {"logistic_id": 1, "logistic_order_id": "SF1"}
        items = [{"order_id": order["id"], **parcel}, {"order_number": order["order_number"], **parcel}]
        before = everything(sql)
        answer = made(other.merchant.post("/orders/ship", {"items": items}))
        assert (answer["shipped"], [result["code"] for result in answer["results"]]) == (0, ["not_found"] * 2)
        assert everything(sql) == before
        assert made(shop.merchant.post("/orders/ship", {"items": items[:1]}))["shipped"] == 1

    def test_counts_are_of_the_callers_own_orders(self, shop, other):
        before = made(other.merchant.get("/orders/counts"))
        mine = made(shop.merchant.get("/orders/counts"))
        shop.world.order(shop.merchant, shop.customer)
        assert made(shop.merchant.get("/orders/counts")) == {**mine, "0": mine["0"] + 1}
        assert made(other.merchant.get("/orders/counts")) == before

    def test_goods_of_someone_else_can_not_be_moved_to_a_merchant(self, shop, other, sql):
        product = shop.world.product(shop.merchant)
        for body in ({"business_id": other.merchant.id}, {"product_id": 1}, {"status": 1}, {"stock": 5}):
            assert shop.merchant.patch(f"/products/{product['id']}", body).status_code == 422
            assert shop.merchant.patch(f"/skus/{product['skus'][0]['id']}", body).status_code == 422
        assert made(shop.merchant.get(f"/products/{product['id']}")) == product


class TestDoors:
    def test_every_route_has_a_door_or_is_known_to_be_public(self):
        behind_doors = {*routes_of(*AUDIENCES, "platform")}
        entrances = {f"POST /{audience}/{entrance}" for audience in AUDIENCES for entrance in ENTRANCES}
        assert {name for name, _ in ROUTES} - behind_doors - entrances <= {
            f"{method} {path}" for path in PUBLIC for method in ("GET", "HEAD")
        }

    def test_every_route_stands_once(self):
        names = [name for name, _ in ROUTES]
        assert sorted(names) == sorted(set(names))

    @pytest.mark.parametrize("route", routes_of(*AUDIENCES))
    def test_a_route_opens_only_to_a_live_token_of_its_audience(self, world, live, dead, sql, route):
        audience, case = audience_of(route), case_of(route)
        before = everything(sql)
        for token in (None, *dead[audience]):
            answer = case.by(Caller(world.api.client, audience, token), route, AnyId())
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), token
            assert answer.headers["www-authenticate"] == "Bearer"
        for token in (token for kind, token in live.items() if kind != audience):
            answer = case.by(Caller(world.api.client, audience, token), route, AnyId())
            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_audience")
        assert everything(sql) == before

    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token}x", "Bearer  {token}"]
    )
    def test_a_token_comes_as_a_bearer(self, shop, header):
        asked = {"Authorization": header.format(token=shop.merchant.token)}
        assert shop.merchant.call("GET", "/me", headers=asked).status_code == 401

    @pytest.mark.parametrize("route", routes_of("merchant"))
    def test_a_merchant_who_was_disabled_is_out_at_once(self, disabled, sql, route):
        before = everything(sql)
        answer = case_of(route).by(disabled, route, AnyId())
        assert (answer.status_code, answer.json()["code"]) == (403, "disabled")
        assert everything(sql) == before

    def test_a_disabled_merchant_can_not_log_in(self, disabled, world):
        given = {"name": disabled.account["name"], "password": PASSWORD}
        answer = world.api.stranger("merchant").post("/login", given)
        assert (answer.status_code, answer.json()["code"]) == (403, "disabled")


class TestPlatform:
    @pytest.mark.parametrize("route", routes_of("platform"))
    def test_a_route_opens_only_to_a_fresh_signature_over_what_is_sent(self, shop, other, sql, route):
        method, path = route.split()
        case = case_of(route)
        path = path.removeprefix("/platform").format_map(case.ids(shop))
        if case.json is purchase:
            content = orjson.dumps(purchase(shop.world.sku(shop.merchant)["id"], shop.customer.id))
        else:
            content = b"" if case.json is None else orjson.dumps(case.json)
        now = datetime.now(UTC)
        right = signature(content)
        wrong = {
            "none": {},
            "another secret": signature(content, secret=OTHER_SECRET),
            "another content": signature(content + b" "),
            "old": signature(content, at=now - timedelta(minutes=6)),
            "of the future": signature(content, at=now + timedelta(minutes=6)),
            "another id": {**right, "webhook-id": "msg_2"},
            "another time": {**right, "webhook-timestamp": str(int(right["webhook-timestamp"]) + 1)},
            "no time": {**right, "webhook-timestamp": ""},
            "garbage": {**right, "webhook-signature": "v1,garbage"},
            "another version": {**right, "webhook-signature": right["webhook-signature"].replace("v1,", "v2,")},
        }
        stranger = shop.world.api.stranger("platform")
        merchant = Caller(stranger.client, "platform", shop.merchant.token)
        before = everything(sql)
        for caller in (stranger, merchant):
            for what, headers in wrong.items():
                answer = _sent(caller, method, path, content, headers)
                assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), what
        assert everything(sql) == before
        assert _sent(stranger, method, path, content, right).is_success


def _sent(caller: Caller, method: str, path: str, content: bytes, headers: dict[str, str]) -> Any:
    return caller.call(method, path, content=content, headers={"Content-Type": "application/json", **headers})
