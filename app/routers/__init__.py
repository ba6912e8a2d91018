"""The controllers, one folder per audience; `joined()` gives all their routes."""

import importlib

from fastapi.routing import APIRoute

# Each module adds its routes to its audience's router when it is imported. The most called stand first.
_MODULES = {
    "app.routers.platform": ("orders", "goods", "refunds", "webhooks"),
    "app.routers.merchant": (
        "order_files",
        "orders",
        "except_orders",
        "sku_files",
        "skus",
        "low_stock",
        "products",
        "events",
        "webhooks",
        "scenes",
        "models",
        "files",
        "return_address",
        "statistics",
        "api_keys",
        "settings",
        "account",
    ),
    "app.routers.customer": ("orders", "files", "account"),
    "app.routers.admin": (
        "orders",
        "except_orders",
        "products",
        "refunds",
        "users",
        "events",
        "scene_bases",
        "files",
        "statistics",
        "account",
    ),
}


def joined() -> list[APIRoute]:
    """Every route of the service, in one flat list: nested routers cost each request a walk through them."""
    routes: list[APIRoute] = []
    for audience, modules in _MODULES.items():
        for module in modules:
            importlib.import_module(f"{audience}.{module}")
        package = importlib.import_module(audience)
        routes += package.router.routes
        if hasattr(package, "login_router"):
            routes += package.login_router.routes
    for name in ("public", "files", "system"):
        routes += importlib.import_module(f"app.routers.{name}").router.routes
    return routes
