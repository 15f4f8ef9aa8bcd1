"""Routes of sign-ins."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from auth_service.dependencies import FromCaller, provided
from auth_service.sessions.login import LoginService
from auth_service.sessions.refreshing import RefreshService
from auth_service.sessions.schemas import Login, TokenPair, TokenRefresh
from auth_service.sessions.service import SessionService
from auth_service.wire import Id
from lyceum_web.security import CurrentPrincipal, public, requires_login

Logins = Annotated[LoginService, provided(LoginService)]
Refreshes = Annotated[RefreshService, provided(RefreshService)]
Sessions = Annotated[SessionService, provided(SessionService)]

router = APIRouter(prefix="/v1", tags=["sessions"])


@router.post("/login", dependencies=[public()])
def log_in(body: Login, logins: Logins, caller: FromCaller, response: Response) -> TokenPair:
    """Sign in. Whatever keeps somebody out, the answer is the same."""
    _keep_out_of_caches(response)
    return TokenPair.of(logins.login(body.credentials, caller))


@router.post("/token-refreshes", dependencies=[public()])
def refresh_tokens(body: TokenRefresh, refreshes: Refreshes, caller: FromCaller, response: Response) -> TokenPair:
    """Exchange a refresh token for a new pair. It is good once: when it comes again, the session ends."""
    _keep_out_of_caches(response)
    return TokenPair.of(refreshes.refresh(body.refresh_token.get_secret_value(), caller))


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, dependencies=[requires_login()])
def log_out(sessions: Sessions, principal: CurrentPrincipal, caller: FromCaller) -> None:
    """End the session that this request came with."""
    sessions.logout(principal.session_id, caller)


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, dependencies=[requires_login()])
def end_session(session_id: Id, sessions: Sessions, principal: CurrentPrincipal, caller: FromCaller) -> None:
    """End one of your own sessions, wherever it is."""
    sessions.end(session_id, user_id=principal.user_id, caller=caller)


def _keep_out_of_caches(response: Response) -> None:
    """RFC 6749, section 5.1."""
    response.headers["Cache-Control"] = "no-store"
