"""Routes of sign-ins."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from auth_service.dependencies import FromCaller
from auth_service.sessions.login import LoginService
from auth_service.sessions.refreshing import RefreshService
from auth_service.sessions.schemas import Login, SessionShown, TokenPair, TokenRefresh
from auth_service.sessions.service import SessionService
from auth_service.wire import SMALL_BODY, Id
from lyceum_database import Session
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, public, requires_login

Logins = Annotated[LoginService, provided(LoginService)]
Refreshes = Annotated[RefreshService, provided(RefreshService)]
Sessions = Annotated[SessionService, provided(SessionService)]

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post("/login", dependencies=[public()], responses=problems("invalid_credentials", "rate_limited", "overloaded"))
@allowing(body_bytes=SMALL_BODY)
def log_in(body: Login, logins: Logins, caller: FromCaller, response: Response) -> TokenPair:
    """Sign in. Whatever keeps somebody out, the answer is the same."""
    _keep_out_of_caches(response)
    return TokenPair.of(logins.login(body.credentials, caller))


@router.post(
    "/token-refreshes",
    dependencies=[public()],
    responses=problems("invalid_refresh_token", "rate_limited", "overloaded"),
)
@allowing(body_bytes=SMALL_BODY)
def refresh_tokens(body: TokenRefresh, refreshes: Refreshes, caller: FromCaller, response: Response) -> TokenPair:
    """Exchange a refresh token for a new pair. It is good once: when it comes again, the session ends."""
    _keep_out_of_caches(response)
    return TokenPair.of(refreshes.refresh(body.refresh_token.get_secret_value(), caller))


@router.post(
    "/logout", status_code=status.HTTP_204_NO_CONTENT, dependencies=[requires_login()], responses=problems("overloaded")
)
def log_out(sessions: Sessions, principal: CurrentPrincipal, caller: FromCaller) -> None:
    """End the session that this request came with."""
    sessions.logout(principal.session_id, caller)


@router.get("/sessions", dependencies=[requires_login()])
def list_sessions(sessions: Sessions, principal: CurrentPrincipal, asked: PageQuery) -> Page[SessionShown]:
    """List your own sign-ins that count, in whatever organization."""
    listing = asked.of("sessions", user=principal.user_id)
    found = sessions.page(principal.user_id, after_id=listing.after_id, limit=listing.fetch)
    return listing.page(found, partial(_shown, principal.session_id), position=_position)


@router.delete(
    "/sessions",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires_login()],
    responses=problems("overloaded"),
)
def end_sessions(
    sessions: Sessions,
    principal: CurrentPrincipal,
    caller: FromCaller,
    keep_current: Annotated[bool, Query(description="Let the session of this request go on.")] = False,  # noqa: FBT002 - by name, in the query
) -> None:
    """End all of your own sessions: sign out everywhere."""
    keep = principal.session_id if keep_current else None
    sessions.end_all(principal.user_id, reason="ended by its person", caller=caller, by=principal.user_id, keep=keep)


@router.delete(
    "/sessions/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires_login()],
    responses=problems("not_found", "overloaded"),
)
def end_session(session_id: Id, sessions: Sessions, principal: CurrentPrincipal, caller: FromCaller) -> None:
    """End one of your own sessions, wherever it is."""
    sessions.end(session_id, user_id=principal.user_id, caller=caller)


def _shown(current_id: str, session: Session) -> SessionShown:
    return SessionShown.of(session, current_id)


def _position(session: Session) -> tuple[str]:
    return (session.id,)


def _keep_out_of_caches(response: Response) -> None:
    """RFC 6749, section 5.1."""
    response.headers["Cache-Control"] = "no-store"
