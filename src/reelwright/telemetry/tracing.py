"""Traces from a request through the queue to ffmpeg, where OpenTelemetry is installed and the environment asks for it.

Asked for is it by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT and the like). Otherwise a span is
nothing, and nothing is imported.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from reelwright.telemetry.spans import Attributes, Kind, Span, Tracer

logger = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class _Nothing:
    def rename(self, name: str) -> None:
        pass

    def set(self, attributes: Attributes) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


_NOTHING = _Nothing()
_tracer: Tracer | None = None


def requested(environment: Mapping[str, str]) -> bool:
    """Return whether OpenTelemetry's variables ask for traces."""
    return (
        any(environment.get(name) for name in ENDPOINTS)
        and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"
        and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    )


@contextmanager
def exporting(process: str) -> Iterator[None]:
    """Send this process's spans meanwhile, where that is asked for; the last of them at the end."""
    global _tracer
    if requested(os.environ):
        try:
            from reelwright.telemetry.otel import OpenTelemetry

            _tracer = OpenTelemetry(process)
        except ImportError as error:
            logger.warning("no traces: %s. Install the extra: pip install 'reelwright[tracing]'", error)
        except ValueError as error:
            logger.warning("no traces, a variable of OpenTelemetry is wrong: %s", error)
    try:
        yield
    finally:
        if _tracer is not None:
            _tracer.close()
            _tracer = None


@contextmanager
def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: Kind = "internal",
    carrier: Mapping[str, str] | None = None,
) -> Iterator[Span]:
    """Open a span around what the caller does. `carrier`: headers or alike (`traceparent`) of what it continues."""
    if _tracer is None:
        yield _NOTHING
        return
    with _tracer.span(name, attributes or {}, kind=kind, carrier=carrier) as current:
        yield current


def carrier() -> dict[str, str]:
    """Return what another process needs to continue the current span, after W3C Trace Context: `traceparent`,
    `tracestate`."""
    return {} if _tracer is None else _tracer.carrier()
