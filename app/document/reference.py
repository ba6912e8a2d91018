"""Writes docs/errors.md and docs/events.md from the code: `python -m app.document.reference`."""

from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from app.document import problem, webhooks
from app.document.operations import operations
from app.document.refusals import codes_of
from app.main import app
from app.services.events.types import TYPES
from app.web.wording import FIELD_ZH

DOCS = Path(__file__).parents[2] / "docs"
_MANY = 12  # operations that are named; more are counted


def errors_page() -> str:
    """The page of errors: every code, with its status, its words, and the operations that can answer it."""
    return "\n".join(_errors()) + "\n"


def events_page() -> str:
    """The page of events: every type, and what its details tell."""
    return "\n".join(_events()) + "\n"


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield "Made from the code by `make reference`. Every error is `application/problem+json` (RFC 9457); its `code` is stable."
    yield "A name in ‹› is filled in. `actions` of a 409 are the verbs that are open; with 429 and 503 comes `Retry-After`."
    callers = _callers()
    by_status: dict[int, dict[str, list[problem.Error]]] = defaultdict(lambda: defaultdict(list))
    for error in problem.every_error():
        by_status[error.status][error.code].append(error)
    for status, codes in by_status.items():
        yield f"\n## {status} {HTTPStatus(status).phrase}\n"
        yield "| code | 中文 | English | answered by |"
        yield "|---|---|---|---|"
        for code, found in codes.items():
            zh, en = ("<br>".join(dict.fromkeys(problem.spoken(words) for words in each)) for each in _words(found))
            yield f"| `{code}` | {zh} | {en} | {_named(callers.get((status, code), []))} |"
    yield "\n## Fields\n"
    yield "The `code` of each of a 422's `errors`; any other is pydantic's, in English. It may also be a code from above.\n"
    yield "| code | 中文 |"
    yield "|---|---|"
    for code, zh in sorted(FIELD_ZH.items()):
        yield f"| `{code}` | {problem.spoken(zh)} |"


def _words(found: list[problem.Error]) -> tuple[list[str], list[str]]:
    return [error.zh for error in found], [error.en for error in found]


def _callers() -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for operation in operations(app.routes):
        for status, codes in codes_of(operation).items():
            for code in codes:
                found[status, code].append(operation.id)
    return found


def _named(ids: list[str]) -> str:
    if not ids:
        return "rows of batches, and what no operation answers"
    return ", ".join(f"`{each}`" for each in sorted(ids)) if len(ids) <= _MANY else f"{len(ids)} operations"


def _events() -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "Made from the code by `make reference`. An event's `type` is its subject and verb. It comes by Server-Sent Events"
    yield "(`GET /api/v1/merchant/events`), by webhooks, and in the timelines of orders. A webhook's message is"
    yield '`{"type", "timestamp", "data"}`, signed as Standard Webhooks; `data` is the event as lists show it.'
    for subject, called in webhooks.subjects():
        yield f"\n## `{subject}`\n"
        yield f"What happens to {called}.\n"
        yield "| type | `details` |"
        yield "|---|---|"
        for type_ in TYPES:
            if type_.startswith(f"{subject}."):
                yield f"| `{type_}` | {_details(type_)} |"


def _details(type_: str) -> str:
    if type_ in webhooks.DETAILS:
        return ", ".join(f"`{name}`" for name in webhooks.DETAILS[type_])
    return "the columns that changed" if type_.endswith((".change", ".create")) else "–"


PAGES = {"errors.md": errors_page, "events.md": events_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
