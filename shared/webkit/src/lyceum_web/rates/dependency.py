"""Rate limits, declared where the route is."""

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from lyceum_web.problems.error import ProblemError
from lyceum_web.rates.limit import Limit, Taken
from lyceum_web.rates.limiter import RateLimiter, retry_after_s
from lyceum_web.security.authentication import principal_in

Caller = Callable[[HTTPConnection], str]
"""Names whom a limit is for."""

_IPV6_NETWORK = 64
"""Bits of an IPv6 address that one customer has; the rest is theirs to choose (RFC 6177)."""


def network(host: str | None) -> str:
    """Return the part of a network address that one customer has: of IPv6 its network, of IPv4 all."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, _IPV6_NETWORK), strict=False))


def by_address(connection: HTTPConnection) -> str:
    """Name the caller by network address."""
    return f"address:{network(connection.client.host if connection.client else None)}"


def by_principal(connection: HTTPConnection) -> str:
    """Name the caller by who signed in, or by address if nobody did. Declare it after the route's access."""
    principal = principal_in(connection.scope)
    return by_address(connection) if principal is None else f"user:{principal.user_id}"


@dataclass(frozen=True, eq=False)  # FastAPI hashes it with every request
class Limited:
    """Counts requests of a route against a limit, and ends those that are too many."""

    limit: Limit
    by: Caller = by_principal

    problems = ("rate_limited",)

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let the request pass.

        Raises:
            ProblemError: `rate_limited`.
        """
        scope = connection.scope
        limiter: RateLimiter = scope["app"].state.limiter
        caller = self.by(connection)
        if limiter.waits:
            taken = await run_in_threadpool(limiter.take, self.limit, caller)
        else:
            taken = limiter.take(self.limit, caller)
        scope.get("lyceum.response_headers", []).extend(_headers(self.limit, taken))
        if not taken.allowed:
            raise ProblemError("rate_limited", headers={"Retry-After": str(retry_after_s(taken))})


def limited(name: str, rate: str, *, by: Caller = by_principal, strict: bool = False) -> Any:
    """Declare, among a route's or router's `dependencies`, how often one caller may call.

    Args:
        name: of the class of routes that share the limit.
        rate: e.g. `10/minute`.
        by: whom to count together.
        strict: keep the limit, by this process alone, even while the shared storage is away.

    Raises:
        ValueError: the rate is none.
    """
    return Depends(Limited(Limit.of(name, rate, strict=strict), by))


def _headers(limit: Limit, taken: Taken) -> list[tuple[bytes, bytes]]:
    """`RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them."""
    state = f'"{limit.name}";r={taken.remaining};t={max(0, math.ceil(taken.reset_s))}'
    return [(b"ratelimit-policy", limit.policy.encode()), (b"ratelimit", state.encode())]
