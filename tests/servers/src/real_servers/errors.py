"""What can go wrong between "start the servers" and "they answer".

ServersError
├── ToolMissing      no usable Java or Maven: the text says how to get them
├── FetchFailed      Maven or the Java compiler failed
├── ServerFailed     a server ended or did not answer in time; `.log` is its log
└── ProxyFailed      the proxy between a client and a server did not obey
"""

from pathlib import Path


class ServersError(Exception):
    """Root of this package's errors; its text is one line meant for a terminal."""


class ToolMissing(ServersError):  # noqa: N818 - named for what happened, as the whole hierarchy is
    """Java 17 (with its compiler) or Maven is not on this machine."""


class FetchFailed(ServersError):  # noqa: N818 - as ToolMissing
    """The servers' jars could not be fetched or compiled."""


class ServerFailed(ServersError):  # noqa: N818 - as ToolMissing
    """A server process ended early or never answered."""

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(f"{message}; its log: {log}")
        self.log = log


class ProxyFailed(ServersError):  # noqa: N818 - as ToolMissing
    """The proxy between a client and a server did not obey in time."""
