"""Putting the document together: FastAPI reads the routes, and what it cannot know is added here."""

import asyncio
import inspect
import re
import threading
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from app.document import enums, fields, headers, problem, webhooks
from app.document.glossary import word
from app.document.introduction import TEXT
from app.document.operations import Operation, operations
from app.document.refusals import codes_of
from app.document.tags import TAGS

_JSON = "application/json"
_LINKED = 4  # codes of an answer that is shared by name; more make names too long
_NO_LONGER = ("HTTPValidationError", "ValidationError")  # FastAPI's own, which are never sent
_FILES = {
    "text/csv": {"type": "string", "format": "binary", "description": "CSV in UTF-8 with a BOM (CSV 文件)."},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
        "type": "string",
        "format": "binary",
        "description": "An Excel workbook (Excel 文件).",
    },
    "text/event-stream": {
        "type": "string",
        "description": (
            "Server-Sent Events (实时消息): `id` to resume from, `event` the type, `data` as AuditView in JSON. "
            "The event `closed` is the last: its `data` has the `code` for which there is no more, such as `not_authenticated`."
        ),
    },
    "text/plain": {"type": "string", "description": "Plain text (文本)."},
}
_NOT_SHOWN = ("title", "ge", "le")
_WORDS_OF_STATUS = {"200": "Done (成功).", "201": "Made (已创建).", "204": "Done, with nothing to show (成功，无内容)."}
Schema = dict[str, Any]


def documented(app: FastAPI) -> Callable[[], Schema]:
    """The app's `openapi`, which makes the document when it is asked for first."""
    making = threading.Lock()

    def openapi() -> Schema:
        with making:
            if app.openapi_schema is None:
                app.openapi_schema = _document(app)
            return app.openapi_schema

    return openapi


def route_of(app: FastAPI) -> Route:
    """The route of the document. It is made in a thread, as that takes a second or two, and sent as it was made."""
    written: list[bytes] = []

    async def document(request: Request) -> Response:
        if not written:
            written.append(await asyncio.to_thread(lambda: orjson.dumps(app.openapi())))
        return Response(written[0], media_type=_JSON)

    return Route(str(app.openapi_url), document, include_in_schema=False)


