"""Lists: how a page is asked for, and what one looks like."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.schemas.fields import Filters
from app.services.paging import MAX_SIZE, NEWEST, Page


class Conditions(Filters):
    """What rows must meet."""

    def filters(self) -> dict[str, Any]:
        """The filters that were given, by the names that the services know them by."""
        given = self.model_dump(exclude_none=True, exclude={"page", "size", "cursor", "sort", "format", "columns"})
        states = given.pop("status", None)
        if isinstance(states, list):
            given |= {"status": states[0]} if len(states) == 1 else {"statuses": states}
        elif states is not None:
            given["status"] = states
        if "overdue" in given:
            given["overdue" if given.pop("overdue") else "not_overdue"] = True
        return given


class PageQuery(Conditions):
    """Which part of a list: `page` and `size`, or `cursor` to walk on without counting."""

    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE)] = 20
    cursor: Annotated[str | None, Field(max_length=64)] = None

    def asked(self) -> Page:
        return Page(self.page, self.size, self.cursor, getattr(self, "sort", NEWEST))


class Listed(BaseModel):
    """One page: `total` and `pages` are null on a walk by cursor; `total` stops at 10,000."""

    items: list[Any]
    total: int | None
    total_is_capped: bool
    page: int | None
    pages: int | None
    size: int
    next_cursor: str | None
