"""base64url without padding (RFC 7515, section 2), one text for given bytes and no other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encoded(data: bytes) -> str:
    """Return the text of the bytes."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """Return the bytes of the text.

    Raises:
        ValueError: it is not what `encoded` makes of any bytes: other characters, padding, stray bits at the end.
    """
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(data) != text:
        raise ValueError("no canonical base64url")
    return data
