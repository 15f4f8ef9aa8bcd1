"""Whether a part of a program is ready, and why not: one line at once, then one every few seconds."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from keylane.wording import MAX_WORDS, plain

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("keylane")

REPEAT_S: Final = 5.0
"""Seconds between two log lines about a trouble that lasts."""


class Health:
    """Troubles by part; ready when there is none.

    Attributes:
        ill: The opposite of `ready`, as a plain attribute: who reports that all is well, per message, looks here first.

    Args:
        name: Whose health this is, in log lines.
        monotonic: Seconds, for the rate of log lines.
    """

    def __init__(self, name: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._troubles: dict[str, str] = {}
        self.ill = False
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._logged_at: dict[str, float] = {}
        self._met: dict[str, None] = {}

    @property
    def parts(self) -> dict[str, bool]:
        """Every part that was ever heard of, and whether it is well."""
        return {part: part not in self._troubles for part in list(self._met)}

    @property
    def ready(self) -> bool:
        """Whether no part is in trouble."""
        return not self._troubles

    @property
    def why_unready(self) -> str:
        """Every trouble in one line; empty when ready."""
        return "; ".join(f"{part}: {reason}" for part, reason in sorted(self._troubles.items()))

    def note(self, part: str, reason: str) -> None:
        """Unready for an ordinary reason, such as starting: no log line."""
        self._troubles[part] = plain(reason, MAX_WORDS)
        self.ill = True
        self._met[part] = None

    def trouble(self, part: str, reason: str, *, member: str = "") -> None:
        """Unready because something is wrong with the part, as far as this member of it is concerned."""
        reason = self._troubles[part] = plain(reason, MAX_WORDS)
        self.ill = True
        self._met[part] = None
        self._members[part].add(member)
        now = self._monotonic()
        if now - self._logged_at.get(part, -REPEAT_S) >= REPEAT_S:
            self._logged_at[part] = now
            log.warning("%s waits for %s: %s", self._name, part, reason, extra={"action": "waiting", "part": part})

    def well(self, part: str, *, member: str = "") -> None:
        """The part works (again) for this member; it is well once that is true of every member in trouble."""
        if part not in self._troubles:
            return
        members = self._members[part]
        members.discard(member)
        if members:
            return
        del self._troubles[part]
        self.ill = bool(self._troubles)
        if self._logged_at.pop(part, None) is not None:
            log.info("%s: %s is back", self._name, part, extra={"action": "recovered", "part": part})
