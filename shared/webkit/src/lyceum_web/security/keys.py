"""Where the keys come from by which tokens are verified."""

from collections.abc import Mapping
from typing import Protocol

from joserfc.jwk import OKPKey


class KeySource(Protocol):
    """Public keys by key id. `key` and `stale` are asked on the event loop and never block; `refresh` may."""

    def key(self, kid: str) -> OKPKey | None:
        """Return the key of this id among those held now, or None."""
        ...

    def stale(self) -> bool:
        """Tell whether the keys held are old enough to be fetched again beside the requests that they serve."""
        ...

    def refresh(self) -> None:
        """Fetch the keys again, unless that was just tried.

        Raises:
            AuthenticationUnavailable: there was never a key, and there is none now.
        """
        ...


class StaticKeys:
    """Keys that are given once and never change."""

    def __init__(self, keys: Mapping[str, OKPKey]) -> None:
        self._keys = dict(keys)

    def key(self, kid: str) -> OKPKey | None:
        """Return the key of this id, or None."""
        return self._keys.get(kid)

    def stale(self) -> bool:
        """Never."""
        return False

    def refresh(self) -> None:
        """Do nothing: there is nowhere else to look."""
