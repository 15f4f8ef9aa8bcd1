"""What happens around every request: its ids, its span, its figures, its line in the log, its last resort."""

import logging
import time
from dataclasses import dataclass

from opentelemetry import context, trace
from opentelemetry.trace import Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyceum_web import access_log, correlation, tracing
from lyceum_web.metrics import Figures
from lyceum_web.problems.answers import Answers
from lyceum_web.security import principal_in
from lyceum_web.templates import Templates

RESPONSE_HEADERS = "lyceum.response_headers"
"""In the scope: a list of name and value, for whoever has something to add to every answer, problems too."""

_HEADER = correlation.HEADER.encode()
_FIXED = (b"X-Content-Type-Options", b"nosniff")
_COMPARED = (b"Cache-Control", b"private, no-cache")
_NOT_STORED = (b"Cache-Control", b"no-store")
"""An answer is for who asked, unless its endpoint says otherwise; with an ETag it may be kept and asked about."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_GONE = 499
"""What is counted when nothing was answered: the caller hung up. nginx's number for it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What looks at every exchange.

    Attributes:
        answers: for errors that nothing else answered.
        templates: of the routes.
        figures: counts.
        tracer: None if nobody would receive its spans.
        quiet: templates of what machines ask for again and again.
    """

    answers: Answers
    templates: Templates
    figures: Figures
    tracer: Tracer | None
    quiet: frozenset[str]


class Exchanges:
    """The outermost layer: whatever happens within, there is one answer, with its ids, counted and logged."""

    def __init__(self, app: ASGIApp, watch: Watch) -> None:
        self._app = app
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._watch, scope, send).run(self._app, receive)


class _Exchange:
    __slots__ = ("_headers", "_method", "_scope", "_send", "_status", "_watch")

    def __init__(self, watch: Watch, scope: Scope, send: Send) -> None:
        self._watch = watch
        self._scope = scope
        self._method = scope["method"] if scope["method"] in _METHODS else "other"  # any word may come
        self._send = send
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        watch = self._watch
        began = time.perf_counter()
        watch.figures.arrived()
        try:
            await self._answer_in_trace(app, receive)
        finally:
            self._tell(time.perf_counter() - began)

    async def _answer_in_trace(self, app: ASGIApp, receive: Receive) -> None:
        tracer, scope = self._watch.tracer, self._scope
        caller = tracing.caller_of(scope["headers"])
        if tracer is None:
            if caller is not None:  # events that the request causes belong to the caller's trace
                context.attach(caller)
            await self._answer(app, receive)
            return
        span = tracing.started(tracer, self._method, caller)
        context.attach(trace.set_span_in_context(span))
        try:
            await self._answer(app, receive)
        finally:
            tracing.ended(span, self._method, self._watch.templates.of(scope), self._status or _GONE)

    async def _answer(self, app: ASGIApp, receive: Receive) -> None:
        ids = correlation.begin(self._scope["headers"])
        self._headers = self._scope[RESPONSE_HEADERS] = [(_HEADER, ids.correlation_id.encode()), _FIXED]
        try:
            await app(self._scope, receive, self._observed)
        except Exception as exc:
            if self._status:
                log.exception("an answer broke off", extra={"action": "broken_answer"})
                return  # the server closes the connection: nobody takes half an answer for a whole one
            await self._watch.answers.to(self._scope, exc)(self._scope, receive, self._observed)

    async def _observed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = message["headers"] = [*message["headers"], *self._headers]
            names = [name for name, _ in headers]
            if b"cache-control" not in names:
                headers.append(_COMPARED if b"etag" in names else _NOT_STORED)
        await self._send(message)

    def _tell(self, seconds: float) -> None:
        scope, status = self._scope, self._status or _GONE
        route = self._watch.templates.of(scope)
        self._watch.figures.answered(self._method, route, status, seconds)
        principal = principal_in(scope)
        access_log.answered(
            self._method,
            route,
            status,
            seconds,
            None if principal is None else principal.user_id,
            quiet=route in self._watch.quiet,
        )
