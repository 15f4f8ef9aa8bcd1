"""One route for reading and one for writing, in a bare FastAPI application and in one of the kit."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from lyceum_web.application import create_application
from lyceum_web.correlation import Correlated
from lyceum_web.redaction import RedactedLines
from lyceum_web.security import requires
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers

BARE, KIT = "bare", "kit"
PERMISSION = "things:write"
BODY = json.dumps({"title": "t" * 200, "tags": ["maths"] * 100}).encode()


class NewThing(BaseModel):
    """What is sent."""

    title: str
    tags: list[str]


class Thing(NewThing):
    """What is answered."""

    id: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that both applications answer.

    Attributes:
        what: it is, for the table.
    """

    what: str
    method: str
    path: str
    body: bytes = b""


ASKS = (
    Ask("GET of a small object", "GET", "/v1/things/thing-1"),
    Ask(f"POST of {len(BODY)} bytes of JSON", "POST", "/v1/things", BODY),
)


def read_thing(thing_id: str) -> Thing:
    return Thing(id=thing_id, title="t" * 50, tags=["maths", "art"])


def create_thing(body: NewThing) -> Thing:
    return Thing(id="thing-1", title=body.title, tags=body.tags)


def things(*dependencies: Any) -> APIRouter:
    """The same routes for both, included in the same way."""
    router = APIRouter(prefix="/v1/things", dependencies=list(dependencies))
    router.get("/{thing_id}")(read_thing)
    router.post("")(create_thing)
    return router


def bare_application() -> FastAPI:
    """FastAPI as it comes: no access, no limits, no log, no figures."""
    application = FastAPI()
    application.include_router(things())
    return application


def kit_application() -> tuple[FastAPI, str]:
    """The kit with everything that it does by default, and the token of somebody who may call."""
    callers = Callers()
    application = create_application(
        title="Things",
        version="1",
        settings=WebSettings(environment="development", host="127.0.0.1", port=0),
        routers=[things(requires(PERMISSION))],
        models=[],
        security=callers.security,
    )
    return application, callers.token_for("ana", permissions=[PERMISSION])


def log_to_nowhere() -> None:
    """Write the log as services do, every line, but where nobody has to read it."""
    handler = logging.StreamHandler(Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the log
    handler.setFormatter(RedactedLines())
    handler.addFilter(Correlated())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("lyceum_web.startup").setLevel(logging.ERROR)
