"""How often somebody may try: per account and per address, counted before a password is looked at."""

# ruff: noqa: N818 - names say what happened

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Protocol

from auth_service.errors import AuthError


class Throttled(AuthError):
    """Too many tries.

    Attributes:
        retry_after_s: when the next one is let through, in seconds.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Limiter(Protocol):
    """Counts tries, alike for all threads, and for all processes where its storage is shared."""

    def hit(self, limit: str, *keys: str) -> int | None:
        """Count one try under these keys; returns None if it may be made, else the seconds until one may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many tries, in the words of the limits library, e.g. `10/15 minutes`.

    Attributes:
        account: password tries for one account, from wherever they come.
        address: password tries from one address; generous, as a school is one address.
        sign_up: new accounts from one address.
        token: tries of refresh and invitation tokens from one address.
    """

    account: str = "10/15 minutes"
    address: str = "300/15 minutes"
    sign_up: str = "100/hour"
    token: str = "1200/15 minutes"  # noqa: S105 - a limit, no token


class Throttle:
    """Counts the tries that could guess a password, a token or who has an account."""

    def __init__(self, limiter: Limiter, limits: Limits) -> None:
        self._limiter = limiter
        self._limits = limits

    def password(self, *, account: str, address: str | None) -> None:
        """Count a try of a password. A refused address does not use up the tries of the account.

        Args:
            account: the normal form of the address that the person signs in with, whether there is such an account.
            address: where the request came from.

        Raises:
            Throttled: one of the two limits is reached.
        """
        self._count(self._limits.address, "password-address", network(address))
        self._count(self._limits.account, "password-account", _digest(account))

    def sign_up(self, address: str | None) -> None:
        """Count a sign-up.

        Raises:
            Throttled: the limit is reached.
        """
        self._count(self._limits.sign_up, "sign-up", network(address))

    def token(self, address: str | None) -> None:
        """Count a try of a refresh or invitation token.

        Raises:
            Throttled: the limit is reached.
        """
        self._count(self._limits.token, "token", network(address))

    def _count(self, limit: str, *keys: str) -> None:
        wait_s = self._limiter.hit(limit, *keys)
        if wait_s is not None:
            raise Throttled(wait_s)


def network(address: str | None) -> str:
    """Return what counts as one address: a whole /64 of IPv6, as one customer has that many."""
    if address is None:
        return "unknown"
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _digest(account: str) -> str:
    """Not the address itself: the storage of counters keeps no personal data."""
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()
