"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, in the organization in which he is signed in."""

    org_id: str
    user_id: str
