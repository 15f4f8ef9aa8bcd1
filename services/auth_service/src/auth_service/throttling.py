"""How often somebody may try: per account and per address, counted before a password is looked at."""

# ruff: noqa: N818 - names say what happened

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Protocol

from auth_service.errors import AuthError
from lyceum_web.rates import Limit


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

    def hit(self, limit: Limit, *keys: str) -> int | None:
        """Count one try under these keys; returns None if it may be made, else the seconds until one may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many tries in how long. Strict: without the shared storage each process counts for itself.

    Attributes:
        account: password tries for one account, from wherever they come.
        address: password tries from one address; generous, as a school is one address.
        sign_up: new accounts from one address.
        token: tries of refresh and invitation tokens from one address.
    """

    account: Limit
    address: Limit
    sign_up: Limit
    token: Limit

    @classmethod
    def of(cls, *, account: str, address: str, sign_up: str, token: str) -> "Limits":
        """Read rates such as `10/15 minutes`.

        Raises:
            ValueError: one of them is no rate.
        """
        return cls(
            account=Limit.of("password-account", account, strict=True),
            address=Limit.of("password-address", address, strict=True),
            sign_up=Limit.of("sign-up", sign_up, strict=True),
            token=Limit.of("token", token, strict=True),
        )


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
        self._count(self._limits.address, network(address))
        self._count(self._limits.account, _digest(account))

    def sign_up(self, address: str | None) -> None:
        """Count a sign-up.

        Raises:
            Throttled: the limit is reached.
        """
        self._count(self._limits.sign_up, network(address))

    def token(self, address: str | None) -> None:
        """Count a try of a refresh or invitation token.

        Raises:
            Throttled: the limit is reached.
        """
        self._count(self._limits.token, network(address))

    def _count(self, limit: Limit, key: str) -> None:
        wait_s = self._limiter.hit(limit, key)
        if wait_s is not None:
            raise Throttled(wait_s)


def network(address: str | None) -> str:
    """Return what counts as one address: a whole /64 of IPv6, as one customer has that many."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def _digest(account: str) -> str:
    """Not the address itself: the storage of counters keeps no personal data."""
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()
