"""Whether the collector of traces takes spans, where one is configured."""

from collections.abc import Iterator

from app.config import ConfigurationError, settings
from app.tools.check.finding import Finding, error, ok, warning

NAME = "traces"
_REMEDIES = {
    401: "see OTEL_EXPORTER_OTLP_HEADERS",
    403: "see OTEL_EXPORTER_OTLP_HEADERS, and what they may do there",
    404: "see the path: OTEL_EXPORTER_OTLP_ENDPOINT is without /v1/traces, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT with it",
}


def traces() -> Iterator[Finding]:
    """The finding about the collector. One that is away is a warning: its spans are lost, and nothing else."""
    endpoint = settings.trace_endpoint
    if endpoint is None:
        yield ok(NAME, "are off")
        return
    from app.ops import trace_export  # it imports the SDK

    try:
        answer = trace_export.asked(endpoint)
    except ConfigurationError as wrong:
        yield error(NAME, str(wrong), "unset it, or see OpenTelemetry's documentation for what it may be")
        return
    if answer is None:
        remedy = "see OTEL_EXPORTER_OTLP_ENDPOINT, and whether this machine reaches it; the protocol is http/protobuf"
        yield warning(NAME, f"the collector {endpoint} does not answer", remedy)
    elif answer.taken:
        yield ok(NAME, f"the collector {endpoint} answers")
    else:
        remedy = _REMEDIES.get(answer.status, "see the collector's log")
        yield warning(NAME, f"the collector {endpoint} answers {answer.status}", remedy)
