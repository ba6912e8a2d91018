"""The statuses and codes that each operation can answer, beside its success: from its use case, and from the door before it."""

from collections import defaultdict
from functools import cache

from app import errors
from app.document.operations import Operation
from app.document.raised import Error, raised_by
from app.web.middleware import READING

_ALWAYS = {errors.HeadersTooLarge, errors.Internal}
_OF_KEYS = {errors.StillRunning, errors.KeyReused}

_RESTOCKING = {
    "merchant_cancel_order",
    "merchant_agree_to_ticket",
    "merchant_receive_goods",
    "customer_accept_offer",
    "admin_agree_to_ticket",
    "admin_receive_goods",
}
# What a function that several operations share can raise, and the only ones that come to it.
_ONLY: dict[Error, set[str]] = {
    errors.OutOfStock: {"platform_place_order", "merchant_change_stock"},
    errors.StockTooLarge: {"merchant_change_stock", *_RESTOCKING},
    errors.StorenameTaken: {"merchant_register", "merchant_change_me", "admin_create_user"},
    errors.SkuCodeTaken: {"merchant_create_product", "merchant_create_sku", "merchant_change_sku"},
    errors.CarrierMissing: {"merchant_ship_order"},
    errors.CarrierDiffers: {"merchant_ship_order"},
    errors.TicketOffered: {"merchant_refuse_ticket", "merchant_receive_goods", "customer_send_back", "admin_receive_goods"},
    errors.OfferNotRaised: {"merchant_agree_to_ticket"},
}
# What else the code names, but an operation cannot come to.
_NEVER: dict[str, set[Error]] = {
    "customer_login": {errors.Disabled},  # only merchants can be disabled
    "admin_login": {errors.Disabled},
    "customer_ask_for_refund": {
        errors.OrderRefunding,
        errors.WrongFileKind,
    },  # an open ticket is told first, and buyers have pictures only
    "merchant_cancel_order": {errors.GoodsStillOwed},  # all that is left is given back
    "admin_refuse_ticket": {errors.UnknownFile, errors.WrongFileKind},  # staff show no pictures
    "merchant_get_template": {errors.TooManyRows},
    "public_list_statuses": {errors.Unavailable},  # asks no database
}
_MORE: dict[str, set[Error]] = {"system_readyz": {errors.Unavailable}}
_WITHOUT_KEY = {"login"}  # each gives a token of its own
_WITHOUT_ID = {"merchant_get_return_address"}  # may find nothing, though no path names what


@cache
def errors_of(operation: Operation) -> frozenset[Error]:
    """Every error that the operation can answer."""
    found = set(raised_by(operation.controller, operation.audience)) | _ALWAYS
    if operation.is_use_case:
        found |= _of_caller(operation) | _of_input(operation) | {errors.Unavailable, errors.Overloaded}
    if operation.method != "POST":
        found -= _OF_KEYS
    if "{" not in operation.path and operation.id not in _WITHOUT_ID:
        found.discard(errors.NotFound)
    found -= {error for error, ids in _ONLY.items() if operation.id not in ids}
    return frozenset((found | _MORE.get(operation.id, set())) - _NEVER.get(operation.id, set()))


@cache
def codes_of(operation: Operation) -> dict[int, list[str]]:
    """The codes that the operation can answer, by status."""
    found: dict[int, set[str]] = defaultdict(set)
    for error in errors_of(operation):
        found[error.status].add(error.code)
    return {status: sorted(codes) for status, codes in sorted(found.items())}


def _of_caller(operation: Operation) -> set[Error]:
    if operation.is_signed:
        return {errors.BadSignature}
    if not operation.needs_session:
        return set()
    found: set[Error] = {errors.NotAuthenticated, errors.WrongAudience}
    if operation.takes_api_keys:
        found |= {errors.Disabled, errors.TooManyTries}
        found.add(errors.NotForApiKeys if operation.scope is None else errors.ScopeMissing)
    return found


def _of_input(operation: Operation) -> set[Error]:
    found: set[Error] = set()
    if operation.is_checked:
        found.add(errors.InvalidInput)
    if operation.route.body_field is not None:
        found.add(errors.UnsupportedMediaType)
    if operation.method not in READING or operation.is_signed:
        found |= {errors.TooLarge, errors.RequestIncomplete}
    if operation.method == "POST":
        found.add(errors.BadKey)
        found |= _OF_KEYS if operation.controller.__name__ not in _WITHOUT_KEY else set()
    if "cursor" in operation.query:
        found |= {errors.BadCursor, errors.PageTooDeep}
    return found
