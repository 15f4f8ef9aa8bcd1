"""The directory of signing keys, as one replica sees it: read at start, looked at again while it serves."""

import logging
import stat
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from joserfc.jwk import OKPKey

from auth_service.keys import rules
from auth_service.keys.exceptions import KeysUnusable
from auth_service.keys.files import SUFFIXES, read_key
from auth_service.keys.signing_key import SigningKey
from lyceum_database import Clock, utc_now

LOOK_EVERY = timedelta(seconds=2)
LOOKS_AT_START = 10  # a rotation that removes files between listing and reading costs one

Look = tuple[tuple[str, int, int, int], ...]
"""Names, times of change, sizes and inodes: while these are the same, so are the keys."""

log = logging.getLogger(__name__)


class KeyDirectory:
    """The keys of a directory. Any number of replicas may read it while keys are added and removed.

    A change is picked up within `look_every`. A change that cannot be used is reported once in the log, and the keys
    read before stay in use. It is also the `KeySource` by which this process verifies tokens.

    Args:
        path: the directory; files that are no `.jwk`, `.json` or `.pem`, or are hidden, are left alone.
        clock: tells the time.
        look_every: how often the directory is looked at, when keys are asked for.
        monotonic: seconds, for that.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock = utc_now,
        look_every: timedelta = LOOK_EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._clock = clock
        self._look_every_s = look_every.total_seconds()
        self._monotonic = monotonic
        self._turn = Lock()
        self._look: Look | None = None
        self._looked_at = 0.0
        self._keys: tuple[SigningKey, ...] = ()
        self._by_kid: dict[str, OKPKey] = {}
        self._ends: dict[str, datetime] = {}
        self._gone = ""
        self._problem = ""
        self._signing = ""

    def load(self) -> None:
        """Read the keys.

        Raises:
            KeysUnusable: there is no key, or one that cannot be used.
        """
        with self._turn:
            for _ in range(LOOKS_AT_START):
                if self._read():
                    return
        raise KeysUnusable(
            f"{self._gone} is listed and cannot be found: if it is a link to a file that is gone, remove it"
        )

    def current(self) -> SigningKey:
        """Return the key that signs now."""
        self.refresh()
        key = rules.current(self._keys, self._clock())
        if key.kid != self._signing:
            self._signing = key.kid
            log.info("tokens are signed with key %s", key.kid, extra={"action": "key", "kid": key.kid})
        return key

    def published(self) -> list[SigningKey]:
        """Return the keys whose tokens may be about now, or soon."""
        self.refresh()
        return self.published_of_held()

    def published_of_held(self) -> list[SigningKey]:
        """Return the same of the keys read before, without a look at the directory; never waits."""
        return rules.published(self._keys, self._clock())

    def held(self) -> tuple[SigningKey, ...]:
        """Return every key that was read, in turn."""
        return self._keys

    def key(self, kid: str) -> OKPKey | None:
        """Return the public half of this key if its tokens may be about; the same object as long as its file lasts."""
        ends = self._ends.get(kid)
        return self._by_kid.get(kid) if ends is None or self._clock() < ends else None

    def stale(self) -> bool:
        """Tell whether the directory is due to be looked at."""
        return self._monotonic() - self._looked_at >= self._look_every_s

    def refresh(self) -> None:
        """Look at the directory if that is due; whoever comes meanwhile goes on with the keys read before."""
        if not self.stale() or not self._turn.acquire(blocking=False):
            return
        try:
            self._read()
        except KeysUnusable as exc:
            self._report(str(exc))
        else:
            self._report("")
        finally:
            self._turn.release()

    def _read(self) -> bool:
        """Take over what the directory holds; False if a file went away meanwhile."""
        self._looked_at = self._monotonic()
        try:
            look = _look(self.path)
            if look == self._look:
                return True
            read = rules.in_turn([read_key(self.path / name) for name, *_ in look])
        except FileNotFoundError as exc:
            self._gone = exc.filename
            return False
        if not read:
            raise KeysUnusable(f"{self.path} holds no signing key: run `lyceum keys rotate` to make one")
        # Whoever remembers tokens by the object that verified them must not start anew at every look.
        self._by_kid = {key.kid: self._by_kid.get(key.kid, key.public) for key in read}
        self._keys = tuple({key.kid: key for key in read}.values())
        self._ends = rules.retirements(self._keys)
        self._look = look
        return True

    def _report(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.error("%s; the keys read before stay in use", problem, extra={"action": "keys"})
        self._problem = problem


def _look(path: Path) -> Look:
    """List the key files.

    Raises:
        FileNotFoundError: one went away meanwhile; names it.
        KeysUnusable: the directory cannot be used, or something in it is no file.
    """
    try:
        mode = path.stat().st_mode
        names = sorted(one.name for one in path.iterdir() if one.suffix in SUFFIXES and not one.name.startswith("."))
    except FileNotFoundError:
        raise KeysUnusable(f"{path} holds no signing key: run `lyceum keys rotate` to make one") from None
    except OSError as exc:
        raise KeysUnusable(
            f"{path} cannot be read ({exc.strerror or exc}): it must be a directory of key files"
        ) from exc
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise KeysUnusable(f"{path} can be changed by anybody: run `chmod 700 {path}`")
    return tuple(_looked_at(path / name) for name in names)


def _looked_at(file: Path) -> tuple[str, int, int, int]:
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for whoever writes into it
        raise KeysUnusable(f"{file} cannot be read (it is no file): remove it")
    return file.name, found.st_mtime_ns, found.st_size, found.st_ino
