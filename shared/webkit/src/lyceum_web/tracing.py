"""Traces with the OpenTelemetry API: one span per request, a child of the caller's.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span (1.43). Neither path nor query string is
an attribute: invitations, tickets and signatures travel in them. The route's template says which path it was.
"""

from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SCHEMA_URL = "https://opentelemetry.io/schemas/1.43.0"
_SERVER_ERROR = 500
_W3C = TraceContextTextMapPropagator()
_CARRIED = (b"traceparent", b"tracestate")


def tracer_of(provider: TracerProvider | None) -> Tracer | None:
    """Return a tracer, or None when nobody would receive its spans.

    Args:
        provider: None for the global one, if an SDK has set it by now.
    """
    found = provider or trace.get_tracer_provider()
    if isinstance(found, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return found.get_tracer("lyceum_web", schema_url=SCHEMA_URL)


def caller_of(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """Return the trace context that a request carries; None if it carries none."""
    carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in _CARRIED}
    return _W3C.extract(carrier, context=Context()) if carrier else None


def started(tracer: Tracer, method: str, caller: Context | None) -> Span:
    """Begin the span of a request, whose route is not known yet."""
    attributes = {"http.request.method": method}
    return tracer.start_span(method, context=caller or Context(), kind=SpanKind.SERVER, attributes=attributes)


def ended(span: Span, method: str, route: str | None, status: int) -> None:
    """End the span, now that route and answer are known."""
    if route is not None:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= _SERVER_ERROR:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))
    span.end()
