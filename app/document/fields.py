"""The fields of the document's schemas and its parameters: what each means, and an example of it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from app.document import enums
from app.document.glossary import word

_PLAIN = {"null": None, "integer": 1, "number": 1.0, "boolean": True, "string": "示例"}
_SCHEMAS = "#/components/schemas/"
Schema = dict[str, Any]


def describe(schemas: dict[str, Schema]) -> None:
    """Say what the fields of these schemas mean, and name their enumerations."""
    for name, schema in schemas.items():
        for field, value in schema.get("properties", {}).items():
            value.pop("title", None)
            found = word(field, kinds_of(name))
            if found is not None:
                value.setdefault("description", found.meaning)
            _name_enumeration(value, field, kinds_of(name))
        schema.update(enums.named(schema))


@cache
def kinds_of(name: str) -> tuple[str, ...]:
    """The names of a model and of those that it is made from."""
    for model in _models(BaseModel):
        if model.__name__ == name:
            return tuple(each.__name__ for each in model.__mro__ if issubclass(each, BaseModel) and each is not BaseModel)
    return (name,)


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        if each.__module__.startswith("app."):
            yield each
        yield from _models(each)


def _name_enumeration(value: Schema, field: str, models: tuple[str, ...]) -> None:
    found = next((enums.OF_FIELDS[key] for model in models if (key := f"{model}.{field}") in enums.OF_FIELDS), None)
    if found is not None and value.get("type") == "array":
        value["items"] = enums.reference(found)
    elif found is not None:
        rest = {key: kept for key, kept in value.items() if key in ("description", "default")}
        value.clear()
        value.update({**enums.reference(found), **rest})


class Examples:
    """Examples of the document's schemas, made of those of their fields."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, name: str) -> Any:
        """An example of the schema of this name: whole where it is an answer, and what is worth sending where it is a body."""
        schema = self._schemas[name]
        if "enum" in schema:
            return schema["enum"][0]
        closed = schema.get("additionalProperties") is False  # a body
        required = schema.get("required", ())
        shown = {field: self._of_field(field, value, name) for field, value in schema.get("properties", {}).items()}
        if not closed:
            return shown
        return {field: value for field, value in shown.items() if field in required or value not in (None, [], False)}

    def _of_field(self, field: str, schema: Schema, model: str) -> Any:
        """The example that the glossary has, if it is one of the values that there are; else the first of these."""
        found = word(field, kinds_of(model))
        values = self._schemas[schema["$ref"].removeprefix(_SCHEMAS)] if "$ref" in schema else schema
        fits = found is not None and found.has_example and found.example in values.get("enum", [found.example])
        if found is None or not fits or "properties" in schema or schema.get("type") == "null":
            return self.of_schema(schema)
        return found.example

    def of_schema(self, schema: Schema) -> Any:
        """An example of a schema that is not a component: the first of its kinds, one of its items."""
        if "$ref" in schema:
            return self.of(schema["$ref"].removeprefix(_SCHEMAS))
        if "properties" in schema:
            return {name: self._of_field(name, value, "") for name, value in schema["properties"].items()}
        if "anyOf" in schema:
            return self.of_schema(schema["anyOf"][0])
        if schema.get("type") == "array":
            return [self.of_schema(schema["items"])]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        return _PLAIN.get(kind[0] if isinstance(kind, list) else str(kind), {})
