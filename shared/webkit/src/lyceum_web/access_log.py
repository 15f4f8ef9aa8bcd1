"""One line per request: who asked for what, what became of it, how long it took.

Never a body, a query string, a header or a raw path: passwords, tokens and tickets travel in each of them.
"""

import json
import logging
import os
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

log = logging.getLogger("lyceum_web.access")


class Answered(logging.LogRecord):
    """The record of one request.

    It says who logged it without a look at the stack, and writes its own line: of all that is logged this is the most.
    """

    def __init__(
        self, level: int, method: str, route: str | None, status: int, seconds: float, principal: str | None
    ) -> None:
        vars(self).update(_alike(os.getpid(), threading.get_ident()))  # most of what LogRecord sets, at a tenth of it
        self.levelno, self.levelname = level, logging.getLevelName(level)
        self.args = (method, route or "(no route)", status)
        self.created = time.time()
        self.msecs = self.created * 1000 % 1000
        self.action = "request"
        self.method = method
        self.route = route
        self.status = status
        self.ms = round(seconds * 1000, 2)
        self.principal = principal

    def line(self) -> str:
        """Give the line of the log, in JSON. Nothing of it can hold a secret, or has to be escaped."""
        ids = vars(self)
        principal = "null" if self.principal is None else f'"{self.principal}"'
        correlated = (
            f', "correlation_id": "{ids["correlation_id"]}", "trace_id": "{ids["trace_id"]}"'
            if "trace_id" in ids
            else ""
        )
        return (
            f'{{"time": "{_written(self.created)}", '
            f"{_fixed(self.levelname, self.method, self.route, self.status)}, "
            f'"ms": {self.ms}, "principal": {principal}{correlated}}}'
        )


@lru_cache(maxsize=1024)
def _fixed(level: str, method: str, route: str | None, status: int) -> str:
    """What all requests of one kind have alike."""
    message = f"{method} {route or '(no route)'} {status}"
    said = {"level": level, "logger": log.name, "message": message, "action": "request"}
    return json.dumps({**said, "method": method, "route": route, "status": status}, ensure_ascii=False)[1:-1]


def _written(moment_s: float) -> str:
    second, millisecond = divmod(int(moment_s * 1000), 1000)
    return f"{_second(second)}.{millisecond:03}+00:00"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=8)
def _alike(process: int, thread: int) -> dict[str, Any]:  # noqa: ARG001 - what the record says differs between them
    """What all records of one thread have alike."""
    return vars(logging.LogRecord(log.name, logging.INFO, __file__, 0, "%s %s %d", (), None))


def answered(
    method: str, route: str | None, status: int, seconds: float, principal: str | None, *, quiet: bool
) -> None:
    """Write the line.

    Args:
        method: of the request.
        route: the template of its path; None if no route is there for it.
        status: of the answer.
        seconds: from its arrival to the end of the answer.
        principal: who asked, once that was found out.
        quiet: it is one of the requests that machines repeat for ever, such as a health check.
    """
    level = logging.DEBUG if quiet else logging.INFO
    if log.isEnabledFor(level):
        log.handle(Answered(level, method, route, status, seconds, principal))
