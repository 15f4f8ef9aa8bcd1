"""What is refused at once: whatever needs the database while that is away, and more requests than can be answered."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from lyceum_web.health import Health
from lyceum_web.problems import ProblemError
from lyceum_web.problems.answers import RETRY_AFTER_S, Answers


class Gate:
    """Lets requests in while they can succeed. No request passes before the indexes were verified.

    Args:
        app: what answers them.
        health: says whether they can.
        answers: says that they cannot.
        open_to: tells of a path whether it is answered in any case.
        most: requests at one time.
    """

    def __init__(
        self, app: ASGIApp, health: Health, answers: Answers, *, open_to: Callable[[str], bool], most: int
    ) -> None:
        self._app = app
        self._health = health
        self._answers = answers
        self._open_to = open_to
        self._most = most
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._health.closed is None and self._running < self._most:
            self._running += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._running -= 1
        elif self._open_to(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._refuse(
                "overloaded" if self._health.closed is None else "database_unavailable", scope, receive, send
            )

    async def _refuse(self, code: str, scope: Scope, receive: Receive, send: Send) -> None:
        refused = ProblemError(code, headers={"Retry-After": str(RETRY_AFTER_S)})
        await self._answers.to(scope, refused)(scope, receive, send)
