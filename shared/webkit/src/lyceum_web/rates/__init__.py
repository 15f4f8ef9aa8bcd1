"""How often one caller may call."""

from lyceum_web.rates.dependency import by_address, by_principal, limited, network
from lyceum_web.rates.limit import Limit, Taken
from lyceum_web.rates.limiter import RateLimiter, rate_limiter
from lyceum_web.rates.windows import LocalWindows

__all__ = [
    "Limit",
    "LocalWindows",
    "RateLimiter",
    "Taken",
    "by_address",
    "by_principal",
    "limited",
    "network",
    "rate_limiter",
]
