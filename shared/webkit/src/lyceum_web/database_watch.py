"""Whether MongoDB answers, and has what the service's documents need; looked at for as long as the service runs."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from lyceum_database import DatabaseError, IndexesDiffer, Record, Unavailable, ping, verify_indexes
from lyceum_program.errors import StartRefused
from lyceum_web.detached import in_detached_thread

SAY_EVERY_S = 30.0
MOST_UNANSWERED = 4
"""Signs of life in a row, each asked for on another connection, without which the server counts as away."""

log = logging.getLogger(__name__)


class DatabaseWatch:
    """Looks at the database: first for the indexes, then again and again for a sign of life.

    Attributes:
        ready: indexes were there, and the last sign of life came in time.
        why_unready: one line; empty when ready.
        away: there is no server to ask, or it was not yet found to be in order: nothing should be asked of it.
        verified: set once the indexes were found to be there.

    Args:
        models: whose indexes are needed.
        prepare: puts in what has to be there beside the indexes; any number of replicas may do so at one time.
        every_s: between two looks.
        patience_s: for a sign of life; without one the service is unready, and asks again on another connection: one
            that went silent says nothing of the server.
    """

    def __init__(
        self,
        models: Sequence[type[Record]],
        *,
        prepare: Callable[[], None] | None = None,
        every_s: float,
        patience_s: float,
    ) -> None:
        self._models = tuple(models)
        self._prepare = prepare
        self._every_s = every_s
        self._patience_s = patience_s
        self.begin()

    def begin(self) -> None:
        """Know nothing yet; for an application that is started again, on another loop."""
        self.ready = False
        self.away = True
        self.why_unready = "MongoDB was not asked yet"
        self.verified = asyncio.Event()
        self._asked: asyncio.Future[None] | None = None
        self._unanswered = 0
        self._said_at_s: float | None = None

    async def look(self) -> None:
        """Look once; for the indexes until they were found to be there.

        Raises:
            StartRefused: what was found can never work: missing indexes, refused credentials.
        """
        if self._asked is None:
            self._asked = in_detached_thread(self._question())
        done, _ = await asyncio.wait({self._asked}, timeout=self._patience_s)
        if not done:
            self._miss()
            return
        asked, self._asked = self._asked, None
        self._unanswered = 0
        self._judge(asked.exception())

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            StartRefused: as `look`.
        """
        while True:
            await asyncio.sleep(self._every_s)
            await self.look()

    def _question(self) -> Callable[[], None]:
        return self._ping if self.verified.is_set() else self._verify

    def _ping(self) -> None:
        ping(within_s=2 * self._patience_s)  # by then `look` waits for another one, and this one's connection may go

    def _verify(self) -> None:
        self._ping()
        verify_indexes(self._models)
        if self._prepare is not None:
            self._prepare()

    def _miss(self) -> None:
        self._unanswered += 1
        if self.verified.is_set():
            self._asked = None  # what is done once, at the start, is waited for instead
        away = self.away or self._unanswered >= MOST_UNANSWERED
        self._unready(f"MongoDB has not answered for {self._patience_s:g} s", away=away)

    def _judge(self, error: BaseException | None) -> None:
        if error is None:
            self.verified.set()
            self._found_ready()
        elif isinstance(error, Unavailable):
            self._unready(str(error), away=True)
        elif self.verified.is_set():
            self._unready(str(error), away=False)
        elif isinstance(error, DatabaseError):
            raise StartRefused(_refusal(error)) from error
        else:
            raise error

    def _found_ready(self) -> None:
        if not self.ready:
            log.info("MongoDB answers", extra={"action": "ready", "server": "MongoDB"})
        self.ready, self.away, self.why_unready = True, False, ""
        self._said_at_s = None

    def _unready(self, why: str, *, away: bool) -> None:
        self.ready, self.away, self.why_unready = False, away, why
        now = time.monotonic()
        if self._said_at_s is None or now - self._said_at_s >= SAY_EVERY_S:
            self._said_at_s = now
            log.warning("waits for MongoDB: %s", why, extra={"action": "waiting", "server": "MongoDB"})


def _refusal(exc: DatabaseError) -> str:
    if isinstance(exc, IndexesDiffer):
        return "the database lacks indexes (run the service's index deploy step): " + "; ".join(exc.problems)
    return str(exc)
