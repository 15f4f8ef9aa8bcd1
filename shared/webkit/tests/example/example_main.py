"""A whole service: what it stores, what opens for its requests, which error means what."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from example_notes import Note, UnfitNote, router  # type: ignore[import-not-found] # beside this file, found when it runs
from fastapi import FastAPI
from pymongo import MongoClient

from lyceum_database import MongoSettings, Repository, RoleRepository, SessionRepository, UserRepository, connect
from lyceum_program.environment import read
from lyceum_web.application import create_application
from lyceum_web.problems import ProblemCode
from lyceum_web.program import run_service
from lyceum_web.security import PrincipalDirectory, Security, StaticKeys, TokenVerifier
from lyceum_web.settings import WebSettings

UNFIT = ProblemCode("unfit_note", 409, "Unfit note", "Write something else.")


@asynccontextmanager
async def state() -> AsyncIterator[Mapping[str, Any]]:
    """Open what requests need."""
    yield {"notes": Repository(Note)}


def build(settings: WebSettings, *, security: Security | None = None) -> FastAPI:
    """Build the service."""
    return create_application(
        title="Notes",
        version="1.0",
        settings=settings,
        routers=[router],
        models=[Note],
        security=security or _security(),
        state=state,
        errors={UnfitNote: "unfit_note"},
        codes=[UNFIT],
    )


def _security() -> Security:
    connect(read(MongoSettings), client_class=MongoClient)
    directory = PrincipalDirectory(SessionRepository(), UserRepository(), RoleRepository())
    return Security(TokenVerifier(StaticKeys({}), issuer="https://example.test", audience="lyceum"), directory)


if __name__ == "__main__":
    sys.exit(run_service("example", build))
