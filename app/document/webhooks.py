"""The events of the service as the document's webhooks: what a message of each type carries."""

from collections.abc import Iterable
from typing import Any

from app.document import enums
from app.document.glossary import word
from app.document.headers import SIGNATURE
from app.services.events.types import TYPES

Schema = dict[str, Any]

_TRACKING = ("logistic_id", "logistic_name", "logistic_order_id")
_DECISION = ("except_type", "back_cost", "remark")
_DEADLINE = ("deadline",)
# What the `details` of an event tell, by its type. Those of a change are the columns that were changed.
DETAILS: dict[str, tuple[str, ...]] = {
    "order.place": ("sku_id", "num"),
    "order.ship": _TRACKING,
    "order.unship": _TRACKING,
    "order.extend": ("days",),
    "order.deadline_near": _DEADLINE,
    "order.overdue": _DEADLINE,
    "except_order.apply": ("except_type", "back_cost"),
    "except_order.cancel": _DECISION,
    "except_order.agree": _DECISION,
    "except_order.accept": _DECISION,
    "except_order.refuse": _DECISION,
    "except_order.receive": _DECISION,
    "except_order.offer": ("asked", "back_cost", "remark"),
    "except_order.return": ("logistics_id", "logistics_order_id"),
    "except_order.deadline_near": _DEADLINE,
    "except_order.overdue": _DEADLINE,
    "refund.due": ("amount",),
    "refund.paid": ("amount", "reference"),
    "refund.failed": ("amount", "reason"),
    "sku.create": ("product_id", "sku_name", "price"),
    "sku.stock": ("delta", "stock", "reason", "reference"),
    "sku.low_stock": ("stock", "threshold"),
    "product.create": ("name",),
    "stored_file.upload": ("name", "size"),
    "stored_file.remove": ("name",),
    "api_key.create": ("name", "scopes"),
    "webhook.disable": ("reason", "failing_since"),
}
_MODELS = {
    "order": "OrderView",
    "except_order": "Event",
    "refund": "RefundEvent",
    "sku": "SkuView",
    "product": "ProductView",
    "stored_file": "FileView",
    "api_key": "ApiKeyView",
    "webhook": "WebhookEvent",
}
_STATUS: dict[str, Schema] = {
    "order": enums.reference("OrderStatus"),
    "except_order": enums.reference("TicketStatus"),
    "refund": enums.reference("RefundStatus"),
}
_SUBJECTS = {
    "order": "an order (订单)",
    "order_note": "a merchant's note on an order (订单备注)",
    "except_order": "a ticket (服务单)",
    "refund": "a refund's payment (退款)",
    "sku": "a SKU (规格)",
    "product": "a product (商品)",
    "model": "a 3D model (3D 模型)",
    "scene": "a scene (场景)",
    "stored_file": "an uploaded file (文件)",
    "return_address": "the return address (退货地址)",
    "api_key": "an API key (API 密钥)",
    "webhook": "a webhook (Webhook)",
    "user": "the merchant's account (商家账号)",
}
_KINDS = {
    "stock": "integer",
    "size": "integer",
    "days": "integer",
    "delta": "integer",
    "threshold": "integer",
    "num": "integer",
}
_NUMBERS = {"back_cost", "amount", "price", "asked"}
_VERB_TEXT = "What is told of it beside the columns that every event has is in `data.details`."


def name_of(type_: str) -> str:
    """The name of the schema of a type's message: `order.ship` is `OrderShipMessage`."""
    return "".join(part.capitalize() for part in _joined(type_).split("_")) + "Message"


def _joined(type_: str) -> str:
    return type_.replace(".", "_").replace("-", "_")


def schemas(event: Schema) -> dict[str, Schema]:
    """The schema of each type's message, and of the events of each subject, made from that of any `event`."""
    messages = {name_of(type_): _message(type_) for type_ in TYPES}
    return messages | {_event_of(subject): _event(subject, event) for subject in _SUBJECTS}


def described() -> dict[str, Schema]:
    """The webhooks, by the types of their events."""
    return {type_: {"post": _told(type_)} for type_ in TYPES}


