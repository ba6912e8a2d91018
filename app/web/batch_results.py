"""The answer to a batch: the result of each row, in the caller's language."""

import orjson

from app.services.batch_row import BatchRow, standing
from app.web.wording import Fault, worded, worded_for_sheets

_SHOWN_AS = {"logistic_id": "carrier", "logistic_name": "carrier"}  # fields that a file has under another name
LONGEST = 50  # characters of a row's name that its result repeats; an order number has 30 at most


def results_json(rows: list[BatchRow], *, done: str, name: str, language: str, **counts: int) -> str:
    """The JSON of a batch: how many rows succeeded (under the key `done`), how many failed, and the result of each row.

    Each result repeats the row's field `name`, such as `order_id`, by which its sender knows it. `counts` are told as they are.
    """
    ok = len(standing(rows))
    results = [{"row": row.number, name: _short(row.values.get(name)), **_outcome(row, language)} for row in rows]
    return orjson.dumps({done: ok, "failed": len(rows) - ok, **counts, "results": results}).decode()


def _short(value: object) -> object:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _outcome(row: BatchRow, language: str) -> dict[str, bool | str | None]:
    if row.error is None:
        return {"ok": True, "code": None, "detail": None}
    faults = row.error.values.get("faults")
    if faults:
        said = [_of_cell(row, fault, language) if row.titles else _fault(fault, language) for fault in faults]
        detail = "; ".join(said) if language == "en" else "；".join(said)
    else:
        detail = row.error.detail(language)
        field = next((name for name in (row.error.field, _SHOWN_AS.get(row.error.field or "")) if name in row.titles), None)
        detail = f"{_cell(row, field, language, beside=detail)}{detail}" if field else detail
    return {"ok": False, "code": row.error.code, "detail": detail}


def _fault(fault: Fault, language: str) -> str:
    field = ".".join(map(str, fault["loc"]))
    return f"{field}: {worded(fault, language)}" if field else worded(fault, language)


def _of_cell(row: BatchRow, fault: Fault, language: str) -> str:
    """The fault of a file's cell, or of its row."""
    field = str(fault["loc"][0]) if fault["loc"] else ""
    said = worded_for_sheets(fault, language, row.titles)
    return f"{_cell(row, field, language)}{said}" if field else said


def _cell(row: BatchRow, field: str, language: str, *, beside: str = "") -> str:
    """The cell's heading as the file has it, and what stands in the cell, if that is not told `beside`."""
    title, value = str(_short(row.titles.get(field, field))), str(_short(str(row.values.get(field, ""))))
    value = "" if value in beside else value
    if language == "en":
        return f"{title} “{value}”: " if value else f"{title}: "
    return f"{title}“{value}”：" if value else f"{title}："
