"""Errors as problem+json (RFC 9457), in Chinese unless the caller asks for English."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
import psycopg2
import sqlalchemy.exc
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Route

from app.db.failures import AWAY
from app.errors import AppError, Conflict, Internal, InvalidInput, TooLarge, Unavailable
from app.ops import metrics
from app.ops.redaction import told

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100  # that an answer lists
LONGEST_NAME = 100  # characters of a field's name that an answer repeats
LONGEST_PATH = 1000  # characters of a request's path that an answer repeats
_MOST_LANGUAGES = 20  # that are looked at

_HTTP_TITLES_ZH = {404: "没有这个地址", 405: "不支持该方法"}

_FIELD_ZH = {
    "missing": "必填",
    "too_many_fields": "字段过多，最多 {most} 个",
    "extra_forbidden": "未知字段",
    "json_invalid": "不是有效的 JSON",
    "string_type": "须为字符串",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不正确",
    "string_unicode": "不是有效的文本",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_parsing_size": "整数过大",
    "int_from_float": "须为整数",
    "float_type": "须为数字",
    "finite_number": "须为有限数字",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "list_type": "须为数组",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "须不小于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "须不大于 {le}",
    "literal_error": "须为 {expected}",
    "model_attributes_type": "须为 JSON 对象",
    "control_character": "不能包含控制字符",
    "day_format": "须为 YYYY-MM-DD 格式的日期",
    "too_many_decimals": "金额最多两位小数",
    "stock_one_way": "请提供 delta，或同时提供 stock 与 expected_stock",
    "delta_zero": "delta 不能为 0",
    "order_unnamed": "请提供 order_id 或 order_number",
    "expected_missing": "设置 stock 须提供 expected_stock",
    "nothing_given": "请提供 price 或 stock",
    "unknown_column": "没有这一列",
    "url_type": "须为网址",
    "url_parsing": "不是有效的网址",
    "url_syntax_violation": "不是有效的网址",
    "url_scheme": "须以 https:// 开头",
    "url_too_long": "网址最多 {max_length} 个字符",
    "url_not_https": "须以 https:// 开头",
    "url_with_credentials": "网址不能包含用户名或密码",
    "url_with_fragment": "网址不能包含片段（#）",
    "url_port": "端口须为 80、443 或 1024 至 65535",
    "url_not_public": "须为公网地址",
}


class Problem(BaseModel):
    """What every error looks like; `errors` lists 100 at most."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[dict[str, str]] | None = None
    actions: list[str] | None = None


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    handlers: dict[type[Exception], Callable[[Request, Any], Response]] = {
        AppError: answer_to,
        RequestValidationError: _invalid,
        HTTPException: _http,
        **dict.fromkeys(AWAY, _away),
        psycopg2.DataError: lambda request, error: _said(request, InvalidInput()),
        psycopg2.IntegrityError: _conflict,
        Exception: _unexpected,
    }
    for error, answer in handlers.items():
        app.add_exception_handler(error, _on_loop(answer))


def problem(status: int, code: str, detail: str, instance: str) -> dict[str, Any]:
    """What every problem says (RFC 9457)."""
    return {
        "type": f"urn:meta-be:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }


def language(request: Request) -> str:
    """`zh` or `en`, whichever Accept-Language names first; Chinese if it names neither."""
    ranked = []
    for position, part in enumerate(request.headers.get("accept-language", "").split(",", _MOST_LANGUAGES)):
        tag, _, weight = part.partition(";")
        quality = weight.strip().removeprefix("q=")
        try:
            ranked.append((-float(quality or 1), position, tag.strip()[:2].lower()))
        except ValueError:
            continue
    return next((tag for quality, _, tag in sorted(ranked) if tag in ("zh", "en") and quality < 0), "zh")


def worded(fault: Any, language: str) -> str:
    """What is wrong with a field, as pydantic found it."""
    if language == "zh" and fault["type"] in _FIELD_ZH:
        return _FIELD_ZH[fault["type"]].format(**fault.get("ctx", {}))
    return str(fault["msg"])


def _on_loop(answer: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    """The handler as a coroutine: FastAPI gives a plain function to a thread, and all of these may be taken."""

    async def handle(request: Request, error: Any) -> Response:
        return answer(request, error)

    return handle


def answer_to(request: Request, error: Any) -> Response:
    """The problem that an AppError is answered with."""
    return _said(request, error)


def _invalid(request: Request, error: Any) -> Response:
    spoken = language(request)
    errors = []
    for fault in error.errors()[:MOST_ERRORS]:
        where, *path = fault["loc"]
        message = worded(fault, spoken)
        field = ".".join(str(part)[:LONGEST_NAME] for part in path) if fault["type"] != "json_invalid" else ""
        errors.append({"in": str(where), "field": field, "code": fault["type"], "detail": message})
    return _said(request, InvalidInput(), errors=errors)


def _http(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _said(request, InvalidInput())
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _said(request, TooLarge())
    status = HTTPStatus(error.status_code)
    headers = {"Allow": _allowed(request)} if status == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    detail = status.phrase if language(request) == "en" else _HTTP_TITLES_ZH.get(status, status.phrase)
    return _problem(request, status, status.phrase.lower().replace(" ", "_"), detail, headers=headers)


def _allowed(request: Request) -> str:
    """The methods of every route at the request's path (RFC 9110, 15.5.6), which the router tells of the first alone."""
    routes = (route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(request.url.path))
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


def _away(request: Request, error: Any) -> Response:
    log.warning("database: %s", told(error), extra=_marked(request))
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        metrics.POOL_TIMEOUTS.inc()
    return _said(request, Unavailable(retry_after=2))


def _conflict(request: Request, error: Any) -> Response:
    log.warning("database refused: %s", told(error), extra=_marked(request))
    return _said(request, Conflict())


def _unexpected(request: Request, error: Any) -> Response:
    return _said(request, Internal())


def _marked(request: Request) -> dict[str, Any]:
    return {"fields": {"request_id": request.state.request_id}}


def _said(request: Request, error: AppError, *, errors: list[dict[str, str]] | None = None) -> Response:
    if error.retry_after is not None:
        error.values["retry_after"] = error.retry_after
    detail = error.detail(language(request))
    if error.field is not None:
        errors = [{"in": error.place, "field": error.field, "code": error.code, "detail": detail}]
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(request, error.status, error.code, detail, errors=errors, actions=error.actions, headers=headers)


def _problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    actions: list[str] | None = None,
    headers: Any = None,
) -> Response:
    request.state.code = code
    said: dict[str, Any] = problem(status, code, detail, request.url.path[:LONGEST_PATH])
    if errors is not None:
        said["errors"] = errors
    if actions is not None:
        said["actions"] = actions
    return Response(orjson.dumps(said), status, headers, media_type=MEDIA_TYPE)
