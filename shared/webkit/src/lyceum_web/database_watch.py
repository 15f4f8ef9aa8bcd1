"""Whether MongoDB answers, and has what the service's documents need; looked at for as long as the service runs."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from lyceum_database import DatabaseError, IndexesDiffer, Record, Unavailable, ping, verify_indexes
from lyceum_program.errors import StartRefused

EVERY_S = 1.0
PATIENCE_S = 3.0
"""Without an answer for this long, the service counts as unready; the question stays open."""

log = logging.getLogger(__name__)


class DatabaseWatch:
    """Looks at the database: first for the indexes, then again and again for a sign of life.

    Attributes:
        ready: indexes were there, and the last sign of life came in time.
        why_unready: one line; empty when ready.
        away: there is no server to ask: whoever asked it would only wait for the same answer.

    Args:
        models: whose indexes are needed.
        every_s: between two signs of life.
    """

    def __init__(self, models: Sequence[type[Record]], *, every_s: float = EVERY_S) -> None:
        self.ready = False
        self.away = True
        self.why_unready = "MongoDB was not asked yet"
        self.verified = asyncio.Event()
        self._models = tuple(models)
        self._every_s = every_s

    async def first_look(self) -> None:
        """Verify the indexes now, if the database answers; else that is done by `run`.

        Raises:
            StartRefused: what was found can never work: missing indexes, refused credentials.
        """
        await self._look(self._verify)

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            StartRefused: as `first_look`.
        """
        while not self.verified.is_set():
            await asyncio.sleep(self._every_s)
            await self._look(self._verify)
        while True:
            await asyncio.sleep(self._every_s)
            await self._look(ping)

    async def _look(self, question: Callable[[], None]) -> None:
        asked = asyncio.create_task(asyncio.to_thread(question))
        done, _ = await asyncio.wait({asked}, timeout=PATIENCE_S)
        if not done:
            self._found(f"MongoDB has not answered for {PATIENCE_S:g} s", away=self.away)
        try:
            await asked
        except Unavailable as exc:
            self._found(str(exc), away=True)
        except DatabaseError as exc:
            if not self.verified.is_set():
                raise StartRefused(_refusal(exc)) from exc
            self._found(str(exc), away=False)
        else:
            self.verified.set()
            self._found("", away=False)

    def _verify(self) -> None:
        ping()
        verify_indexes(self._models)

    def _found(self, why: str, *, away: bool) -> None:
        before, self.why_unready = self.why_unready, why
        self.ready, self.away = not why, away
        if why and why != before:
            log.warning("waits for MongoDB: %s", why, extra={"action": "waiting", "server": "MongoDB"})
        elif before and not why:
            log.info("MongoDB answers", extra={"action": "ready", "server": "MongoDB"})


def _refusal(exc: DatabaseError) -> str:
    if isinstance(exc, IndexesDiffer):
        return "the database lacks indexes (run the service's index deploy step): " + "; ".join(exc.problems)
    return str(exc)
