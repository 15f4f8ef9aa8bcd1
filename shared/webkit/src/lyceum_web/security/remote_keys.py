"""The keys that another service publishes."""

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from urllib.parse import urlsplit

from joserfc.jwk import OKPKey

from lyceum_program.errors import StartRefused
from lyceum_web.security.errors import AuthenticationUnavailable
from lyceum_web.security.fetching import NotFetched, fetched
from lyceum_web.security.key_set import read_key_set

PAUSE = timedelta(seconds=10)
"""Between two fetches, whatever unknown keys tokens name; the issuer publishes a key before it signs with it."""

FIRST_PAUSE = timedelta(seconds=1)
"""The same while there never was a key, for nobody is let in until then."""

MAX_AGE = timedelta(minutes=5)
"""After so long the keys are fetched again even if all are known: one may have been withdrawn."""

log = logging.getLogger(__name__)


class RemoteKeys:
    """The keys of a key set at an address, kept while its server is away.

    Args:
        url: of the key set, e.g. `http://auth:8000/.well-known/jwks.json`.
        fetch: gets the document.
        monotonic: seconds.

    Raises:
        StartRefused: the address cannot be one.
    """

    def __init__(
        self,
        url: str,
        *,
        fetch: Callable[[str], bytes] = fetched,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        _check(url)
        self._url = url
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, OKPKey] = {}
        self._tried_at_s = -math.inf
        self._turn = Lock()

    def key(self, kid: str) -> OKPKey | None:
        """Return the key of this id among those held now, or None."""
        return self._keys.get(kid)

    def stale(self) -> bool:
        """Tell whether they were last fetched so long ago that one may have been withdrawn."""
        return self._monotonic() - self._tried_at_s >= MAX_AGE.total_seconds()

    def refresh(self) -> None:
        """Fetch them, unless that was tried a moment ago; those held stay if it fails.

        Raises:
            AuthenticationUnavailable: there never was a key, and there is none now.
        """
        with self._turn:
            pause = PAUSE if self._keys else FIRST_PAUSE
            if self._monotonic() - self._tried_at_s >= pause.total_seconds():
                self._tried_at_s = self._monotonic()
                self._try_to_fetch()
        if not self._keys:
            raise AuthenticationUnavailable(f"no keys from {self._url}")

    def _try_to_fetch(self) -> None:
        try:
            fresh = read_key_set(self._fetch(self._url))
        except (NotFetched, ValueError) as exc:
            log.warning("keys of tokens were not fetched from %s: %s", self._url, exc, extra={"action": "keys_kept"})
            return
        # A key that is still the same stays the same object: what it verified stays verified.
        self._keys = {kid: self._same(kid, key) for kid, key in fresh.items()}

    def _same(self, kid: str, fresh: OKPKey) -> OKPKey:
        held = self._keys.get(kid)
        return fresh if held is None or held.as_dict() != fresh.as_dict() else held


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StartRefused(f"{url!r} is no address of a key set: give e.g. http://auth:8000/.well-known/jwks.json")
