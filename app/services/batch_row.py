"""The rows of a batch: each is carried out or refused by itself, whatever becomes of the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import AppError


@dataclass(slots=True)
class BatchRow:
    """One row of a batch; `number` is its row in the sender's file or its place in the list, `error` why it was refused.

    `titles` are the headings of the sender's file, by the names of the values.
    """

    number: int
    values: dict[str, Any]  # as the row's schema checked them, or as they were sent if it refused them
    error: AppError | None = None
    titles: Mapping[str, str] = field(default_factory=dict)


def standing(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """The rows that have not been refused."""
    return [row for row in rows if row.error is None]
