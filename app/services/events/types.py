"""The types of the events that merchants and the platform are told of: what happened to what."""

from app.services.orders.states import MOVES as ORDER_MOVES
from app.services.tickets.states import MOVES as TICKET_MOVES

_FLAGS = ("deadline_near", "overdue")
_VERBS = {
    "order": (*(move.verb for move in ORDER_MOVES), *_FLAGS),
    "except_order": (*(move.verb for move in TICKET_MOVES), *_FLAGS),
    "order_note": ("change",),
    "refund": ("due", "paid", "failed"),
    "sku": ("create", "change", "remove", "restore", "stock", "low_stock"),
    "product": ("create", "change", "remove", "restore"),
    "model": ("create", "change", "remove"),
    "scene": ("create", "change", "remove"),
    "stored_file": ("upload", "remove"),
    "return_address": ("change",),
    "api_key": ("create", "remove"),
    "webhook": ("create", "change", "remove", "disable"),
    "user": ("register", "change", "password", "login", "logout", "disable", "enable"),
}
TYPES = tuple(dict.fromkeys(f"{subject}.{verb}" for subject, verbs in _VERBS.items() for verb in verbs))
VERBS = tuple(dict.fromkeys(verb for verbs in _VERBS.values() for verb in verbs))
