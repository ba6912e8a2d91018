"""What the document promises of each operation, and which of its codes the tests have seen answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import httpx
from fastapi.routing import APIRoute

from app.document.operations import Operation, operations
from app.main import app

SEEN: set[str] = set()
"""Operations with the statuses and codes that they answered: `merchant_ship_order 409 order_completed`."""
UNREACHED = Path(__file__).parent.parent / "unreached.txt"
_broken: list[bool] = []
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


def listed(operation: Operation) -> dict[str, list[str]]:
    """The codes that the document lists of an operation, by status."""
    document = app.openapi()
    found = {}
    for status, answer in document["paths"][operation.path][operation.method.lower()]["responses"].items():
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].removeprefix("#/components/responses/")]
        found[status] = answer.get("x-codes", [])
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
    known = [line.partition("  ")[0] for line in UNREACHED.read_text().splitlines() if line and not line.startswith("#")]
    return [
        f"{operation.id} {status} {code}"
        for operation in operations(app.routes)
        for status, codes in listed(operation).items()
        for code in codes
        if (one := f"{operation.id} {status} {code}") not in SEEN and not any(fnmatchcase(one, each) for each in known)
    ]
