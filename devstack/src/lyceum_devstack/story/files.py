"""Room for many connections: each takes a file, and some systems begin with few of those."""

import sys
from contextlib import suppress

if sys.platform != "win32":
    import resource

WANTED = 4096
"""Both ends of each connection may be in this process, and a few hundred people come."""


def room_for_connections() -> None:
    """Let this process open as many files as it is allowed to, up to what it can need."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a system that says no is left as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