def _document(app: FastAPI) -> Schema:
    found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = {name: schema for name, schema in found["components"]["schemas"].items() if name not in _NO_LONGER}
    fields.describe(schemas)
    schemas |= webhooks.schemas(schemas["AuditView"])
    schemas |= enums.NAMED | problem.schemas()
    assembly = _Assembly(schemas)
    paths: dict[str, Schema] = {}
    for operation in operations(app.routes):
        plain = found["paths"][operation.path][operation.method.lower()]
        paths.setdefault(operation.path, {})[operation.method.lower()] = assembly.operation(operation, plain)
    told = webhooks.described()
    for type_ in told:
        name = webhooks.name_of(type_)
        assembly.add_example(name)
        assembly.examples[name]["value"] = webhooks.example(type_, assembly.examples[name]["value"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": app.title,
            "summary": app.summary,
            "version": app.version,
            "description": TEXT,
            "contact": {"name": "meta_be"},
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
        },
        "servers": [{"url": "/", "description": "This service (本服务)"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "webhooks": told,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": dict(sorted(assembly.responses.items())),
            "parameters": headers.PARAMETERS,
            "examples": {code: each for code, each in problem.examples().items() if code in assembly.codes} | assembly.examples,
            "headers": headers.HEADERS,
            "securitySchemes": headers.SECURITY_SCHEMES,
        },
    }


class _Assembly:
    """Operations being made, and the parts that they share."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.responses: dict[str, Schema] = {}
        self.examples: dict[str, Schema] = {}
        self.codes: set[str] = set()
        self._examples = fields.Examples(schemas)

    def operation(self, operation: Operation, plain: Schema) -> Schema:
        summary, description = _said_of(operation, plain)
        parameters = [_parameter(each, operation) for each in plain.get("parameters", ())]
        made = {
            "tags": [operation.tag],
            "operationId": operation.id,
            "summary": summary,
            "description": description,
            "security": headers.security_of(operation),
            "parameters": parameters + headers.parameters_of(operation),
            "responses": self._answers(operation, plain["responses"]),
        }
        if "requestBody" in plain:
            made["requestBody"] = self._body(operation, plain["requestBody"])
        return {name: value for name, value in made.items() if value or name == "security"}

    def _body(self, operation: Operation, body: Schema) -> Schema:
        content = body["content"]
        if _JSON in content:
            content = {_JSON: self._with_example(content[_JSON])}
        said = "The file, and what is asked for (文件)." if operation.takes_form else "What is asked for (请求内容)."
        return {"description": said, "required": body.get("required", False), "content": content}

    def _answers(self, operation: Operation, plain: Schema) -> Schema:
        known = {str(status) for status in codes_of(operation)} | {"422"}  # FastAPI's own 422 is never sent
        found = {
            status: self._success(operation, status, one)
            for status, one in plain.items()
            if status[0] in "23" or status not in known
        }
        for status, codes in codes_of(operation).items():
            found[str(status)] = self._refusal(operation, str(status), codes)
        return dict(sorted(found.items()))

    def _success(self, operation: Operation, status: str, plain: Schema) -> Schema:
        content = {}
        for media_type, shown in plain.get("content", {}).items():
            if media_type == _JSON and shown.get("schema"):
                content[_JSON] = self._with_example({"schema": enums.named(_plain(shown["schema"]))})
            elif media_type != _JSON:
                content[media_type] = {
                    "schema": shown.get("schema") or _FILES.get(media_type, {"type": "string", "format": "binary"})
                }
        words = plain["description"]
        made: Schema = {"description": words if words != "Successful Response" else _WORDS_OF_STATUS[status]}
        made["headers"] = headers.headers_of(operation, status, tuple(content))
        return made | ({"content": content} if content and status != "304" else {})

    def _refusal(self, operation: Operation, status: str, codes: list[str]) -> Schema:
        self.codes |= set(codes)
        made = {**problem.response(codes), "headers": headers.headers_of(operation, status)}
        if len(codes) > _LINKED:
            return made
        name = f"{status}.{'.'.join(codes)}"
        self.responses[name] = made
        return {"$ref": f"#/components/responses/{name}"}

    def add_example(self, name: str) -> None:
        """Put an example of the schema of this name among the components."""
        self.examples.setdefault(name, {"summary": "An example (示例)", "value": self._examples.of(name)})

    def _with_example(self, content: Schema) -> Schema:
        """The content with an example: a schema's own, which stands among the components once."""
        schema = content["schema"]
        if "anyOf" in schema:  # a body that may be left out
            schema = next(each for each in schema["anyOf"] if "$ref" in each)
        if "$ref" not in schema:
            return {"schema": schema, "example": schema.get("example", self._examples.of_schema(schema))}
        name = schema["$ref"].rpartition("/")[2]
        self.add_example(name)
        return {"schema": schema, "examples": {"example": {"$ref": f"#/components/examples/{name}"}}}


def _said_of(operation: Operation, plain: Schema) -> tuple[str, str]:
    """The summary, which is the first sentence of the controller's docstring, and the description."""
    said = inspect.getdoc(operation.controller) or ""
    first, _, rest = said.partition("\n\n")
    sentence, _, more = re.sub(r"\s+", " ", first).partition(". ")
    summary = operation.route.summary or sentence.rstrip(".") or plain["summary"]
    described = "\n\n".join(part for part in (more, rest.replace("\n", " ") if rest else "", _access_of(operation)) if part)
    return summary, described


def _access_of(operation: Operation) -> str:
    """Who may call, in words."""
    if operation.scope is not None:
        return f"An API key needs the scope `{operation.scope}` (API 密钥权限)."
    if operation.takes_api_keys:
        return "Not open to API keys (不支持 API 密钥)."
    if operation.needs_session:
        return f"For a logged-in {operation.audience} (须登录)."
    if operation.is_signed:
        return "Signed by the platform (须平台签名)."
    return "Open to anyone (无须登录)."


def _parameter(parameter: Schema, operation: Operation) -> Schema:
    """A parameter with what it means, and an example of it."""
    name = parameter["name"]
    if name.lower() == "last-event-id":
        return {**parameter, **headers.LAST_EVENT_ID}
    models = fields.kinds_of(operation.query_model) if parameter["in"] == "query" else ()
    found = word("EvidenceView.name" if name == "name" and parameter["in"] == "path" else name, models)
    schema = enums.named(_plain(parameter["schema"]))
    shown = {**parameter, "schema": schema}
    if found is not None:
        shown["description"] = shown.get("description") or found.meaning
        if found.example not in (None, "", []):
            several = any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))
            shown["example"] = [found.example] if several and not isinstance(found.example, list) else found.example
    return shown


def _plain(schema: Any) -> Any:
    """The schema without its title, and without the bounds of a date, for which JSON Schema has no words."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    return (
        {key: _plain(value) for key, value in schema.items() if key not in _NOT_SHOWN} if isinstance(schema, dict) else schema
    )
