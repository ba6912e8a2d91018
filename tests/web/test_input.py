"""Every wrong body, query, path and header is refused by name, and changes nothing."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import psycopg2
import pytest
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.main import MAX_BODY, app
from tests.support.api import PREFIX, Api, signature
from tests.support.factories import PASSWORD, RETURN_ADDRESS, World, made, purchase

INT4 = 2**31
ZH, EN = "zh", "en"
ROUTES = [(method, route) for route in app.routes if isinstance(route, APIRoute) for method in sorted(route.methods)]
NOT_JSON = ["NaN", "1e999", "-Infinity", "1" * 5000, '"\\ud800"', '"\\udc00\\ud800"', "tru", "01", "'x'"]
BROKEN = {
    "half an object": b"{",
    "no value": b'{"name":}',
    "two values": b"{}{}",
    "a hundred thousand arrays": b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "deep and closed": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not UTF-8": b'{"name":"\xff\xfe"}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "a NUL": b"\x00",
    "UTF-16": '{"name":"x"}'.encode("utf-16"),
}
PER_ROW = ("order_id", "order_number", "logistic_id", "logistic_name", "logistic_order_id")  # refused row by row
STOCK_ROW = ("sku_id", "sku_code", "delta", "stock", "expected_stock", "reason")  # the same
NO_OBJECTS = [b"[]", b"1", b'"x"', b"true", b"[{}]"]
GARBAGE_CURSORS = [
    "x",
    "%FF",
    "游标",
    "MQ",
    "MS4x=",
    "MS4xLjE",
    "YS5i",
    "LjE",
    "LTk5OTk5OTk5OTk5LjE",
    "Li4u",
    "MS4tMQ%00",
]


@pytest.fixture(scope="module")
def shop(migrated_module: str) -> Iterator["Shop"]:
    """A shop with all that paths and bodies can name; the tests of this file leave it as it is."""
    connection = psycopg2.connect(migrated_module)
    connection.autocommit = True
    with Api() as api:
        yield Shop(api, connection)
    connection.close()


class Shop:
    """Callers of every audience, and a valid body for every route that takes one."""

    def __init__(self, api: Api, connection: Any) -> None:
        world = World(api)
        self.api, self.connection = api, connection
        self.callers = {"merchant": world.merchant(), "customer": world.customer(), "admin": world.admin()}
        merchant, customer = self.callers["merchant"], self.callers["customer"]
        sku = world.sku(merchant)
        tickets = {
            step: world.ticket(merchant, customer, step)["id"] for step in ("applied", "awaiting_return", "awaiting_receipt")
        }
        webhook = {"url": "https://shop.example.com/", "verbs": ["ship"], "description": "ERP"}
        self.webhook_of_the_platform = made(api.platform.post("/webhooks", webhook), 201)["id"]
        self.ids = {
            "webhook_id": made(merchant.post("/webhooks", webhook), 201)["id"],
            "order_id": world.order(merchant, customer)["id"],
            "ticket_id": tickets["applied"],
            "product_id": sku["product_id"],
            "sku_id": sku["id"],
            "user_id": merchant.id,
            "customer_id": customer.id,
            "admin_id": self.callers["admin"].id,
            "order_number": "ON1",
        }
        new_sku = {"sku_name": "红色", "sku_code": "A-1", "sku_attr": "{}", "price": 9.9, "stock": 1}
        product = {"name": "水杯", "desc": "3D 水杯", "unit": "个", "meta_obj_id": 7}
        login = {"name": "someone", "password": PASSWORD}
        passwords = {"old_password": PASSWORD, "new_password": "another password"}
        contact = {"email_address": "a@b.cn", "tel_phone": "13800000000"}
        receiver = {"receiver_name": "李四", "receiver_phone": "13800000000", "receiver_address": "上海"}
        self.bodies = {
            "POST /merchant/register": {**login, "storename": "新店"},
            "POST /merchant/login": login,
            "PATCH /merchant/me": {"name": "新名", "storename": "新店"},
            "PUT /merchant/me/password": passwords,
            "PATCH /merchant/orders/{order_id}/receiver": receiver,
            "PATCH /platform/orders/{order_number}/receiver": receiver,
            "POST /merchant/orders/{order_id}/ship": {
                "logistic_id": 1,
                "logistic_name": "顺丰速运",
                "logistic_order_id": "SF1",
                "deliver_address": "上海",
            },
            "POST /merchant/orders/{order_id}/cancel": {"remark": "断货", "restock": True},
            "POST /merchant/orders/{order_id}/extend": {"days": 3},
            "PUT /merchant/orders/{order_id}/note": {"note": "加急", "flag": 1},
            "PUT /merchant/return-address": RETURN_ADDRESS,
            "POST /merchant/except-orders/{ticket_id}/agree": {"back_cost": 1, "remark": "好", "restock": True},
            "POST /merchant/except-orders/{ticket_id}/refuse": {"remark": "不", "evidence": []},
            "POST /merchant/except-orders/{ticket_id}/receive": {"restock": True, "pieces": 1, "back_cost": 1, "remark": "旧"},
            "POST /merchant/products": {**product, "skus": [new_sku]},
            "PATCH /merchant/products/{product_id}": {**product, "listed": True},
            "POST /merchant/products/{product_id}/skus": new_sku,
            "PATCH /merchant/skus/{sku_id}": {"sku_name": "红色", "sku_code": "A-1", "sku_attr": "{}", "price": 1},
            "POST /merchant/skus/{sku_id}/stock": {"delta": 1, "reason": "盘点"},
            "POST /merchant/orders/ship": {
                "items": [{**dict.fromkeys(PER_ROW), "order_id": 1}],
                "dry_run": False,
                "correct": False,
            },
            "POST /merchant/skus/stock": {"items": [{**dict.fromkeys(STOCK_ROW), "sku_id": 1}], "dry_run": False},
            "POST /merchant/api-keys": {"name": "ERP", "scopes": ["read"]},
            "PUT /merchant/low-stock": {"threshold": 1},
            "PUT /merchant/skus/{sku_id}/low-stock": {"threshold": 1},
            "POST /merchant/scenes": {"name": "店", "base_id": 1, "tag": 2, "thumbnail": "a.png", "config": "a.json"},
            "PATCH /merchant/scenes/{scene_id}": {"name": "店", "base_id": 1, "tag": 2, "thumbnail": None, "config": None},
            "POST /merchant/webhooks": webhook,
            "PATCH /merchant/webhooks/{webhook_id}": {**webhook, "status": "disabled", "rotate_secret": True},
            "POST /admin/scene-bases": {"name": "店", "thumbnail": None},
            "PATCH /admin/scene-bases/{base_id}": {"name": "店", "thumbnail": None},
            "POST /customer/register": {**login, **contact},
            "POST /customer/login": login,
            "PATCH /customer/me": {"name": "新名", **contact},
            "PUT /customer/me/password": passwords,
            "DELETE /customer/me": {"password": PASSWORD},
            "POST /customer/orders/{order_id}/except-orders": {
                "except_type": "仅退款",
                "back_reason": "不要了",
                "back_cost": 1,
                "evidence": [],
                "pieces": 1,
            },
            "POST /customer/except-orders/{ticket_id}/return": {"logistics_id": 2, "tracking_number": "YT1", "pieces": 1},
            "POST /admin/except-orders/{ticket_id}/agree": {"reason": "好", "back_cost": 1, "restock": True},
            "POST /admin/except-orders/{ticket_id}/refuse": {"reason": "不"},
            "POST /admin/except-orders/{ticket_id}/receive": {"reason": "旧", "restock": True, "pieces": 1, "back_cost": 1},
            "POST /admin/login": login,
            "PUT /admin/me/password": passwords,
            "POST /admin/admins": login,
            "POST /admin/users": {**login, "storename": "新店"},
            "POST /admin/users/{user_id}/reset-password": {"new_password": "another password"},
            "PUT /admin/users/{user_id}/return-address": RETURN_ADDRESS,
            "POST /platform/webhooks": webhook,
            "PATCH /platform/webhooks/{webhook_id}": {**webhook, "status": "disabled", "rotate_secret": True},
            "POST /platform/refunds/{ticket_id}/paid": {"reference": "R1", "paid_time": 1},
            "POST /platform/refunds/{ticket_id}/failed": {"reason": "账户冻结"},
            "POST /merchant/models": {"name": "杯", "file": "a.glb", "thumbnail": "a.png"},
            "PATCH /merchant/models/{model_id}": {"name": "杯", "file": "a.glb", "thumbnail": "a.png"},
            "POST /platform/orders": purchase(sku["id"], customer.id, pay_count=1, create_time=1),
        }

    def path(self, route: APIRoute, **ids: Any) -> str:
        unnamed = {parameter.name: 1 for parameter in route.dependant.path_params}
        if route.path.startswith(f"{PREFIX}/platform"):
            ids = {"webhook_id": self.webhook_of_the_platform, **ids}
        return route.path.format(**{**unnamed, **self.ids, **ids})

    def body(self, method: str, route: APIRoute) -> bytes:
        return json.dumps(self.bodies[label(method, route)]).encode() if (method, route) in WITH_BODY else b""

    def send(self, method: str, path: str, content: bytes = b"", *, streamed: bool = False, **headers: Any) -> Any:
        """The answer to a call of whom the path is for, with these bytes for a body."""
        audience = path.removeprefix(PREFIX).strip("/").partition("/")[0]
        sent: dict[str, Any] = {"Accept-Language": "en"}
        if audience in self.callers:
            sent["Authorization"] = f"Bearer {self.callers[audience].token}"
        if audience == "platform":
            sent |= signature(content)
        if content:
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value is not None}
        return self.api.client.request(method, path, headers=sent, content=iter([content]) if streamed else content)

    def stored(self) -> list[Any]:
        """A digest of every table."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
            tables = [table for (table,) in cursor.fetchall()]
            each = (f"""SELECT '{table}', count(*), sum(hashtext(t::text)::bigint) FROM "{table}" t""" for table in tables)
            cursor.execute(" UNION ALL ".join(each))
            return list(cursor.fetchall())


