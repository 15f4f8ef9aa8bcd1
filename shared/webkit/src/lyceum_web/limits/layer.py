"""The layer that holds every request to its limits, before anything of the service sees it."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyceum_web.limits import body
from lyceum_web.limits.allowance import Allowance, Allowances
from lyceum_web.limits.head import body_head, check_address
from lyceum_web.limits.json_body import check_json
from lyceum_web.problems import ProblemError
from lyceum_web.problems.answers import Answers

LARGE_BYTES = 32 * 1024
"""A JSON body beyond this is checked in a thread: the loop has others to answer meanwhile."""

_ARRIVES_LATE = ("request_timeout", {"Connection": "close"})
_ANSWERED_LATE = ("timed_out", {"Retry-After": "1"})


class Limits:
    """Holds requests to their limits.

    Args:
        app: what answers within them.
        answers: says what went beyond.
        allowances: bytes of one body, and seconds until the answer begins.
        body_depth: of nested arrays and objects.
    """

    def __init__(self, app: ASGIApp, answers: Answers, *, allowances: Allowances, body_depth: int) -> None:
        self._app = app
        self._answers = answers
        self._allowances = allowances
        self._depth = body_depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request within its limits, or say which it broke."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._timed(scope, receive, send)
        except ProblemError as exc:
            await self._answers.to(scope, exc)(scope, receive, send)
        except ClientDisconnect:
            return

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        late = _ARRIVES_LATE
        allowance = self._allowances.of(scope)
        patience = allowance.patience
        wait = patience.begin()

        async def begun(message: Message) -> None:
            if message["type"] == "http.response.start":
                patience.end(wait)  # a long answer may take its time
            await send(message)

        try:
            arrived = await self._arrived(scope, receive, allowance)
            late = _ANSWERED_LATE
            await self._app(scope, arrived, begun)
        except asyncio.CancelledError:
            if not wait.explains():
                raise
            raise ProblemError(late[0], headers=late[1]) from None
        finally:
            patience.end(wait)

    async def _arrived(self, scope: Scope, receive: Receive, allowance: Allowance) -> Receive:
        """Wait for a JSON body and check it; of any other body the bytes are counted as they are read."""
        check_address(scope)
        head = body_head(scope)
        if head is None:
            return receive
        most = allowance.body_bytes
        if head.length is not None and head.length > most:
            raise body.too_large(most, close=head.length > body.PATIENCE_BYTES)
        if not head.json or allowance.any_json:
            return body.counted(receive, most)
        content = await body.read(receive, most)
        if len(content) > LARGE_BYTES:
            await run_in_threadpool(check_json, content, depth=self._depth, values=allowance.body_values)
        elif content:
            check_json(content, depth=self._depth, values=allowance.body_values)
        return body.replayed(content, receive)
