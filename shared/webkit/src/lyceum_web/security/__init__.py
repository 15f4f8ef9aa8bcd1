"""Who is calling, and what they may do."""

from lyceum_web.security.authentication import Security, authenticate, authenticate_again, principal_in
from lyceum_web.security.directory import Directory, PrincipalDirectory, is_current
from lyceum_web.security.errors import (
    AccessError,
    AuthenticationUnavailable,
    Forbidden,
    InvalidToken,
    Unauthenticated,
)
from lyceum_web.security.keys import KeySource, StaticKeys
from lyceum_web.security.permissions import CurrentPrincipal, public, requires, requires_login
from lyceum_web.security.principal import Claims, Principal
from lyceum_web.security.remote_keys import RemoteKeys
from lyceum_web.security.routes import access_of, undeclared
from lyceum_web.security.token_settings import TokenSettings
from lyceum_web.security.tokens import TokenVerifier

__all__ = [
    "AccessError",
    "AuthenticationUnavailable",
    "Claims",
    "CurrentPrincipal",
    "Directory",
    "Forbidden",
    "InvalidToken",
    "KeySource",
    "Principal",
    "PrincipalDirectory",
    "RemoteKeys",
    "Security",
    "StaticKeys",
    "TokenSettings",
    "TokenVerifier",
    "Unauthenticated",
    "access_of",
    "authenticate",
    "authenticate_again",
    "is_current",
    "principal_in",
    "public",
    "requires",
    "requires_login",
    "undeclared",
]
