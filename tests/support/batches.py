"""What is asked of requests that were done as one batch."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx

TRANSACTIONS = 'SELECT count(DISTINCT xmin::text) FROM "order" WHERE id = ANY(%s)'


def in_progress(client: httpx.Client) -> float:
    """How many requests the server is answering, this one too."""
    name = "meta_be_http_requests_in_progress "
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def transactions(sql: Callable[..., Any], orders: Iterable[dict[str, Any]]) -> int:
    """How many transactions wrote these orders last."""
    [(number,)] = sql(TRANSACTIONS, [order["id"] for order in orders])
    return int(number)


def codes(answers: Iterable[httpx.Response]) -> list[int | str]:
    """The status of each that went well, the code of each that was refused."""
    return [answer.status_code if answer.is_success else answer.json()["code"] for answer in answers]


def under(key: str | None) -> dict[str, str]:
    """The headers of a request with this Idempotency-Key, if it has one."""
    return {} if key is None else {"Idempotency-Key": key}
