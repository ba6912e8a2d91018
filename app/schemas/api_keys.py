"""API keys: making one, and how it is shown."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.schemas.fields import Input, Line, once_each
from app.schemas.paging import Listed

Scope = Literal["read", "orders", "catalogue", "files"]


class NewApiKey(Input):
    """`read` opens what is read; `orders`, `catalogue` and `files` open what changes those."""

    name: Annotated[str, Line(50)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10), AfterValidator(once_each)]


class ApiKeyView(BaseModel):
    """`last_used` is exact to the minute."""

    id: int
    name: str
    scopes: list[Scope]
    create_time: int
    last_used: int | None


class NewApiKeyView(ApiKeyView):
    """`key` is shown here alone; null when a repeated Idempotency-Key gets this response again."""

    key: str | None


class ApiKeyList(Listed):
    items: list[ApiKeyView]
