"""One Metadata request, spoken by hand: an open port is not yet a broker."""

import socket
import struct

METADATA_KEY, METADATA_VERSION = 3, 1
CORRELATION = 7
CLIENT = b"readiness"
TIMEOUT_SECONDS = 1.0


def lists_a_broker(host: str, port: int) -> bool:
    """True when the broker at this address answers a Metadata request and lists at least one broker (itself)."""
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
            connection.sendall(_request())
            with connection.makefile("rb") as replies:
                (size,) = struct.unpack(">i", replies.read(4))
                reply = replies.read(size)
        correlation, brokers = struct.unpack(">ii", reply[:8])
    except (OSError, struct.error):
        return False
    return bool(correlation == CORRELATION and brokers >= 1)


def _request() -> bytes:
    """Header (key, version, correlation, client id) and an empty list of topics: only the brokers are asked for."""
    head = struct.pack(">hhih", METADATA_KEY, METADATA_VERSION, CORRELATION, len(CLIENT))
    body = head + CLIENT + struct.pack(">i", 0)
    return struct.pack(">i", len(body)) + body
