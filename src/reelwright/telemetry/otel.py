"""Spans by OpenTelemetry's SDK. Needs the extra `tracing`; only `telemetry.tracing` imports it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from reelwright.release import RELEASE
from reelwright.telemetry import logs
from reelwright.telemetry.spans import Attributes, Kind

KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()


class _Current:
    def __init__(self, span: Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason))


class OpenTelemetry:
    """A tracer that exports over OTLP/HTTP; the OTEL_* variables say where to, how often, and what is sampled."""

    def __init__(self, process: str) -> None:
        about = {SERVICE_NAMESPACE: "reelwright", SERVICE_VERSION: RELEASE}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            about[SERVICE_NAME] = f"reelwright-{process}"
        self._provider = TracerProvider(resource=Resource.create(about))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("reelwright", RELEASE)

    @contextmanager
    def span(
        self, name: str, attributes: Attributes, *, kind: Kind, carrier: Mapping[str, str] | None
    ) -> Iterator[_Current]:
        """What is raised through it marks it as failed by its code; messages and tracebacks stay in the log."""
        with (
            self._tracer.start_as_current_span(
                name,
                None if carrier is None else _propagator.extract(carrier),
                KINDS[kind],
                attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as opened,
            logs.bound(trace_id=format_trace_id(opened.get_span_context().trace_id)),
        ):
            current = _Current(opened)
            try:
                yield current
            except Exception as error:
                current.fail(getattr(error, "code", None) or type(error).__name__)
                raise

    def carrier(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier

    def close(self) -> None:
        self._provider.shutdown()
