"""One line per request: who asked for what, what became of it, how long it took.

Never a body, a query string, a header or a raw path: passwords, tokens and tickets travel in each of them.
"""

import logging

log = logging.getLogger("lyceum_web.access")


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
    log.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s %d",
        method,
        route or "(no route)",
        status,
        extra={
            "action": "request",
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "principal": principal,
        },
    )
