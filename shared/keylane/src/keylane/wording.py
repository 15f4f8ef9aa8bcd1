"""What an error says, in words that are safe to log and to store."""

from __future__ import annotations


def said(error: BaseException) -> str:
    """The error's text, or its class when it has none or its own `__str__` fails; never raises."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  whatever an error's own code does, it must not become our error
        text = ""
    return text or type(error).__name__
