"""What a batch answers: row by row, in the caller's language."""

from typing import Any

import orjson

from app.services.batch_row import Row, standing
from app.web.problems import worded

LONGEST = 50  # characters of what a row was called by that its result repeats; order numbers have 30 at most


def told(rows: list[Row], *, done: str, name: str, language: str) -> str:
    """The JSON of a batch: how many were `done`, how many failed, and each row with what it is called by, its `name`."""
    ok = len(standing(rows))
    results = [{"row": row.number, name: _short(row.values.get(name)), **_outcome(row, language)} for row in rows]
    return orjson.dumps({done: ok, "failed": len(rows) - ok, "results": results}).decode()


def _short(value: Any) -> Any:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _outcome(row: Row, language: str) -> dict[str, Any]:
    if row.error is None:
        return {"ok": True, "code": None, "detail": None}
    faults = row.error.values.get("faults")
    detail = "; ".join(_fault(fault, language) for fault in faults) if faults else row.error.detail(language)
    return {"ok": False, "code": row.error.code, "detail": detail}


def _fault(fault: dict[str, Any], language: str) -> str:
    field = ".".join(map(str, fault["loc"]))
    return f"{field}: {worded(fault, language)}" if field else worded(fault, language)
