"""A collector of traces, on loopback: a real HTTP server that decodes the spans it is sent by OTLP/HTTP."""

from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

from tests.support.endpoint import Endpoint, Handler
from tests.support.waiting import eventually

QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # milliseconds between batches


class Seen:
    """One span that came in."""

    def __init__(self, span: Any) -> None:
        self.name: str = span.name
        self.id: bytes = span.span_id
        self.parent: bytes = span.parent_span_id
        self.trace: str = span.trace_id.hex()
        self.links: set[bytes] = {link.span_id for link in span.links}
        self.failed: bool = span.status.code == 2
        self.attributes = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


class Collector(Endpoint):
    """The server. `hangs` makes it take requests and not answer them until it is closed."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        collector = self

        class Sent(Handler):
            def answer(self) -> None:
                collector.received.append(self.sent())
                if hangs:
                    collector.closing.wait(60)
                    return
                body = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Sent)
        self.url = f"http://127.0.0.1:{self.port}"

    def bytes(self) -> bytes:
        """All that came in, heads and bodies."""
        return b"".join(repr((path, headers)).encode() + body for path, headers, body in list(self.received))

    def resources(self) -> list[dict[str, str]]:
        """What the senders said of themselves, once for each request."""
        return [
            {each.key: each.value.string_value for each in group.resource.attributes}
            for request in self._requests()
            for group in request.resource_spans
        ]

    def spans(self) -> list[Seen]:
        return [
            Seen(span)
            for request in self._requests()
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]

    def span(self, **wanted: Any) -> Seen:
        """The one span with these attributes, waited for."""

        def found() -> list[Seen]:
            return [span for span in self.spans() if wanted.items() <= span.attributes.items()]

        eventually(found, told=lambda: str([(span.name, span.attributes) for span in self.spans()]))
        [span] = found()
        return span

    def below(self, parent: Seen) -> list[Seen]:
        return [span for span in self.spans() if span.parent == parent.id]

    def _requests(self) -> Iterator[Any]:
        for _, _, body in list(self.received):
            yield ExportTraceServiceRequest.FromString(body)
