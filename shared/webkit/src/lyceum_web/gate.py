"""While the database is away, whatever needs it is refused at once: the answer is known."""

from collections.abc import Collection

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
        open_paths: what is answered in any case.
    """

    def __init__(self, app: ASGIApp, health: Health, answers: Answers, open_paths: Collection[str]) -> None:
        self._app = app
        self._health = health
        self._answers = answers
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._health.closed is not None and scope["path"] not in self._open:
            refused = ProblemError("database_unavailable", headers={"Retry-After": str(RETRY_AFTER_S)})
            await self._answers.to(scope, refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)
