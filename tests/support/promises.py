"""What the document promises of each operation, and which of its codes the tests have seen answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi.routing import APIRoute

from app.document.operations import Operation, operations
from app.main import app

SEEN: set[str] = set()
"""Operations with the statuses and codes that they answered: `merchant_ship_order 409 order_completed`."""
UNREACHED = Path(__file__).parent.parent / "unreached.txt"
_broken: list[bool] = []
PLAIN = {  # headers that mean the same everywhere, so that no operation lists them
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-resource-policy",
    "vary",
    "x-accel-buffering",
    "x-content-type-options",
}
ELSEWHERE = {404: "no_such_path", 405: "method_not_allowed", 413: "too_large", 431: "headers_too_large"}


@contextmanager
def broken() -> Iterator[None]:
    """While a test makes an operation fail as it does not by itself."""
    _broken.append(True)
    try:
        yield
    finally:
        _broken.pop()


def keeps(response: httpx.Response) -> bool:
    """Whether the document lists this answer; one that is listed counts as seen."""
    if _broken:
        return True
    operation = operation_of(response.request.method, response.request.url.path)
    code = response.json()["code"] if response.status_code >= 400 else ""
    if operation is None:
        return response.status_code < 400 or ELSEWHERE.get(response.status_code) == code
    if code and code not in listed(operation).get(str(response.status_code), ()):
        return False
    SEEN.add(f"{operation.id} {response.status_code} {code}")
    return str(response.status_code) in listed(operation)


def unlisted(response: httpx.Response) -> list[str]:
    """The headers of this answer, and its media type, that the document does not list of it."""
    operation = operation_of(response.request.method, response.request.url.path)
    if _broken or operation is None:
        return []
    answer = _answers(operation)[str(response.status_code)]
    known = PLAIN | {name.lower() for name in answer["headers"]}
    found = [name for name in response.headers if name not in known]
    media_type = response.headers.get("content-type", "").partition(";")[0]
    return found + [media_type] * bool(response.content and media_type not in answer.get("content", ()))


def listed(operation: Operation) -> dict[str, list[str]]:
    """The codes that the document lists of an operation, by status."""
    return {status: answer.get("x-codes", []) for status, answer in _answers(operation).items()}


@cache
def _answers(operation: Operation) -> dict[str, dict[str, Any]]:
    """What the document says of an operation's answers, by status."""
    document = app.openapi()
    found = {}
    for status, answer in document["paths"][operation.path][operation.method.lower()]["responses"].items():
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].removeprefix("#/components/responses/")]
        found[status] = answer
    return found


@cache
def operation_of(method: str, path: str) -> Operation | None:
    """The operation that answers this request; None where none does, and for what the document does not show."""
    for route in app.routes:
        if isinstance(route, APIRoute) and method in route.methods and route.path_regex.match(path):
            return _by_place().get((method, route.path))
    return None


@cache
def _by_place() -> dict[tuple[str, str], Operation]:
    return {(operation.method, operation.path): operation for operation in operations(app.routes)}


def unreached() -> list[str]:
    """What the document lists and no test has seen, but for what tests/unreached.txt names with a reason."""
    return [one for one in promised() if one not in SEEN and not any(fnmatchcase(one, each) for each in excepted())]


def promised() -> list[str]:
    """Every code that the document lists, as SEEN names them."""
    return [
        f"{operation.id} {status} {code}"
        for operation in operations(app.routes)
        for status, codes in listed(operation).items()
        for code in codes
    ]


def excepted() -> list[str]:
    """The patterns of tests/unreached.txt, each of which has a reason there."""
    lines = [line for line in UNREACHED.read_text().splitlines() if line and not line.startswith("#")]
    return [pattern for pattern, separator, reason in (line.partition("  ") for line in lines) if separator and reason]
