"""Which routes an API key opens, and which scope it needs for them."""

from collections.abc import Mapping

from app.web.middleware import READING

READ, ORDERS, CATALOGUE, FILES = "read", "orders", "catalogue", "files"

# The modules of app/routers/merchant that keys open: what reads needs `read`, what changes needs the scope named here.
# None: keys only read there. What is not named is closed to keys: accounts, and the keys themselves.
_CHANGES: Mapping[str, str | None] = {
    "orders": ORDERS,
    "order_files": ORDERS,
    "except_orders": ORDERS,
    "products": CATALOGUE,
    "skus": CATALOGUE,
    "sku_files": CATALOGUE,
    "low_stock": CATALOGUE,
    "models": CATALOGUE,
    "scenes": CATALOGUE,
    "files": FILES,
    "return_address": None,
    "events": None,
    "statistics": None,
    "settings": None,
}


def scope_of(module: str, method: str) -> str | None:
    """The scope that a key needs for a route of that module of controllers; None if no key opens it."""
    package, _, name = module.rpartition(".")
    if package != "app.routers.merchant" or name not in _CHANGES:
        return None
    return READ if method in READING else _CHANGES[name]
