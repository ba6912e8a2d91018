"""Webhooks and deliveries: making and changing webhooks, and how both are shown."""

from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, Field, PlainSerializer, UrlConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.config import settings
from app.schemas.fields import Change, Input, Optionally, Prose
from app.schemas.paging import Listed, PageQuery
from app.services.events.types import TYPES, VERBS
from app.services.webhooks.addresses import is_literal_allowed

if TYPE_CHECKING:
    Type: TypeAlias = str
    Verb: TypeAlias = str
else:
    Type, Verb = Literal[TYPES], Literal[VERBS]
DeliveryStatus = Literal["pending", "delivered", "failed"]


def _endpoint(url: AnyHttpUrl) -> str:
    """The URL as it will be called; whether the addresses of its host may be called is checked at each delivery."""
    if url.scheme != "https" and not settings.webhook_allow_private:
        raise PydanticCustomError("url_not_https", "the URL must begin with https://")
    if url.username is not None or url.password is not None:
        raise PydanticCustomError("url_with_credentials", "the URL must not hold a user name or password")
    if url.fragment is not None:
        raise PydanticCustomError("url_with_fragment", "the URL must not hold a fragment (#)")
    if url.port is None or not (url.port in (80, 443) or 1024 <= url.port <= 65535):
        raise PydanticCustomError("url_port", "the port must be 80, 443, or 1024 to 65535")
    if not is_literal_allowed(str(url.host)):
        raise PydanticCustomError("url_not_public", "the URL must lead to a public address")
    if len(str(url)) > MAX_URL:
        raise PydanticCustomError("url_too_long", "URL should have at most {max_length} characters", {"max_length": MAX_URL})
    return str(url)


def _once_each(names: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(names)) if names else None


MAX_URL = 2048
Endpoint = Annotated[
    AnyHttpUrl, UrlConstraints(max_length=MAX_URL), AfterValidator(_endpoint), PlainSerializer(str, return_type=str)
]
Types = Annotated[Annotated[list[Type], Field(max_length=100)] | None, AfterValidator(_once_each)]
Verbs = Annotated[Annotated[list[Verb], Field(max_length=50)] | None, AfterValidator(_once_each)]
Description = Optionally[Annotated[str, Prose(255)]]


class WebhookFilters(PageQuery):
    status: Literal["enabled", "disabled"] | None = None


class WantedEvents(Input):
    """Which events are wanted: by `types`, or by `verbs`, as receivers of older versions name them."""

    types: Types = None
    verbs: Verbs = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.types and self.verbs:
            raise PydanticCustomError("types_or_verbs", "name the events by types or by verbs, not by both")
        return self


class NewWebhook(WantedEvents):
    url: Endpoint
    description: Description = None


class WebhookChange(WantedEvents, Change):
    """`rotate_secret`: a new secret is made and shown; the one before it signs too for 24 hours."""

    url: Endpoint = ""  # type: ignore[assignment]  # what is left out is not changed
    verbs: Verbs = None
    description: Description = None
    status: Literal["enabled", "disabled"] = "enabled"
    rotate_secret: bool = False


class WebhookView(BaseModel):
    """`failing_since`: no attempt has succeeded since then; after 5 days of that it is disabled.

    With `verb_as_type` its deliveries name the verb alone as their `type`; naming `types` ends that.
    """

    id: int
    url: str
    description: str | None
    types: list[Type] | None
    verbs: list[Verb] | None
    verb_as_type: bool
    status: Literal["enabled", "disabled"]
    disabled_reason: Literal["merchant", "platform", "gone", "failing"] | None
    failing_since: int | None
    create_time: int
    update_time: int


class WebhookSecretView(WebhookView):
    """`secret` (whsec_…) is shown when it is made, and null otherwise."""

    secret: str | None


class WebhookList(Listed):
    items: list[WebhookView]


class DeliveryFilters(PageQuery):
    status: DeliveryStatus | None = None


class DeliveryView(BaseModel):
    """`response_status`, `response_body` (its first 1,024 bytes), `error` and `duration_ms` are of the last attempt."""

    id: int
    event_id: int
    type: str
    status: DeliveryStatus
    attempts: int
    next_attempt_time: int | None
    last_attempt_time: int | None
    response_status: int | None
    response_body: str | None
    error: str | None
    duration_ms: int | None
    create_time: int


class DeliveryList(Listed):
    items: list[DeliveryView]
