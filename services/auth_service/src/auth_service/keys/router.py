"""The public halves of the keys, for every service that verifies tokens."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from auth_service.keys.directory import KeyDirectory
from auth_service.keys.rules import LEAD
from auth_service.keys.schemas import JwkSet
from lyceum_web.detached import in_detached_thread
from lyceum_web.health import needs_no_database
from lyceum_web.provided import provided
from lyceum_web.security import public

CACHED_S = int(LEAD.total_seconds()) // 2
"""A new key is published for twice as long before it signs: no cache misses it."""


class JwkSetResponse(JSONResponse):
    """A JWK set, as RFC 7517, section 8.5.2 names it."""

    media_type = "application/jwk-set+json"


Keys = Annotated[KeyDirectory, provided(KeyDirectory)]

router = APIRouter(tags=["keys"])


@router.get("/.well-known/jwks.json", dependencies=[public()], response_class=JwkSetResponse)
@needs_no_database
async def read_keys(keys: Keys, response: Response) -> JwkSet:
    """List the keys that verify access tokens: the one that signs, those to come, and those of living tokens."""
    # From memory: every service needs this answer, also while all threads wait for the database.
    if keys.stale():
        in_detached_thread(keys.refresh)
    response.headers["Cache-Control"] = f"public, max-age={CACHED_S}"
    return JwkSet.of(keys.published_of_held())
