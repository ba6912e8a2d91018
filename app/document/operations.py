"""The operations of the service: what each is called, which tag it stands under, and who may call it."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.document.tags import OF_MODULES, TAGS
from app.web.dependencies import SESSIONS, platform_signature
from app.web.door import UseCaseRoute
from app.web.middleware import READING
from app.web.scopes import scope_of

_PREFIX = "/api/v1/"
_AUDIENCES = ("merchant", "customer", "admin", "platform")
_FIRST = ("register", "login")  # what a newcomer calls stands first
_ORDER = {tag: position for position, tag in enumerate(TAGS)}


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one route. `audience` is whose door it is at: one of the four, `public` or `system`."""

    route: APIRoute
    method: str
    audience: str
    resource: str

    @property
    def id(self) -> str:
        """Audience and verb, such as `merchant_list_orders`."""
        return f"{self.audience}_{self.route.endpoint.__name__}"

    @property
    def tag(self) -> str:
        return self.audience if self.resource == "" else f"{self.audience}-{self.resource}"

    @property
    def path(self) -> str:
        return self.route.path

    @property
    def controller(self) -> Callable[..., Any]:
        controller: Callable[..., Any] = inspect.unwrap(self.route.endpoint)
        return controller

    @property
    def needs_session(self) -> bool:
        return any(needed.call in SESSIONS for needed in self.route.dependant.dependencies)

    @property
    def is_signed(self) -> bool:
        return any(needed.call is platform_signature for needed in self.route.dependant.dependencies)

    @property
    def is_use_case(self) -> bool:
        """Whether it has a caller, whose work it does."""
        return isinstance(self.route, UseCaseRoute)

    @property
    def takes_api_keys(self) -> bool:
        return self.audience == "merchant" and self.needs_session

    @property
    def scope(self) -> str | None:
        """The scope that an API key needs; None if no key opens it."""
        return scope_of(self.controller.__module__, self.method) if self.takes_api_keys else None

    @property
    def takes_form(self) -> bool:
        return "multipart/form-data" in (self.route.openapi_extra or {}).get("requestBody", {}).get("content", {})

    @property
    def query_model(self) -> str:
        """The name of the model of its query; empty where it has none."""
        names = (parameter.field_info.annotation for parameter in self.route.dependant.query_params)
        return next((annotation.__name__ for annotation in names if isinstance(annotation, type)), "")

    @property
    def query(self) -> dict[str, Any]:
        """The fields of its query by their names."""
        found: dict[str, Any] = {}
        for parameter in self.route.dependant.query_params:
            found |= getattr(parameter.field_info.annotation, "model_fields", {})
        return found

    @property
    def is_checked(self) -> bool:
        """Whether it takes anything that can be wrong; a change refuses what it does not take."""
        given = self.route.dependant
        changes = self.is_use_case and self.method not in READING
        return bool(
            changes
            or given.path_params
            or given.query_params
            or given.header_params
            or self.route.body_field
            or self.takes_form
        )


def operations(routes: Iterable[BaseRoute]) -> list[Operation]:
    """The operations that the document shows, in the order of their tags, logging in first."""
    found = [
        Operation(route, method, *_place_of(route))
        for route in routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in sorted(route.methods or ())
    ]
    return sorted(found, key=lambda each: (_ORDER.get(each.tag, len(_ORDER)), each.route.endpoint.__name__ not in _FIRST))


def _place_of(route: APIRoute) -> tuple[str, str]:
    """The audience of a route, and the resource that it is about."""
    module = inspect.unwrap(route.endpoint).__module__.rpartition(".")[2]
    first = route.path.removeprefix(_PREFIX).partition("/")[0]
    if first in _AUDIENCES and route.path.startswith(_PREFIX):
        return first, OF_MODULES.get(module, module.replace("_", "-"))
    return ("public", "") if route.path.startswith(_PREFIX) else ("system", "")
