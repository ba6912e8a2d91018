"""The counters, gauges and histograms of this process; recording a request takes microseconds."""

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import Literal

from app import __version__
from app.config import settings
from app.db import pools, replica_health, threads
from app.ops.metrics import sharing

SHARED = sharing.directory()  # before prometheus_client, which reads the environment when it is imported

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics  # noqa: E402

REGISTRY = CollectorRegistry()
LATENCIES = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OTHER = "other"  # stands for all methods that are not in METHODS

disable_created_metrics()


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"meta_be_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str, of_all: Literal["livesum", "livemax"] = "livesum") -> Gauge:
    return Gauge(f"meta_be_{name}", text, labels, registry=REGISTRY, multiprocess_mode=of_all)


REQUESTS = _counter("http_requests_total", "Requests answered, by route and class of status", "route", "method", "status")
DURATION = Histogram(
    "meta_be_http_request_duration_seconds",
    "Time from a request to the end of its answer, streams of events aside",
    ("route", "method"),
    registry=REGISTRY,
    buckets=LATENCIES,
)
IN_PROGRESS = _gauge("http_requests_in_progress", "Requests being answered, streams of events aside")
STREAMS = _gauge("event_streams_open", "Streams of events being followed")
ERRORS = _counter("errors_total", "Requests refused or failed, by the code of the problem", "code")
STOCK_REFUSALS = _counter("stock_refusals_total", "Requests refused for want of stock")
LOGIN_THROTTLES = _counter("login_throttles_total", "Tries at a password refused for too many before")
LOGIN_DELAYS = _counter("login_delays_total", "Tries at a password that had to wait because many from their address failed")
POOL_SIZE = _gauge("database_pool_size", "Database connections that this service may open")
POOL_IN_USE = _gauge("database_pool_in_use", "Database connections at work")
POOL_WAITING = _gauge("database_pool_waiting", "Requests that wait for a database connection")
POOL_TIMEOUTS = _counter("database_pool_timeouts_total", "Requests that got no database connection in time")
OVERDUE_CALLS = _gauge("overdue_calls", "Calls and waits for the database that are past their deadline")
REPLICA_MISSED = _gauge(
    "replica_missed", "Whether the primary is read because the configured replica is behind or away", of_all="livemax"
)
THREADS = _gauge("threads", "Threads for files and for whole tables")
THREADS_WAITING = _gauge("threads_waiting", "Requests that wait for one of those threads")
BACKGROUND_FAILURES = _counter(
    "background_failures_total", "Background tasks, rows and steps of sweeps, and webhooks' turns that failed", "of"
)
LOOP_LATE = _counter("loop_late_seconds_total", "How late the event loop was with what it had to do, seconds")
MEMORY = _gauge("memory_bytes", "Memory that the processes hold")
DESCRIPTORS = _gauge("file_descriptors", "Open files and connections of the process that has the most", of_all="livemax")
LINES_LOST = _counter("log_lines_lost_total", "Log lines lost because nobody read them")
BUILD = _gauge("build_info", "The version at work", "version", of_all="livemax")

_BY_CODE = {"out_of_stock": STOCK_REFUSALS, "too_many_tries": LOGIN_THROTTLES}
_requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
_lines_lost = 0


def answered(method: str, route: str, status: int, seconds: float | None, code: str | None) -> None:
    """Count a request and its time in seconds, which is None for a stream; `method` is one of METHODS or OTHER."""
    key = (route, method, status // 100)
    try:
        count, time = _requests[key]
    except KeyError:
        count, time = _requests[key] = _children(*key)
    count.inc()
    if seconds is not None:
        time.observe(seconds)
    if code is not None:
        ERRORS.labels(code).inc()
        if code in _BY_CODE:
            _BY_CODE[code].inc()


def sample(lines_lost: int) -> None:
    """Set the gauges of this process; `lines_lost` is the number of log lines lost since it started."""
    global _lines_lost
    BUILD.labels(__version__).set(1)
    POOL_SIZE.set(settings.pool_size)
    POOL_IN_USE.set(pools.checked_out())
    POOL_WAITING.set(pools.waiting())
    OVERDUE_CALLS.set(pools.overdue_calls())
    REPLICA_MISSED.set(replica_health.is_missed())
    THREADS.set(settings.threads)
    THREADS_WAITING.set(threads.waiting())
    with suppress(OSError):  # where there is no /proc
        MEMORY.set(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())
        DESCRIPTORS.set(len(os.listdir("/proc/self/fd")))
    LINES_LOST.inc(lines_lost - _lines_lost)
    _lines_lost = lines_lost


def loop_was_late(seconds: float) -> None:
    """Count by how much the event loop missed a time that it was to do something at."""
    LOOP_LATE.inc(max(seconds, 0))


def _children(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, method, f"{status}xx"), DURATION.labels(route, method)
