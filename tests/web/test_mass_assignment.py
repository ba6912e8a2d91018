"""No column of any table can be set by naming it: every write route refuses it as an extra field, and no row is changed."""

import json
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import psycopg2
import pytest

from app.main import app
from app.models.base import Base
from tests.support.api import PREFIX, Api
from tests.support.effort import dice, often
from tests.web.test_input import Shop, refused

WRITES = ("post", "put", "patch", "delete")
COLUMNS = sorted({column.name for table in Base.metadata.tables.values() for column in table.columns})
SAMPLE = dice("columns").sample(COLUMNS, often(10, len(COLUMNS)))
AT_ONCE = often(10, 1)  # a refusal names so many
VALUES: list[Any] = often([1], [1, "x", None, True, [], {}])
DOCUMENT = app.openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in WRITES
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself: not a reference to it, and not the choice between it and null."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for kind in schema.get("anyOf", ()):
        if kind.get("type") != "null":
            return resolved(kind)
    return schema


def places_of(schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Where fields may stand (`items.0.`) and which are documented there."""
    schema = resolved(schema)
    yield prefix, set(schema["properties"])
    for name, field in schema["properties"].items():
        items = resolved(resolved(field).get("items", {}))
        if items.get("properties"):
            yield from places_of(items, f"{prefix}{name}.0.")


def sent_as(kind: str) -> list[str]:
    return [name for name, operation in OPERATIONS.items() if kind in operation.get("requestBody", {}).get("content", {})]


JSON, FORM = sent_as("application/json"), sent_as("multipart/form-data")
WITHOUT_BODY = [name for name, operation in OPERATIONS.items() if "requestBody" not in operation]
PLACES = [
    (name, prefix, columns)
    for name in JSON
    for prefix, known in places_of(OPERATIONS[name]["requestBody"]["content"]["application/json"]["schema"])
    for columns in [[column for column in COLUMNS if column not in known]]
]


def some_of(columns: Sequence[str]) -> list[Sequence[str]]:
    """The columns, so many at once."""
    return [columns[at : at + AT_ONCE] for at in range(0, len(columns), AT_ONCE)]


@pytest.fixture(scope="module")
def shop(migrated_module: str) -> Iterator[Shop]:
    connection = psycopg2.connect(migrated_module)
    connection.autocommit = True
    with Api() as api:
        yield Shop(api, connection)
    connection.close()


@pytest.fixture(scope="module", autouse=True)
def _changes_nothing(shop: Shop) -> Iterator[None]:
    before = shop.stored()
    yield
    assert shop.stored() == before


def path_of(shop: Shop, operation: str) -> str:
    """The operation's path, with ids of rows that are the caller's."""
    ids: dict[str, Any] = {**shop.ids, "name": "0" * 64 + ".glb"}
    if f"{PREFIX}/platform" in operation:
        ids["webhook_id"] = shop.webhook_of_the_platform
    names = [part.strip("{}") for part in operation.split("/") if part.startswith("{")]
    return operation.partition(" ")[2].format(**{name: ids.get(name, 1) for name in names})


def with_fields(body: dict[str, Any], prefix: str, fields: dict[str, Any]) -> bytes:
    """The body with more fields at that place."""
    body = json.loads(json.dumps(body))
    inner: Any = body
    for part in prefix.split(".")[:-1]:
        inner = inner[int(part) if part.isdigit() else part]
    inner.update(fields)
    return json.dumps(body).encode()


def test_every_write_route_is_tried() -> None:
    assert len(JSON) > 40
    assert len(COLUMNS) > 100
    assert {*JSON, *FORM, *WITHOUT_BODY} == set(OPERATIONS)


@pytest.mark.hard
@pytest.mark.parametrize(("operation", "prefix", "columns"), PLACES, ids=[f"{name} {prefix}" for name, prefix, _ in PLACES])
def test_a_column_is_refused_as_a_field(shop, operation, prefix, columns, tried):
    method, _, _ = operation.partition(" ")
    path, body = path_of(shop, operation), shop.bodies[operation.replace(PREFIX, "")]
    for value, some in product(VALUES, some_of(columns)):
        faults = refused(shop.send(method, path, with_fields(body, prefix, dict.fromkeys(some, value))), some)
        assert {(fault["field"], fault["code"]) for fault in faults} == {(prefix + name, "extra_forbidden") for name in some}
    tried("columns sent as an extra field", len(VALUES) * len(columns))


@pytest.mark.hard
@pytest.mark.parametrize("operation", WITHOUT_BODY)
def test_it_is_refused_where_no_body_is_taken(shop, operation, tried):
    method, _, _ = operation.partition(" ")
    for value, some in product(VALUES, some_of(SAMPLE)):
        faults = refused(shop.send(method, path_of(shop, operation), json.dumps(dict.fromkeys(some, value)).encode()), some)
        assert {(fault["in"], fault["field"], fault["code"]) for fault in faults} == {
            ("body", name, "extra_forbidden") for name in some
        }
    tried("columns sent where no body is taken", len(VALUES) * len(SAMPLE))


@pytest.mark.parametrize("operation", WITHOUT_BODY)
def test_what_is_no_object_is_refused_there_too(shop, operation):
    method, _, _ = operation.partition(" ")
    for content in (b"[]", b"1", b'"x"', b"[{}]", b"{", b"\x00"):
        assert refused(shop.send(method, path_of(shop, operation), content), content)


def test_an_empty_body_is_none(shop):
    for content in (b"", b"{}", b"null"):
        path = f"{PREFIX}/merchant/products/{shop.ids['product_id']}/restore"
        assert shop.send("POST", path, content).status_code == 200


@pytest.mark.hard
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in FORM])
def test_it_is_refused_in_the_query(shop, operation, tried):
    method, _, _ = operation.partition(" ")
    name = operation.replace(PREFIX, "")
    content = json.dumps(shop.bodies[name]).encode() if name in shop.bodies else b""
    for some in some_of(SAMPLE):
        path = f"{path_of(shop, operation)}?{'&'.join(f'{column}=1' for column in some)}"
        faults = refused(shop.send(method, path, content), some)
        assert {(fault["in"], fault["field"], fault["code"]) for fault in faults} == {
            ("query", column, "extra_forbidden") for column in some
        }
    tried("columns sent in the query of a change", len(SAMPLE))


@pytest.mark.hard
@pytest.mark.parametrize("operation", FORM)
def test_it_is_refused_as_a_field_of_a_form(shop, operation, tried):
    method, _, path = operation.partition(" ")
    caller = shop.callers[path.removeprefix(PREFIX).split("/")[1]]

    def send(fields, query=()):
        return caller.call(
            method, path.removeprefix(f"{PREFIX}/{caller.audience}"), data=fields, params=query, files={"file": ("a.csv", b"x")}
        )

    (form,) = [content["schema"] for content in OPERATIONS[operation]["requestBody"]["content"].values()]
    columns = [column for column in SAMPLE if column not in resolved(form)["properties"]]
    for column in columns:
        for answer, place in ((send({column: "1"}), "body"), (send({}, {column: "1"}), "query")):
            (fault,) = refused(answer, column)
            assert (fault["in"], fault["field"], fault["code"]) == (place, column, "extra_forbidden")
    tried("columns sent as a field of a form", 2 * len(columns))