@pytest.fixture(scope="class")
def changes_nothing(shop: Shop) -> Iterator[None]:
    """After the tests of a class every table is as it was."""
    before = shop.stored()
    yield
    assert shop.stored() == before


def label(method: str, route: APIRoute) -> str:
    return f"{method} {route.path.removeprefix(PREFIX)}"


def model_of(route: APIRoute) -> type[BaseModel]:
    assert route.body_field is not None
    annotation = route.body_field.field_info.annotation
    return next((part for part in get_args(annotation) if part is not type(None)), annotation)


def fields_of(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """What the API promises of each field, by its path: `skus.0.price`."""
    schema = model.model_json_schema()

    def walk(properties: dict[str, Any], required: list[str], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, described in properties.items():
            kinds = [kind for kind in described.get("anyOf", [described]) if kind.get("type") != "null"]
            field = {
                **kinds[0],
                "nullable": len(kinds) < len(described.get("anyOf", [described])),
                "required": name in required,
            }
            yield prefix + name, field
            if field.get("type") == "array" and "$ref" in field["items"]:
                item = schema["$defs"][field["items"]["$ref"].split("/")[-1]]
                yield from walk(item["properties"], item.get("required", []), f"{prefix}{name}.0.")

    return dict(walk(schema["properties"], schema.get("required", []), ""))


def wrong_values(field: dict[str, Any], *, per_row: bool) -> list[str]:
    """JSON that the field must refuse, by what it promises to be."""
    wrong = ["[]", "{}"] if field["type"] != "array" or field.get("minItems") else ["{}"]
    if not field["nullable"]:
        wrong.append("null")
    if per_row:
        wrong += ["true", "1.5", "1" if field["type"] == "string" else '"1"']
    elif field["type"] == "string":
        wrong += ["1", "true", json.dumps("x" * 100_000)]
        if "pattern" in field or "enum" in field or field.get("format") == "uri":
            wrong += ['"a\\u0000!"', '"a\\u001b!"', '"a\\n!"']
        if (field.get("minLength") or "pattern" in field or "enum" in field) and not field["nullable"]:
            wrong += ['""', '" \\u200b\\n"']
        if field.get("maxLength") and "pattern" not in field:
            wrong += [json.dumps("货" * (field["maxLength"] + 1))]
    elif field["type"] == "integer":
        wrong += ["true", '"1"', "1.5", str(INT4), str(-INT4), "9" * 20, "9" * 300, "1e5"]
        wrong += ["-1"] if field["minimum"] >= 0 else []
        wrong += ["0"] if field["minimum"] == 1 else []
    elif field["type"] == "number":
        wrong += ["true", '"1"', "-1", "0.001", "1.005", "9.999", "1e300", "9" * 20, "1e-9"]
    elif field["type"] == "boolean":
        wrong += ["1", "0", '"true"']
    elif field["type"] == "array":
        wrong += ['"x"', "1", "[1]", "[null]"]
    return wrong


def with_value(body: dict[str, Any], path: str, value: str | None) -> bytes:
    """The body with raw JSON in place of one field's value, or without the field."""
    body = json.loads(json.dumps(body))
    *outer, last = path.split(".")
    inner: Any = body
    for part in outer:
        inner = inner[int(part) if part.isdigit() else part]
    if value is None:
        inner.pop(last, None)
        return json.dumps(body).encode()
    inner[last] = "@@"
    return json.dumps(body).replace('"@@"', value).encode()


WITH_BODY = [
    (method, route) for method, route in ROUTES if route.body_field and not isinstance(route.body_field.field_info, Form)
]
BODIES = pytest.mark.parametrize(("method", "route"), WITH_BODY, ids=[label(*each) for each in WITH_BODY])
FIELDS = [(method, route, path, field) for method, route in WITH_BODY for path, field in fields_of(model_of(route)).items()]
FIELD_IDS = [f"{label(method, route)} {path}" for method, route, path, _ in FIELDS]
REQUIRED = [(method, route, path) for method, route, path, field in FIELDS if field["required"]]


def refused(answer: Any, said: Any = None) -> list[dict[str, str]]:
    """The faults that a 422 names."""
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_input"), (said, answer.text)
    assert problem["type"] == "urn:meta-be:problem:invalid_input"
    assert all(fault["detail"] and fault["code"] for fault in problem["errors"])
    return problem["errors"]


@pytest.mark.usefixtures("changes_nothing")
class TestBodies:
    @pytest.mark.parametrize(("method", "route", "path", "field"), FIELDS, ids=FIELD_IDS)
    def test_a_wrong_value_is_refused_by_its_fields_name(self, shop, method, route, path, field):
        body = shop.bodies[label(method, route)]
        for value in wrong_values(field, per_row="items.0." in path):
            answer = shop.send(method, shop.path(route), with_value(body, path, value), Accept_Language=ZH)
            faults = refused(answer, value[:50])
            assert {fault["in"] for fault in faults} == {"body"}
            named = {fault["field"] for fault in faults}
            assert named == {path} or (field["type"] == "array" and named == {f"{path}.0"}), value[:50]
            assert all(re.search(r"[\u4e00-\u9fff]", fault["detail"]) for fault in faults), faults

    @pytest.mark.parametrize("value", NOT_JSON, ids=lambda value: value[:20])
    @BODIES
    def test_a_value_that_is_not_json_is_refused(self, shop, method, route, value):
        for path in list(fields_of(model_of(route)))[::3]:
            content = with_value(shop.bodies[label(method, route)], path, value)
            (fault,) = refused(shop.send(method, shop.path(route), content), value[:50])
            assert (fault["in"], fault["field"], fault["code"]) == ("body", "", "json_invalid"), value[:50]

    @pytest.mark.parametrize(("method", "route", "path"), REQUIRED, ids=[f"{label(*each[:2])} {each[2]}" for each in REQUIRED])
    def test_what_is_required_may_not_be_missing(self, shop, method, route, path):
        faults = refused(shop.send(method, shop.path(route), with_value(shop.bodies[label(method, route)], path, None)))
        assert [(fault["field"], fault["code"]) for fault in faults] == [(path, "missing")]

    @BODIES
    def test_an_unknown_field_is_refused(self, shop, method, route):
        for name in ("unknown", "id", "constructor", "未知", "a\u0000b"):
            content = json.dumps({**shop.bodies[label(method, route)], name: 1}).encode()
            faults = refused(shop.send(method, shop.path(route), content), name)
            assert [(fault["field"], fault["code"]) for fault in faults] == [(name, "extra_forbidden")]

    @BODIES
    def test_what_is_no_object_is_refused(self, shop, method, route):
        for content in NO_OBJECTS:
            assert refused(shop.send(method, shop.path(route), content), content)
        if route.body_field.field_info.is_required():
            assert refused(shop.send(method, shop.path(route)))
            assert refused(shop.send(method, shop.path(route), b"null"))

    @BODIES
    def test_what_can_not_be_read_is_refused(self, shop, method, route):
        for said, content in BROKEN.items():
            if "platform" in route.path and not readable(content):
                continue  # it can not even be signed
            (fault,) = refused(shop.send(method, shop.path(route), content), said)
            assert fault["code"] == "json_invalid", said

    @BODIES
    def test_another_content_type_is_refused(self, shop, method, route):
        content = json.dumps(shop.bodies[label(method, route)]).encode()
        for content_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "multipart/form-data",
            "",
            "x",
        ):
            answer = shop.send(method, shop.path(route), content, Content_Type=content_type)
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), content_type

    @BODIES
    @pytest.mark.parametrize("declared", [True, False], ids=["declared", "streamed"])
    def test_a_body_over_the_limit_is_refused(self, shop, method, route, declared):
        content = b'{"name":"' + b"x" * MAX_BODY + b'"}'
        answer = shop.send(method, shop.path(route), content, streamed=not declared)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    @BODIES
    def test_a_body_under_the_limit_is_read(self, shop, method, route):
        content = b'{"unknown":"' + b"x" * (MAX_BODY - 14) + b'"}'
        assert len(content) == MAX_BODY
        assert "unknown" in {fault["field"] for fault in refused(shop.send(method, shop.path(route), content))}


