"""A service as a program: settings, log, exit code."""

import asyncio
import logging
import sys
from collections.abc import Callable

from fastapi import FastAPI

from lyceum_database import AlreadyConnected, SettingsError, close
from lyceum_program.environment import read
from lyceum_program.errors import StartRefused
from lyceum_program.logs import log_to_stderr
from lyceum_program.signals import leaving_at_signals
from lyceum_web.correlation import Correlated
from lyceum_web.redaction import RedactedLines
from lyceum_web.serving import serve
from lyceum_web.settings import WebSettings

DONE = 0
FAILED = 1
REFUSED = 2
"""What cannot heal by waiting: bad settings, a missing model, a wrong index, a port in use."""

log = logging.getLogger(__name__)


def run_service(
    name: str, build: Callable[[WebSettings], FastAPI], *, refusals: tuple[type[Exception], ...] = ()
) -> int:
    """Read the settings, build the application and serve it until SIGTERM or SIGINT.

    Args:
        name: of the program, as it stands before what it says to people.
        build: connects and builds; raises `StartRefused` for what cannot work.
        refusals: what else says, in one line, that the program cannot work as it was given, e.g. keylane's
            `ConfigurationError` from a relay among the background parts.

    Returns:
        The exit code: 0 stopped as asked, 1 something ended that must not, 2 it cannot work as it was given.
    """
    known: tuple[type[Exception], ...] = (StartRefused, SettingsError, AlreadyConnected, *refusals)
    with leaving_at_signals("run"):
        try:
            settings = read(WebSettings)
            log_without_secrets(settings.log_level)
            asyncio.run(serve(build(settings), settings))
        except known as exc:
            sys.stderr.write(f"{name}: {exc}\n")
            return REFUSED
        except Exception:
            log.exception("%s ends", name, extra={"action": "failed"})
            return FAILED
        finally:
            close()
    return DONE


def log_without_secrets(level: str) -> None:
    """Log to standard error, one JSON object per line, with the ids of the request that is being answered."""
    log_to_stderr(level, formatter=RedactedLines())
    for handler in logging.getLogger().handlers:
        handler.addFilter(Correlated())
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # that it starts and stops is said by `serve`
