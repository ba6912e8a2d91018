"""The answer to a batch: the result of each row, in the caller's language."""

import orjson

from app.services.batch_row import BatchRow, standing
from app.web.wording import Fault, worded

LONGEST = 50  # characters of a row's name that its result repeats; an order number has 30 at most


def results_json(rows: list[BatchRow], *, done: str, name: str, language: str) -> str:
    """The JSON of a batch: how many rows succeeded (under the key `done`), how many failed, and the result of each row.

    Each result repeats the row's field `name`, such as `order_id`, by which its sender knows it.
    """
    ok = len(standing(rows))
    results = [{"row": row.number, name: _short(row.values.get(name)), **_outcome(row, language)} for row in rows]
    return orjson.dumps({done: ok, "failed": len(rows) - ok, "results": results}).decode()


def _short(value: object) -> object:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _outcome(row: BatchRow, language: str) -> dict[str, bool | str | None]:
    if row.error is None:
        return {"ok": True, "code": None, "detail": None}
    faults = row.error.values.get("faults")
    detail = "; ".join(_fault(fault, language) for fault in faults) if faults else row.error.detail(language)
    return {"ok": False, "code": row.error.code, "detail": detail}


def _fault(fault: Fault, language: str) -> str:
    field = ".".join(map(str, fault["loc"]))
    return f"{field}: {worded(fault, language)}" if field else worded(fault, language)