def readable(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


WITH_ID = [(method, route) for method, route in ROUTES if re.search(r"{\w+_id}", route.path)]
WITH_QUERY = [(method, route) for method, route in ROUTES if method == "GET" and route.dependant.query_params]
QUERIES = pytest.mark.parametrize(("method", "route"), WITH_QUERY, ids=[label(*each) for each in WITH_QUERY])


def wrong_words(field: dict[str, Any]) -> list[str]:
    """Words that a query parameter must refuse, by what it promises to be."""
    if field["type"] == "array":
        each = [word for word in wrong_words(field["items"]) if "," not in word]
        return each + [f"0,{word}" for word in each] if field["items"]["type"] == "integer" else each
    if "enum" in field:
        return ["unknown", *(value.upper() for value in field["enum"] if value.isascii())]
    if field["type"] == "integer":
        bounds = [str(field["minimum"] - 1), str(field["maximum"] + 1)]
        return [*bounds, "abc", "1.5", "1e9", "true", "NaN", "-9", "1%00", str(INT4), "9" * 20, "9" * 5000]
    if field["type"] == "boolean":
        return ["maybe", "2", "1%00"]
    if field.get("format") == "date":
        return ["2024-02-30", "2024-2-3", "20240203", "1969-12-31", "2038-01-01", "now", "0", "２０２４-01-01"]
    if "pattern" in field:
        return ["!", "游", "x" * 65]
    return ["x" * (field["maxLength"] + 1)]


def parameters_of(route: APIRoute) -> dict[str, dict[str, Any]]:
    (query,) = route.dependant.query_params
    return fields_of(query.field_info.annotation)


@pytest.mark.usefixtures("changes_nothing")
class TestQueries:
    @QUERIES
    def test_a_wrong_parameter_is_refused_by_its_name(self, shop, method, route):
        for name, field in parameters_of(route).items():
            for value in wrong_words(field) if name != "cursor" else ["x" * 65]:
                faults = refused(shop.send(method, f"{shop.path(route)}?{name}={value}"), f"{name}={value[:50]}")
                assert {fault["in"] for fault in faults} == {"query"}
                assert {fault["field"].split(".")[0] for fault in faults} == {name}, value[:50]

    @QUERIES
    def test_a_single_parameter_that_is_given_twice_is_refused(self, shop, method, route):
        single = [name for name, field in parameters_of(route).items() if field["type"] != "array"]
        assert single
        for name in single:
            faults = refused(shop.send(method, f"{shop.path(route)}?{name}=1&{name}=1"), name)
            assert {(fault["in"], fault["field"]) for fault in faults} == {("query", name)}

    @QUERIES
    def test_an_unknown_parameter_is_refused(self, shop, method, route):
        for query in ("unknown=1", "Page=1", "page=1&unknown=", "%00=1", "%FF=1", "offset=-1", "status[]=0"):
            faults = refused(shop.send(method, f"{shop.path(route)}?{query}"), query)
            assert {(fault["in"], fault["code"]) for fault in faults} == {("query", "extra_forbidden")}

    @QUERIES
    def test_a_cursor_that_was_never_handed_out_is_refused(self, shop, method, route):
        if "cursor" not in parameters_of(route):
            assert refused(shop.send(method, f"{shop.path(route)}?cursor=MS4x"))
            return
        for cursor in GARBAGE_CURSORS:
            answer = shop.send(method, f"{shop.path(route)}?cursor={cursor}")
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor"), cursor
            (fault,) = answer.json()["errors"]
            assert (fault["in"], fault["field"]) == ("query", "cursor")

    @pytest.mark.parametrize("text", ["%zz", "%", "%F", "%FF%FE", "%ED%A0%80", "%F0%9F%92%A9", "'", '"', "\\", "%25s", "{0}"])
    def test_odd_text_finds_nothing_and_breaks_nothing(self, shop, text):
        for path, name in (
            ("orders", "order_number"),
            ("orders", "receiver"),
            ("products", "name"),
            ("skus", "name"),
        ):
            shown = made(shop.send("GET", f"{PREFIX}/merchant/{path}?{name}={text}"))
            assert (shown["items"], shown["total"]) == ([], 0)


@pytest.mark.usefixtures("changes_nothing")
class TestPaths:
    @pytest.mark.parametrize(("method", "route"), WITH_ID, ids=[label(*each) for each in WITH_ID])
    def test_an_id_that_can_not_be_is_refused(self, shop, method, route):
        too_large = {"delivery_id": str(2**63)}
        wrong = ("0", "-1", "too large", "abc", "9" * 20, "9" * 5000, "1.5", "%00", "1%00", "%FF", "null", "%zz")
        for name, value in itertools.product(re.findall(r"{(\w+_id)}", route.path), wrong):
            value = too_large.get(name, str(INT4)) if value == "too large" else value
            faults = refused(shop.send(method, shop.path(route, **{name: value}), shop.body(method, route)), value[:50])
            assert [(fault["in"], fault["field"]) for fault in faults] == [("path", name)], value[:50]

    @pytest.mark.parametrize("number", ["%00", "x" * 31, "a b", "%FF", "游", "a.b"])
    def test_an_order_number_that_can_not_be_is_refused(self, shop, number):
        faults = refused(shop.send("GET", f"{PREFIX}/platform/orders/{number}"))
        assert [(fault["in"], fault["field"]) for fault in faults] == [("path", "order_number")]

    @pytest.mark.parametrize(
        "path", ["/x", "/api", "/api/v1", f"{PREFIX}/merchant", f"{PREFIX}/merchant/none", "/%00", "/%FF", "/%zz"]
    )
    def test_an_unknown_path_is_a_problem(self, shop, path):
        answer = shop.send("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")
        assert answer.json()["title"] == "Not Found"

    @pytest.mark.parametrize("path", sorted({route.path for _, route in ROUTES if route.path.startswith(PREFIX)}))
    def test_a_wrong_method_is_told_the_right_ones(self, shop, path):
        path = re.sub(r"{\w+}", "1", path)
        allowed = {method for method, route in ROUTES if route.path_regex.match(path)}
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - allowed):
            answer = shop.send(method, path)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
            assert {allowed.strip() for allowed in answer.headers["allow"].split(",")} == allowed


