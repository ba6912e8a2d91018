"""The enumerations that the document names, so that clients have one type for each."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from app.db.work import ADMIN, CUSTOMER, MERCHANT, PLATFORM, SYSTEM
from app.models import except_order, order, sku, user
from app.schemas.api_keys import Scope
from app.schemas.except_orders import ExceptType, Step
from app.schemas.files import Kind
from app.schemas.refunds import RefundStatus
from app.schemas.webhooks import DeliveryStatus
from app.services.events.types import TYPES, VERBS
from app.services.orders.states import MOVES as ORDER_MOVES
from app.services.tickets.states import MOVES as TICKET_MOVES

_CALLERS = {MERCHANT, CUSTOMER, ADMIN}


def _of_states(title: str, names: Mapping[int, tuple[str, str]], variables: Any) -> dict[str, Any]:
    """An enumeration of stored states, with what they are called."""
    constants = {value: name for name, value in vars(variables).items() if name.isupper() and isinstance(value, int)}
    values = sorted(names)
    words = [" ".join(names[value]) for value in values]
    return {
        "type": "integer",
        "title": title,
        "description": "; ".join(f"{value} {said}" for value, said in zip(values, words, strict=True)),
        "enum": values,
        "x-enum-varnames": [constants[value] for value in values],
        "x-enum-descriptions": words,
    }


def _of_words(title: str, description: str, words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "title": title, "description": description, "enum": list(words)}


def _verbs(moves: Iterable[Any]) -> list[str]:
    """The verbs of the moves that callers make with a row."""
    return list(dict.fromkeys(move.verb for move in moves if move.source and _CALLERS & set(move.who)))


_USER_STATUS = {
    "type": "integer",
    "title": "UserStatus",
    "description": "0 正常 normal; 1 禁用 disabled",
    "enum": [user.NORMAL, user.DISABLED],
    "x-enum-varnames": ["NORMAL", "DISABLED"],
    "x-enum-descriptions": ["正常 normal", "禁用 disabled"],
}
_SCENE_TAG = {
    "type": "integer",
    "title": "SceneTag",
    "description": "1 直播 live; 2 商铺 shop",
    "enum": [1, 2],
    "x-enum-varnames": ["LIVE", "SHOP"],
    "x-enum-descriptions": ["直播 live", "商铺 shop"],
}

_ALL: tuple[dict[str, Any], ...] = (
    _of_states("OrderStatus", order.STATUS_NAMES, order),
    _of_states("TicketStatus", except_order.STATUS_NAMES, except_order),
    _of_states("SkuStatus", sku.STATUS_NAMES, sku),
    _USER_STATUS,
    _SCENE_TAG,
    _of_words("TicketStep", "How far a ticket is (服务单步骤).", get_args(Step)),
    _of_words("Party", "Merchant or buyer of an order (商家或买家).", ("merchant", "customer")),
    _of_words("FileFormat", "What a file is written as (文件格式).", ("csv", "xlsx")),
    _of_words("TrendStep", "What one figure of a trend is of (粒度).", ("day", "hour")),
    _of_words("DisabledReason", "Why a webhook is disabled (停用原因).", ("merchant", "platform", "gone", "failing")),
    _of_words("ExceptType", "仅退款 refund only; 退货退款 return and refund.", get_args(ExceptType)),
    _of_words("RefundStatus", "State of a refund's payment (退款支付状态).", get_args(RefundStatus)),
    _of_words("DeliveryStatus", "How far a delivery is (投递状态).", get_args(DeliveryStatus)),
    _of_words("WebhookStatus", "Whether events are sent (Webhook 状态).", ("enabled", "disabled")),
    _of_words("ApiKeyScope", "What an API key opens (权限).", get_args(Scope)),
    _of_words("FileKind", "What a file is (文件种类).", get_args(Kind)),
    _of_words("EventType", "What happened to what (事件类型).", TYPES),
    _of_words("Verb", "What happened (动作).", VERBS),
    _of_words("ActorKind", "Who did it (操作者类型).", (MERCHANT, CUSTOMER, ADMIN, PLATFORM, SYSTEM)),
    _of_words("OrderAction", "What a caller can do with an order (订单操作).", _verbs(ORDER_MOVES)),
    _of_words("TicketAction", "What a caller can do with a ticket (服务单操作).", _verbs(TICKET_MOVES)),
)
NAMED = {str(each["title"]): each for each in _ALL}
_BY_VALUES = {frozenset(each["enum"]): name for name, each in NAMED.items() if each["enum"] != [0, 1]}
# What the values alone do not tell.
OF_FIELDS = {
    "SkuView.status": "SkuStatus",
    "UserView.status": "UserStatus",
    "EventView.actor_kind": "ActorKind",
    "MovementView.actor_kind": "ActorKind",
    "OrderView.actions": "OrderAction",
    "TicketView.actions": "TicketAction",
}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def named(schema: Any) -> Any:
    """The schema, with references in place of the enumerations that have names."""
    if isinstance(schema, list):
        return [named(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    values = schema.get("enum")
    if isinstance(values, list) and frozenset(values) in _BY_VALUES:
        rest = {key: value for key, value in schema.items() if key not in ("enum", "type", "title")}
        return {**reference(_BY_VALUES[frozenset(values)]), **rest}
    return {key: named(value) for key, value in schema.items()}
