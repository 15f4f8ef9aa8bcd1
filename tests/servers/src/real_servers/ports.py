"""Free TCP ports of this machine."""

import random
import socket

LOOPBACK = "127.0.0.1"
UNASSIGNED = range(20_000, 32_000)
"""Below the ports that systems give to outgoing connections: while a server is down for a restart, a client that
knocks at its port again and again could be given that very port for its own end, and the server could not come back."""
TRIES = 100


def free_port() -> int:
    """A port that was free a moment ago; the servers reuse it for every restart.

    Raises:
        OSError: None of a hundred is free.
    """
    for _ in range(TRIES):
        port = random.choice(UNASSIGNED)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"{LOOPBACK} has no free port between {UNASSIGNED.start} and {UNASSIGNED.stop}")
