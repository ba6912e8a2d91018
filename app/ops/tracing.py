"""Traces: spans of requests, statements and jobs, by OpenTelemetry. Off unless an endpoint is set.

When it is off no span is made, and nothing of OpenTelemetry's SDK is imported. No span holds a path, a query string, a row's
value or an error's message. On or off, a statement that takes long is logged by its name.
"""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType

import psycopg2
from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode, Tracer

from app import __version__
from app.config import settings

log = logging.getLogger(__name__)

SLOW = 1.0  # seconds after which a statement is logged
_DATABASE = {"db.system.name": "postgresql"}
_RUNNERS = {"app.db.connected", "app.db.read_batches", "app.db.work", __name__}  # modules that run statements for others
_NOTHING = nullcontext()
_tracer: Tracer | None = None


@contextmanager
def running() -> Iterator[None]:
    """Make spans and send them while the context is open, if an endpoint is set. The last ones get a moment at its end."""
    global _tracer
    if settings.trace_endpoint is None:
        yield
        return
    from app.ops import trace_export  # it imports the SDK

    provider = trace_export.provider(settings.trace_endpoint)
    trace.set_tracer_provider(provider)
    _tracer = provider.get_tracer("meta_be", __version__)
    try:
        yield
    finally:
        _tracer = None
        trace_export.stop(provider)


def identify(request_id: str) -> None:
    """Give the span of this request its id, by which the log and the response name it too."""
    if _tracer is not None:
        trace.get_current_span().set_attribute("request_id", request_id)


def trace_id() -> str | None:
    """The trace that this is a part of, as 32 hexadecimal digits; None outside a span."""
    here = span_here()
    return None if here is None else trace.format_trace_id(here.trace_id)


def span_here() -> SpanContext | None:
    """What names the span that this is in, for others to link to; None outside a span."""
    if _tracer is None:
        return None
    here = trace.get_current_span().get_span_context()
    return here if here.is_valid else None


def job(name: str, linked: Sequence[SpanContext | None] = (), **attributes: int) -> AbstractContextManager[None]:
    """A span around work that no request waits for by itself; `linked` are the spans of the requests that it is done for."""
    if _tracer is None:
        return _NOTHING
    links = [Link(each) for each in linked if each is not None]
    return _inside(_tracer.start_span(name, attributes=attributes, links=links))


def statement(name: str, asker: str | None = None) -> "_Timed":
    """A span around a statement; none outside a span that is recorded. `asker` names it, if not the function that runs it."""
    if _tracer is None or not trace.get_current_span().is_recording():
        return _Timed(_NOTHING, asker)
    attributes = {**_DATABASE, "meta_be.statement": name}
    return _Timed(_inside(_tracer.start_span(asker or asker_here(), kind=SpanKind.CLIENT, attributes=attributes)), asker)


def asker_here() -> str:
    """The function for which a statement is run, such as `app.services.orders.queries.one`."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] in _RUNNERS and frame.f_back is not None:
        frame = frame.f_back
    return f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname}"


def failed(error: BaseException) -> None:
    """Mark the span that this is in as failed, by the kind of the error alone: its message may quote a row."""
    if _tracer is not None:
        _mark(trace.get_current_span(), error)


class _Timed:
    """A statement in its span, which is logged if it takes longer than SLOW, with the function that it is run for."""

    __slots__ = ("_asker", "_begun", "_span")

    def __init__(self, span: AbstractContextManager[None], asker: str | None) -> None:
        self._span = span
        self._asker = asker

    def __enter__(self) -> None:
        self._span.__enter__()
        self._begun = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        seconds = time.monotonic() - self._begun
        if seconds > SLOW:
            fields = {"statement": self._asker or asker_here(), "ms": round(seconds * 1000)}
            log.warning("a slow statement", extra={"fields": fields})
        return self._span.__exit__(kind, error, traceback)


@contextmanager
def _inside(span: Span) -> Iterator[None]:
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            _mark(span, error)
            raise


def _mark(span: Span, error: BaseException) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}")
    if isinstance(error, psycopg2.Error) and error.pgcode is not None:
        span.set_attribute("db.response.status_code", error.pgcode)
