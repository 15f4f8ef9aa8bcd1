"""Signatures of webhook deliveries in Stripe's format: `t=<unix seconds>,v1=<hex of HMAC-SHA256 over t.body>`.

https://docs.stripe.com/webhooks#verify-manually. Own code rather than the library's: that one reads the machine's
clock, takes a delivery from the future for good and decodes the body first; a test compares the two.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from course_service.payments.exceptions import BadSignature, StaleTimestamp

HEADER = "stripe-signature"
TOLERANCE = timedelta(minutes=5)
"""What Stripe's own libraries allow between signing and arrival."""

_SECONDS = re.compile(r"\A[0-9]{1,11}\Z")
"""Up to the year 5138; longer ones are no moment."""


def signature(body: bytes, secret: str, *, at: datetime) -> str:
    """Return the header for a body."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(body, secret, str(seconds))}"


def verify(
    body: bytes, header: str | None, secrets: Iterable[str], *, now: datetime, tolerance: timedelta = TOLERANCE
) -> datetime:
    """Return when a delivery was signed. Any of several secrets will do, so that they can be changed without a gap.

    Raises:
        BadSignature: nobody who knows a secret signed these bytes.
        StaleTimestamp: somebody did, too long ago or in the future.
    """
    seconds, given = _parts(header or "")
    expected = [_digest(body, secret, seconds) for secret in secrets if secret]
    # Every pair is compared, and in constant time each: how long it takes tells nothing about where they differ.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in given]
    if not any(matches):
        raise BadSignature
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    if abs(now - signed_at) > tolerance:
        raise StaleTimestamp
    return signed_at


def _parts(header: str) -> tuple[str, list[str]]:
    pairs = [item.strip().partition("=") for item in header.split(",")]
    seconds = [value for name, _, value in pairs if name == "t"]
    if len(seconds) != 1 or _SECONDS.match(seconds[0]) is None:
        raise BadSignature
    return seconds[0], [value for name, _, value in pairs if name == "v1"]


def _digest(body: bytes, secret: str, seconds: str) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