def example(type_: str, message: Schema) -> Schema:
    """An example of a message of this type, made of one of any type of its subject."""
    told = {name: value for name, value in (message["data"]["details"] or {}).items() if name in DETAILS.get(type_, ())}
    verb = type_.partition(".")[2]
    return {**message, "type": type_, "data": {**message["data"], "type": type_, "verb": verb, "details": told or None}}


def subjects() -> Iterable[tuple[str, str]]:
    """What events happen to, and what that is called."""
    return _SUBJECTS.items()


def _told(type_: str) -> Schema:
    subject, verb = type_.split(".")
    return {
        "operationId": f"told_of_{_joined(type_)}",
        "summary": f"{type_}: {verb.replace('_', ' ')}, of {_SUBJECTS[subject]}",
        "description": f"Sent to the webhooks that want it (事件推送). {_VERB_TEXT}",
        "tags": ["webhooks"],
        "security": [SIGNATURE],
        "requestBody": {
            "description": "The event (事件).",
            "required": True,
            "content": {
                "application/json": {
                    "schema": enums.reference(name_of(type_)),
                    "examples": {"example": {"$ref": f"#/components/examples/{name_of(type_)}"}},
                }
            },
        },
        "responses": {
            "2XX": {
                "description": "Taken (已接收). Any other answer, or none within 15 seconds, is tried again for three days."
            },
            "410": {"description": "Gone (不再接收): the webhook is disabled."},
        },
    }


def _event_of(subject: str) -> str:
    """The name of the schema of a subject's events: `except_order` has ExceptOrderEvent."""
    return "".join(part.capitalize() for part in subject.split("_")) + "Event"


def _message(type_: str) -> Schema:
    subject, verb = type_.split(".")
    details = ", ".join(f"`{name}`" for name in DETAILS.get(type_, ()))
    said = f"Its `details` tell {details}." if details else "It has no `details` of its own."
    return {
        "type": "object",
        "title": name_of(type_),
        "description": f"{verb.replace('_', ' ').capitalize()}, of {_SUBJECTS[subject]}. {said}",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {
                "type": "string",
                "description": f"`{type_}`; `{verb}` for a webhook that names events by their verbs (事件类型).",
                "enum": [type_, verb],
            },
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened (时间), in UTC."},
            "data": {**enums.reference(_event_of(subject)), "description": "The event (事件), as lists show it."},
        },
    }


def _event(subject: str, event: Schema) -> Schema:
    """An event of this subject: the fields of any event, with the types and states that it has."""
    types = [type_ for type_ in TYPES if type_.startswith(f"{subject}.")]
    told = {name: _detail(name, subject) for type_ in types for name in DETAILS.get(type_, ())}
    own: dict[str, Schema] = {
        "type": {"type": "string", "enum": types},
        "subject": {"type": "string", "enum": [subject]},
        "verb": {"type": "string", "enum": [type_.partition(".")[2] for type_ in types]},
        "details": {"type": ["object", "null"], **({"properties": told} if told else {})},
        "status": _STATUS.get(subject, {"type": "null"}),
    }
    known = event["properties"]
    shown = {name: {**value, "description": known[name]["description"]} for name, value in own.items()}
    return {
        **event,
        "title": _event_of(subject),
        "description": f"What happens to {_SUBJECTS[subject]}.",
        "properties": {**known, **shown},
    }


def _detail(name: str, subject: str) -> Schema:
    if name == "deadline":
        return {"type": "string", "description": "Which deadline (期限), as `GET /api/v1/merchant/settings` names them."}
    if name == "scopes":
        return {"type": "array", "items": enums.reference("ApiKeyScope"), "description": "What the key opens (权限)."}
    if (
        name in ("order_id", "sku_id", "product_id", "logistic_id", "logistics_id", "logistics_order_id")
        or name in _KINDS
        or name == "failing_since"
    ):
        kind = "integer"
    else:
        kind = "number" if name in _NUMBERS else "string"
    found = word(name, (_MODELS.get(subject, ""),))
    return {"type": [kind, "null"], "description": found.meaning if found else name}
