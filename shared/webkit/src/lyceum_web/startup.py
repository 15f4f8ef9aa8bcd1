"""What is checked before a service opens its port."""

import logging
import secrets
from collections.abc import Iterable

from fastapi import FastAPI

from lyceum_program.errors import StartRefused
from lyceum_web.cursors import CursorCodec
from lyceum_web.openapi import check_routes
from lyceum_web.problems.codes import CodeTable
from lyceum_web.security import undeclared
from lyceum_web.settings import WebSettings
from modelguard import ModelCheckError, Problem, check

FEWEST_DIFFERENT = 9
"""Characters of a key; 32 random hexadecimal digits have fewer once in some hundred thousand times."""

log = logging.getLogger(__name__)


def check_models() -> None:
    """Check that every model that another one needs is registered, once.

    Raises:
        StartRefused: names the model, and the field and file that need it.
    """
    try:
        check()
    except ModelCheckError as exc:
        raise StartRefused("; ".join(_line(problem) for problem in exc.problems)) from exc


def _line(problem: Problem) -> str:
    place = ".".join(filter(None, (problem.model, problem.field)))
    return f"{place} {problem.message} ({problem.site}): {problem.hint}"


def check_application(application: FastAPI, codes: CodeTable, *, open_paths: Iterable[str]) -> None:
    """Check that every route says who may call it, and can be described.

    Args:
        application: with all of its routes.
        codes: its problem codes.
        open_paths: of the kit's own pages.

    Raises:
        StartRefused: names each route at fault, and what to do.
    """
    lines = undeclared(application, exempt=frozenset(open_paths))
    if lines:
        raise StartRefused("; ".join(lines))
    check_routes(application, codes)


def cursor_codec(settings: WebSettings) -> CursorCodec:
    """Return what signs the cursors of lists; in development with a key of this process alone, and that is said.

    Raises:
        StartRefused: outside of development, there is no key, or one that nobody drew at random.
    """
    key = None if settings.cursor_key is None else settings.cursor_key.get_secret_value()
    if not settings.development and (key is None or len(set(key)) < FEWEST_DIFFERENT):
        wrong = "is not set" if key is None else "is a placeholder"
        raise StartRefused(
            f"CURSOR_KEY {wrong}: give 32 or more random characters, the same to all replicas, "
            "e.g. of `openssl rand -hex 32`"
        )
    if key is not None:
        return CursorCodec(key)
    log.warning("CURSOR_KEY is not set: cursors of lists end with this process", extra={"action": "made_key"})
    return CursorCodec(secrets.token_hex(32))
