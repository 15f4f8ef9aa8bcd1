"""The side table: which definition holds which registry name, and the lock and the counters around it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelguard._definition import Definition
from modelguard._fields import Declared
from modelguard._lock import DefinitionLock
from modelguard._site import Site


class Record(NamedTuple):
    """A guarded class and the definition it came from."""

    name: str
    model: Any
    site: Site
    definition: Definition


@dataclass(frozen=True, slots=True)
class Stats:
    """What happened to definitions in this process, so far.

    Attributes:
        defined: classes created and registered.
        reused: definitions that ran again and were given the existing class.
        conflicts: definitions refused because another place holds the name.
        changed: definitions refused because they were edited.
        rolled_back: definitions that failed, and of which nothing is left.
    """

    defined: int = 0
    reused: int = 0
    conflicts: int = 0
    changed: int = 0
    rolled_back: int = 0


class PendingRule(NamedTuple):
    """A delete rule whose target is named, and not defined yet."""

    owner: Any
    field: str
    target: str
    rule: int


class Table:
    """Records by registry name and by site, rules held back, counters, and the lock over all of them."""

    def __init__(self) -> None:
        self.lock = DefinitionLock()
        self.records: dict[str, Record] = {}
        self._names_at: dict[str, list[str]] = {}  # by qualified name
        self.pending: list[PendingRule] = []
        self.counters = dict.fromkeys(Stats.__dataclass_fields__, 0)
        self._declared: Declared | None = None

    def add(self, record: Record) -> None:
        """Enter a class that is complete."""
        self._name_targets_again(record.definition.declared)
        self._names_at.setdefault(record.site.qualname, []).append(record.name)
        self.records[record.name] = record

    def _name_targets_again(self, declared: Declared) -> None:
        """Fields of a mixin may hold a class by now, where they were declared with its name or "self"."""
        known = self.declared()
        if known.keys().isdisjoint(declared.keys()):  # as mostly
            known.update(declared)
            return
        for key, (field, state) in declared.items():
            first = known.setdefault(key, (field, state))[1]
            if first is not state and isinstance(first.get("document_type_obj"), str):
                declared[key] = (field, {**state, "document_type_obj": first["document_type_obj"]})

    def forget(self, name: str) -> None:
        """Take a name out; unknown names are none of its business."""
        self._declared = None
        record = self.records.pop(name, None)
        if record is not None:
            there = self._names_at[record.site.qualname]
            there.remove(name)
            if not there:
                del self._names_at[record.site.qualname]

    def restore(self, records: dict[str, Record], pending: list[PendingRule], counters: dict[str, int]) -> None:
        """Put back what `records`, `pending` and `counters` held at an earlier time."""
        self._declared = None
        self.records = dict(records)
        self._names_at = {}
        for name, record in records.items():
            self._names_at.setdefault(record.site.qualname, []).append(name)
        self.pending[:] = pending
        self.counters = dict(counters)

    def wait(self, rule: PendingRule) -> None:
        """Hold a rule back, once."""
        if rule not in self.pending:
            self.pending.append(rule)

    def at(self, site: Site) -> Record | None:
        """The record of the class that a site has defined, under whatever name."""
        names = self._names_at.get(site.qualname)
        if names is None:
            return None
        there = (record for name in names if (record := self.records.get(name)) is not None)
        return next((record for record in there if record.site.is_at(site)), None)

    def of(self, model: Any) -> Record | None:
        """The record of a class, if the guard registered that very object."""
        record = self.records.get(getattr(model, "_class_name", ""))
        return record if record is not None and record.model is model else None

    def declared(self) -> Declared:
        """Every field of a guarded class as its body declared it; of a shared field, the first time it was used."""
        if self._declared is None:
            self._declared = {}
            for record in reversed(self.records.values()):
                self._declared.update(record.definition.declared)
        return self._declared

    def count(self, counter: str) -> None:
        """Add one to a counter of `Stats`."""
        self.counters[counter] += 1

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self.records.values()))


TABLE = Table()


def stats() -> Stats:
    """An immutable snapshot of the counters; `stats().conflicts == 0` says that nothing was defined twice."""
    return Stats(**TABLE.counters)


def _renew_lock() -> None:
    """A lock that another thread held while the process forked would never be released in the child."""
    TABLE.lock = DefinitionLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
