"""Optional traces: spans with names and words from fixed lists, never about a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.config.sources import ConfigError
from bot.observability import logging

_tracers: list[Any] = []


def configure(url: str | None) -> None:
    """Send spans to an OTLP/HTTP URL (…/v1/traces); with None, do nothing.

    Raises ConfigError if OpenTelemetry is not installed.
    """
    shut()
    if url is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(
            "KOSH_OTLP_URL is set, but OpenTelemetry isn't installed;"
            " install kosh-assistant[traces]"
        ) from None
    provider = TracerProvider(resource=Resource({"service.name": "kosh"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    _tracers.append(provider)


def shut() -> None:
    """Flush pending spans and stop."""
    while _tracers:
        _tracers.pop().shutdown()


@contextmanager
def span(name: str, /, **words: object) -> Iterator[None]:
    """Run the block in a span; its attributes are filtered by the allow-list of log lines."""
    if not _tracers:
        yield
        return
    from opentelemetry.trace import Status, StatusCode

    tracer = _tracers[0].get_tracer("kosh")
    with tracer.start_as_current_span(
        name,
        attributes=logging.redact(words),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            # Record only the error's type, since its message may quote a person's text.
            current.set_attributes(logging.redact({"error": error}))
            current.set_status(Status(StatusCode.ERROR))
            raise
