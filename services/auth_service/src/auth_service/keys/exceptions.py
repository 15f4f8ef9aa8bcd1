"""What can be wrong with the signing keys.

KeysError
├── KeysUnusable      the directory or a file in it cannot be used: where, what, what to do
└── RotationRefused   another key is already waiting for its turn
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's


class KeysError(Exception):
    """Root of this package's errors; each text is one line, and none holds a part of a key."""


class KeysUnusable(KeysError):
    """The directory, or a file in it, cannot be used."""


class RotationRefused(KeysError):
    """Another key is already waiting for its turn."""
