"""What `lyceum` itself can refuse.

DevstackError
├── InputError       a line of a file cannot be used: "FILE:LINE: what is wrong"
├── ServerError      a server does not answer, or not as it should
└── PluginError      a package that offers operator commands cannot be loaded
"""

from pathlib import Path


class DevstackError(Exception):
    """Root of the errors below. Each message is one line that says what, where and what to do."""


class InputError(DevstackError):
    """A file holds something that cannot be used; nothing was changed by it."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


class ServerError(DevstackError):
    """A server cannot be reached or refuses what the demo needs."""


class PluginError(DevstackError):
    """An installed package announces an operator command and does not deliver it."""