@pytest.mark.usefixtures("changes_nothing")
class TestHeaders:
    @pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "a\tb", b"\xff", "钥".encode(), b"a\x7fb"])
    def test_a_key_that_can_not_be_is_refused(self, shop, key):
        posts = [(method, route) for method, route in ROUTES if method == "POST"]
        assert len(posts) > 20
        for method, route in posts:
            answer = shop.send(method, shop.path(route), shop.body(method, route), Idempotency_Key=key)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_idempotency_key"), route.path

    @pytest.mark.parametrize("request_id", ["a", "A.b_c-1", "x" * 64])
    def test_a_decent_request_id_is_kept(self, shop, request_id):
        for path in ("/healthz", f"{PREFIX}/merchant/me", f"{PREFIX}/merchant/orders/0", "/none"):
            assert shop.send("GET", path, X_Request_ID=request_id).headers["x-request-id"] == request_id

    @pytest.mark.parametrize("request_id", ["", " ", "a b", "x" * 65, "a\tb", b"\xff", "号".encode(), "a;b", "<script>"])
    def test_another_request_id_is_replaced(self, shop, request_id):
        for path in ("/healthz", f"{PREFIX}/merchant/me", f"{PREFIX}/merchant/orders/0", "/none"):
            given = shop.send("GET", path, X_Request_ID=request_id).headers["x-request-id"]
            assert re.fullmatch(r"[0-9a-f]{32}", given)

    def test_every_request_has_an_id_of_its_own(self, shop):
        assert len({shop.send("GET", "/healthz").headers["x-request-id"] for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, ZH),
        ("", ZH),
        ("zh", ZH),
        ("zh-CN,zh;q=0.9,en;q=0.8", ZH),
        ("en", EN),
        ("EN-us", EN),
        ("en-GB,en;q=0.9", EN),
        ("en;q=0.2,zh;q=0.9", ZH),
        ("zh;q=0.2,en;q=0.9", EN),
        ("en; q=0.2, zh; q=0.9", ZH),
        ("zh; q=0.2, en; q=0.9", EN),
        ("fr,en;q=0.5", EN),
        ("fr,de", ZH),
        ("en;q=0", ZH),
        ("en;q=0,zh;q=0.1", ZH),
        ("*", ZH),
        ("en;q=x", ZH),
        ("en;q=nan,zh;q=0.1", ZH),
        (";;;,,,q=", ZH),
        ("x" * 5000, ZH),
        (b"\xff\xfe", ZH),
    ],
)
def test_a_problem_is_told_in_the_language_that_is_asked_for(shop, asked, language):
    details = {
        f"{PREFIX}/merchant/orders/{INT4 - 1}": ("不存在", "there is nothing here, or it is not yours"),
        f"{PREFIX}/merchant/orders?size=0": ("输入有误", "the input is wrong"),
        "/none": ("没有这个地址", "there is no such path"),
    }
    for path, words in details.items():
        assert shop.send("GET", path, Accept_Language=asked).json()["detail"] == words[language == EN]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("size=0", ("须不小于 1", "Input should be greater than or equal to 1")),
        ("size=101", ("须不大于 100", "Input should be less than or equal to 100")),
        ("size=x", ("须为整数", "Input should be a valid integer, unable to parse string as an integer")),
        ("unknown=1", ("未知字段", "Extra inputs are not permitted")),
        ("overdue=x", ("须为 true 或 false", "Input should be a valid boolean, unable to interpret input")),
        ("receiver=" + "x" * 201, ("最多 200 个字符", "String should have at most 200 characters")),
    ],
)
def test_each_fault_is_told_in_that_language_too(shop, query, words):
    for language in (ZH, EN):
        faults = refused(shop.send("GET", f"{PREFIX}/merchant/orders?{query}", Accept_Language=language))
        assert [fault["detail"] for fault in faults] == [words[language == EN]]
