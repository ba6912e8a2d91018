"""The headers of requests and answers, and the ways in which callers prove who they are."""

from typing import Any

from app import errors
from app.document.operations import Operation
from app.document.refusals import errors_of

Schema = dict[str, Any]

PARAMETERS: dict[str, Schema] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of errors (语言): `zh`, as when it is left out, or `en` (RFC 9110, 12.5.4).",
        "schema": {"type": "string"},
        "example": "zh-CN",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "A key of the caller's own (幂等键), 1 to 255 visible ASCII characters: the same key and request get the first "
            "answer again, for 24 hours; another request with it is refused (`key_reused`)."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "0f8fad5b-d9cb-469f-a165-70867728950e",
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETags that the caller has (已有版本): one of them is answered 304 (RFC 9110, 13.1.2).",
        "schema": {"type": "string"},
        "example": '"0f3c7d1a"',
    },
    "Range": {
        "name": "Range",
        "in": "header",
        "description": "The bytes that are wanted (字节范围, RFC 9110, 14.2).",
        "schema": {"type": "string"},
        "example": "bytes=0-1023",
    },
}
LAST_EVENT_ID: Schema = {
    "name": "Last-Event-ID",
    "description": "The id of the last event that was seen (续传位置), from which the stream goes on without loss or doubling.",
    "schema": {"type": "string"},
    "example": "48211-1907",
}


def _header(description: str, example: Any, kind: str = "string") -> Schema:
    return {"description": description, "schema": {"type": kind}, "example": example}


HEADERS: dict[str, Schema] = {
    "X-Request-ID": _header("Id of the request (请求 id), the caller's own if it sent one.", "0f3c7d1a"),
    "Retry-After": _header("Seconds to wait before another try (重试等待秒数).", 2, "integer"),
    "Idempotent-Replayed": _header("`true` where a repeated Idempotency-Key gets the first answer again (重放).", "true"),
    "WWW-Authenticate": _header("How to prove who one is (认证方式).", "Bearer"),
    "Content-Disposition": _header("The name to save the file under (文件名).", 'attachment; filename="orders.csv"'),
    "ETag": _header("What the content is known by (版本), which never changes.", '"0f3c7d1a"'),
    "Cache-Control": _header("How long it may be kept (缓存).", "public, max-age=31536000, immutable"),
    "Last-Modified": _header("When it was stored (保存时间).", "Wed, 26 Nov 2025 08:00:00 GMT"),
    "Accept-Ranges": _header("`bytes` where parts can be asked for (支持范围请求).", "bytes"),
    "Content-Range": _header("Which part it is, of how many bytes (内容范围).", "bytes 0-1023/4096"),
}
EXPOSED = ["X-Request-ID", "Retry-After", "Idempotent-Replayed", "Content-Disposition", "ETag", "Location", "Content-Range"]
"""The headers that pages of other origins may read."""

SIGNATURE: dict[str, list[str]] = {"webhookId": [], "webhookTimestamp": [], "webhookSignature": []}


def _bearer(description: str, form: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "bearerFormat": form, "description": description}


def _signed(name: str, description: str) -> Schema:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}


SECURITY_SCHEMES: dict[str, Schema] = {
    "merchantToken": _bearer("The token of a merchant's login (商家令牌).", "JWT"),
    "customerToken": _bearer("The token of a buyer's login (买家令牌).", "JWT"),
    "adminToken": _bearer("The token of an admin's login (管理员令牌).", "JWT"),
    "apiKey": _bearer("A merchant's API key (API 密钥), which opens what its scopes say.", "mbk_…"),
    "metricsToken": _bearer("METRICS_TOKEN, where one is set (监控令牌).", "METRICS_TOKEN"),
    "webhookId": _signed("webhook-id", "Standard Webhooks (平台签名): an id of the message."),
    "webhookTimestamp": _signed(
        "webhook-timestamp", "Standard Webhooks: when it was sent, Unix seconds; five minutes off at most."
    ),
    "webhookSignature": _signed(
        "webhook-signature",
        "Standard Webhooks: `v1,` and the base64 of the HMAC-SHA256, under PLATFORM_SECRET, of `{id}.{timestamp}.{body}`.",
    ),
}


def security_of(operation: Operation) -> list[dict[str, list[str]]]:
    """The ways to prove who one is, one of which is needed; none where anyone may call."""
    if operation.is_signed:
        return [SIGNATURE]
    if operation.id == "system_metrics":
        return [{}, {"metricsToken": []}]
    if not operation.needs_session:
        return []
    token: dict[str, list[str]] = {f"{operation.audience}Token": []}
    return [token, {"apiKey": []}] if operation.scope is not None else [token]


def parameters_of(operation: Operation) -> list[dict[str, str]]:
    """References to the headers that the operation understands."""
    names = ["AcceptLanguage"] if operation.audience != "system" else []
    if errors.KeyReused in errors_of(operation):
        names.append("IdempotencyKey")
    if operation.id == "public_get_file":
        names += ["IfNoneMatch", "Range"]
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def headers_of(operation: Operation, status: str, media_types: tuple[str, ...] = ()) -> dict[str, Schema]:
    """The headers of an answer of this status."""
    names = ["X-Request-ID"]
    if status in ("409", "429", "503"):
        names.append("Retry-After")
    if status == "401":
        names.append("WWW-Authenticate")
    if status.startswith("2") and errors.KeyReused in errors_of(operation):
        names.append("Idempotent-Replayed")
    if "text/csv" in media_types:
        names.append("Content-Disposition")
    if operation.id == "public_get_file" and status in ("200", "206", "304"):
        names += ["ETag", "Cache-Control"] + ["Content-Disposition", "Last-Modified", "Accept-Ranges"] * (status != "304")
    if status in ("206", "416"):
        names.append("Content-Range")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
