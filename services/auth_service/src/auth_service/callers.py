"""Where a request came from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a request's sender before anybody signs in.

    Attributes:
        address: the IP address, as the nearest trusted proxy tells it; None for a local call.
        user_agent: what its program calls itself; anybody can write anything there.
    """

    address: str | None = None
    user_agent: str | None = None
