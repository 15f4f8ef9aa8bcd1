"""Trouble on purpose: events whose handler fails, and records that are no purchase at all.

A fault file holds JSON lines of two kinds::

    {"fail": EVENT_ID, "times": 1}            the handler of this event fails once (or N times, or "always")
    {"record": {"key", "headers", "text" or "base64"}, "after": EVENT_ID, "because": "..."}
                                              these bytes follow that event on the topic and must be refused
"""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from lyceum_devstack.errors import InputError

ALWAYS = 1_000_000
"""More often than any retry policy allows."""


class InjectedFault(Exception):  # noqa: N818  what is thrown on purpose is no error of this program
    """The failure of a handler that the fault file asked for."""


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that must end among the dead letters."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    after: str
    because: str


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything one fault file asks for.

    Attributes:
        fails: Event id -> how often its handler fails.
        broken: Records to publish beside the purchases.
        lines: Event id -> the first line of the file that names it.
    """

    fails: Mapping[str, int]
    broken: tuple[BrokenRecord, ...]
    lines: Mapping[str, int]


NO_FAULTS = Faults({}, (), {})


def read_faults(path: Path) -> Faults:
    """Read a fault file.

    Raises:
        InputError: A line is neither kind of fault.
        OSError: The file cannot be read.
    """
    fails: dict[str, int] = {}
    broken: list[BrokenRecord] = []
    lines: dict[str, int] = {}
    for number, text in enumerate(path.read_bytes().splitlines(), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            if "fail" in line:
                event_id = str(line["fail"])
                fails[event_id] = _times(line["times"])
            else:
                broken.append(_broken_record(line))
                event_id = broken[-1].after
            lines.setdefault(event_id, number)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise InputError(path, number, f"is no fault ({exc}): see `lyceum demo --help` for the two kinds") from exc
    return Faults(fails, tuple(broken), lines)


def _times(times: Any) -> int:
    if times == "always":
        return ALWAYS
    if type(times) is not int or times < 1:
        raise ValueError(f'"times" is {times!r}, not 1 or more or "always"')
    return times


def _broken_record(line: dict[str, Any]) -> BrokenRecord:
    record = line["record"]
    return BrokenRecord(
        key=record["key"].encode(),
        value=_value(record),
        headers=tuple((name, text.encode()) for name, text in record["headers"].items()),
        after=line["after"],
        because=line["because"],
    )


def _value(record: dict[str, Any]) -> bytes | None:
    if "base64" in record:
        try:
            return base64.b64decode(record["base64"], validate=True)
        except binascii.Error as exc:
            raise ValueError(f'"base64": {exc}') from exc
    text: str | None = record["text"]
    return None if text is None else text.encode()


class FaultInjector:
    """Stands before the handler, fails as often as the fault file asks, and counts."""

    def __init__(self, fails: Mapping[str, int]) -> None:
        self._fails = fails
        self._failed: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, event_id: str) -> None:
        """Let one run of a handler begin.

        Raises:
            InjectedFault: This run is to fail.
        """
        with self._lock:
            if self._failed[event_id] == self._fails.get(event_id, 0):
                return
            self._failed[event_id] += 1
        raise InjectedFault(f"failure {self._failed[event_id]} on purpose, from the fault file")

    @property
    def failed(self) -> dict[str, int]:
        """Event id -> how often its handler was failed so far."""
        with self._lock:
            return dict(+self._failed)
