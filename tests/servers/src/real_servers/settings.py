"""The environment, read in one place."""

import os
from dataclasses import dataclass, field
from pathlib import Path


def _environment() -> dict[str, str]:
    return dict(os.environ)


def _default_cache() -> Path:
    return Path(_environment().get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lyceum" / "servers"


@dataclass(frozen=True)
class ServerSettings:
    """Where jars are kept and which servers are already there."""

    cache: Path = field(default_factory=_default_cache)
    kafka_bootstrap: str | None = None
    mongodb_uri: str | None = None

    @property
    def logs(self) -> Path:
        """Where the servers' logs of a failed run are kept."""
        return self.cache / "logs"

    @classmethod
    def from_environment(cls) -> "ServerSettings":
        """Read LYCEUM_SERVERS_CACHE, KAFKA_BOOTSTRAP and MONGODB_URI; empty counts as unset."""
        given = _environment()
        return cls(
            cache=Path(given.get("LYCEUM_SERVERS_CACHE") or _default_cache()),
            kafka_bootstrap=given.get("KAFKA_BOOTSTRAP") or None,
            mongodb_uri=given.get("MONGODB_URI") or None,
        )


def environment_with(**addresses: str) -> dict[str, str]:
    """This process's environment for a child, with `addresses` added."""
    return _environment() | addresses
