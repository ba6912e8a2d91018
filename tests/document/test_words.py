"""The document says what everything means: each operation, parameter, field, and an example of each body and answer."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from app.document import glossary, webhooks
from app.document.fields import kinds_of
from app.document.operations import operations
from app.document.tags import TAGS
from app.main import app
from app.services.events.types import TYPES

DOCUMENT = app.openapi()
COMPONENTS = DOCUMENT["components"]
CHINESE = re.compile("[\u4e00-\u9fff]")
OPERATIONS = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]

BODIES = [operation["requestBody"] for operation in OPERATIONS if "requestBody" in operation]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        _, *names = part["$ref"].split("/")
        part = DOCUMENT
        for name in names:
            part = part[name]
    return part


def contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is sent and answered as JSON, where it is no error."""
    parts = [operation.get("requestBody", {})]
    parts += [resolved(answer) for status, answer in operation["responses"].items() if status[0] == "2"]
    for part in parts:
        if "application/json" in part.get("content", {}):
            yield part["content"]["application/json"]


def example_of(content: dict[str, Any]) -> Any:
    return resolved(content["examples"]["example"])["value"] if "examples" in content else content["example"]


def check(content: dict[str, Any]) -> None:
    """The example fits the schema."""
    Draft202012Validator({**content["schema"], "components": COMPONENTS}).validate(example_of(content))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
class TestOperations:
    def test_it_has_a_short_name(self, operation):
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", operation["operationId"])
        assert len(operation["operationId"]) <= 40
        assert operation["operationId"].split("_")[0] == operation["tags"][0].split("-")[0]

    def test_it_is_said_what_it_does_in_english_with_the_chinese_term(self, operation):
        assert len(operation["summary"]) <= 110
        assert CHINESE.search(operation["summary"])
        assert not operation["summary"].endswith(".")
        assert operation["description"]

    def test_each_parameter_is_described_with_an_example(self, operation):
        for parameter in map(resolved, operation.get("parameters", ())):
            assert CHINESE.search(parameter.get("description", "")), parameter["name"]
            assert "example" in parameter or "default" in parameter["schema"], parameter["name"]
            if "example" in parameter:
                Draft202012Validator({**parameter["schema"], "components": COMPONENTS}).validate(parameter["example"])

    def test_what_is_sent_and_answered_has_an_example_that_fits(self, operation):
        for content in contents(operation):
            check(content)

    def test_each_answer_says_what_it_is(self, operation):
        assert any(status[0] == "2" for status in operation["responses"])
        for status, answer in operation["responses"].items():
            found = resolved(answer)
            assert CHINESE.search(found["description"])
            assert "X-Request-ID" in found["headers"]
            if status[0] in "45":
                assert found["x-codes"]
                assert found["content"]["application/problem+json"]["examples"].keys() == set(found["x-codes"])


def test_names_are_unique():
    names = [operation["operationId"] for operation in OPERATIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "schema"), COMPONENTS["schemas"].items(), ids=COMPONENTS["schemas"])
def test_each_field_is_described(name, schema):
    for field, shown in schema.get("properties", {}).items():
        assert CHINESE.search(shown.get("description", "")), f"{name}.{field}: say in app/document/glossary what it means"


def test_each_field_of_a_form_is_described():
    forms = [body["content"]["multipart/form-data"]["schema"] for body in BODIES if "multipart/form-data" in body["content"]]
    assert forms
    assert all(CHINESE.search(shown.get("description", "")) for form in forms for shown in form["properties"].values())


@pytest.mark.parametrize("name", [name for name in COMPONENTS["schemas"] if "Change" in kinds_of(name)])
def test_what_a_change_leaves_out_is_untouched(name):
    schema = COMPONENTS["schemas"][name]
    assert not schema.get("required")
    assert not [field for field, shown in schema["properties"].items() if "default" in shown]


def test_every_word_of_the_glossary_is_used():
    said = set()
    for models, field in used():
        said.add(next((key for key in (*(f"{model}.{field}" for model in models), field) if key in glossary.names()), None))
    assert glossary.names() - said == set()


def used() -> Iterator[tuple[tuple[str, ...], str]]:
    for name, schema in COMPONENTS["schemas"].items():
        for field in schema.get("properties", {}):
            yield kinds_of(name), field
    for operation in operations(app.routes):
        for parameter in operation.route.dependant.path_params:
            yield (), parameter.alias
        for field, info in operation.query.items():
            yield kinds_of(operation.query_model), info.alias or field


def test_tags_are_described_and_begin_with_logging_in():
    assert [tag["name"] for tag in DOCUMENT["tags"]] == list(TAGS)
    assert DOCUMENT["tags"][0]["name"] == "merchant-account"
    assert OPERATIONS[0]["operationId"] in ("merchant_login", "merchant_register")
    assert {tag for operation in OPERATIONS for tag in operation["tags"]} | {"webhooks"} == set(TAGS)


def test_every_type_of_event_is_a_webhook():
    assert DOCUMENT["webhooks"].keys() == set(TYPES)
    assert webhooks.DETAILS.keys() <= set(TYPES)
    for type_, told in DOCUMENT["webhooks"].items():
        content = told["post"]["requestBody"]["content"]["application/json"]
        check(content)
        assert example_of(content)["type"] == example_of(content)["data"]["type"] == type_


def test_every_schema_is_one():
    for schema in COMPONENTS["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
