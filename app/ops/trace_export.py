"""Where spans go: OpenTelemetry's SDK and its OTLP/HTTP exporter. It is imported only if an endpoint is set.

Beside the endpoint, both read the standard OTEL_ variables of the environment by themselves.
"""

import logging
import threading
from collections.abc import Sequence
from typing import NamedTuple

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from app import __version__
from app.config import ConfigurationError

LONGEST_ANSWER = 5.0  # seconds that the check waits for a collector, tries included
LAST_SPANS = 2.0  # seconds that a process which stops gives the spans left to be sent
_OF_REQUESTS = {"http.request.method", "network.protocol.version", "server.address", "server.port", "url.scheme"}


def provider(endpoint: str) -> TracerProvider:
    """A provider whose spans are sent to the URL by a thread, in batches; some are lost when its queue is full.

    Raises ConfigurationError if one of the OTEL_ variables cannot be read.
    """
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)  # not each try: a batch that is lost
    given = OTELResourceDetector().detect().attributes
    resource = Resource.create({"service.name": "meta_be", "service.version": __version__, **given})
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    made.sampler = _Discreet(made.sampler)
    try:
        made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    except ValueError as wrong:
        raise ConfigurationError(f"an OTEL_ variable cannot be read: {wrong}") from None
    return made


class Answer(NamedTuple):
    """What a collector said: the HTTP status, and whether it took what it was sent."""

    status: int
    taken: bool


def asked(endpoint: str) -> Answer | None:
    """What the collector at the URL answers to a request without spans, sent as the service sends its own.

    None if there is no answer in LONGEST_ANSWER. Raises ConfigurationError if one of the OTEL_ variables cannot be read.
    """
    stop(provider(endpoint))  # it reads the variables
    statuses: list[int] = []
    session = requests.Session()
    session.hooks["response"].append(lambda response, *_, **__: statuses.append(response.status_code))
    exporter = OTLPSpanExporter(endpoint, timeout=LONGEST_ANSWER, session=session)
    log = logging.getLogger("opentelemetry.exporter")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)  # the answer is told, not logged
    try:
        taken = exporter.export(()) is SpanExportResult.SUCCESS
    finally:
        log.setLevel(level)
        exporter.shutdown()
    return Answer(statuses[-1], taken) if statuses else None


def stop(running: TracerProvider) -> None:
    """Send what is left, but leave it after LAST_SPANS: neither the SDK nor the exporter can be told to be quick."""
    ending = threading.Thread(target=running.shutdown, name="last_spans", daemon=True)
    ending.start()
    ending.join(LAST_SPANS)


class _Discreet(Sampler):
    """The configured sampler, for spans of requests without FastAPI's attributes of path and query, which may name people."""

    def __init__(self, configured: Sampler) -> None:
        self._configured = configured

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind is SpanKind.SERVER:
            attributes = {key: value for key, value in (attributes or {}).items() if key in _OF_REQUESTS}
        return self._configured.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return self._configured.get_description()
