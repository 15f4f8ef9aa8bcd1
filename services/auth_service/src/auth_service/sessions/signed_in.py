"""What a client gets when it signed in, or stayed so."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Both tokens of a session.

    Attributes:
        access_token: proves the sign-in to every service.
        expires_in_s: of the access token, from now.
        refresh_token: is good once, for the next pair.
        refresh_expires_in_s: of the session, from now.
        session_id: names the session.
    """

    access_token: str = field(repr=False)
    expires_in_s: int
    refresh_token: str = field(repr=False)
    refresh_expires_in_s: int
    session_id: str
