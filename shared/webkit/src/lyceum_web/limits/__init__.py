"""How much of a request is taken, what a JSON body may hold, and how long an answer may take."""

from lyceum_web.limits.allowance import Allowances, allowing
from lyceum_web.limits.layer import Limits

__all__ = ["Allowances", "Limits", "allowing"]
