"""The log: one line of JSON on standard output for each request and each other event.

No line holds a secret, a phone number, a name, a raw path or a query string. A request is logged with its route's template, and
an error as `redaction` leaves it.
"""

import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

from app.config import ConfigurationError, settings
from app.db.failures import AWAY
from app.ops import tracing
from app.ops.nonblocking_writer import NonblockingWriter
from app.redaction import masked, redacted, traceback_of

REQUESTS = logging.getLogger("app.request")
PROBES = {"/healthz", "/readyz", "/metrics"}  # called every few seconds by machines, so logged at `debug`
_OURS = ("app", "uvicorn")  # other libraries log warnings and errors only
_INFO, _DEBUG, _ERROR = logging.INFO, logging.DEBUG, logging.ERROR
_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def configure() -> None:
    """Take over all logging of this process, uvicorn's included. Its access log is off: our line of a request holds more."""
    global _written
    _written = _as_text if settings.log_format == "text" else _as_json
    logging.root.handlers = [handler for handler in logging.root.handlers if not isinstance(handler, _Lines)]
    logging.root.addHandler(_Lines())
    for name in _OURS:
        logging.getLogger(name).setLevel(settings.log_level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def request(method: str, route: str, status: int, seconds: float, state: dict[str, Any]) -> None:
    """Write the line of a request; `state` is its scope's state, with the request's id, the actor and a problem's code."""
    level = _ERROR if status >= 500 else _DEBUG if route in PROBES else _INFO
    if not REQUESTS.isEnabledFor(level):
        return
    line = {
        "time": datetime.now(UTC),
        "level": "error" if level is _ERROR else "info" if level is _INFO else "debug",
        "logger": "app.request",
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "request_id": state["request_id"],
        "actor": state.get("actor"),
    }
    if "code" in state:
        line["code"] = state["code"]
    _join(line)
    STDOUT.gather(_written(line))


def failure(error: BaseException) -> str:
    """Why the service does not start: one line if a person can mend it, else the traceback."""
    return redacted(error) if isinstance(error, (ConfigurationError, *AWAY)) else traceback_of(error)


class _Lines(logging.Handler):
    """Writes the records of the `logging` module; `extra={"fields": {…}}` adds fields to the line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = {
                "time": datetime.fromtimestamp(record.created, UTC),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": masked(record.getMessage()).strip(),
                **getattr(record, "fields", {}),
            }
            if record.exc_info and record.exc_info[1] is not None:
                line["exception"] = traceback_of(record.exc_info[1])
            _join(line)
            STDOUT.write(_written(line))
        except Exception:
            self.handleError(record)


def _join(line: dict[str, Any]) -> None:
    """Name the trace that the line belongs to, if it is in one."""
    trace_id = tracing.trace_id()
    if trace_id is not None:
        line["trace_id"] = trace_id


def _as_json(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, default=str, option=_JSON)


def _as_text(line: dict[str, Any]) -> bytes:
    """A line for a person: the time of day, the level, the message or the request, then the other fields."""
    rest = dict(line)
    at, level, name = rest.pop("time"), rest.pop("level"), rest.pop("logger")
    exception = rest.pop("exception", None)
    if "message" in rest:
        said = rest.pop("message")
    else:
        said = f"{rest.pop('method')} {rest.pop('route')} {rest.pop('status')} {rest.pop('ms')} ms"
        rest.pop("request_id")
    words = [f"{at.astimezone():%H:%M:%S}", f"{level:<7}", said, *(f"{key}={value}" for key, value in rest.items() if value)]
    if level not in ("info", "debug"):
        words.append(f"({name})")
    return " ".join([*words, *([f"\n{exception}"] if exception else [])]).encode(errors="replace") + b"\n"


def _lost(lines: int) -> bytes:
    message = f"{lines} lines were lost: nobody read them"
    return _written({"time": datetime.now(UTC), "level": "warning", "logger": __name__, "message": message})


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt):
        return
    logging.getLogger("app").critical("stopped by an error", exc_info=error)


_written: Callable[[dict[str, Any]], bytes] = _as_json
STDOUT = NonblockingWriter(1, _lost)
