"""A thousand reloads leave what one import made."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import mongomock
import pytest
from mongoengine import signals
from mongoengine.base.common import _document_registry

from modelguard import models, stats

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

RELOADS = 1_000
MODELS = """
class User(Document):
    name = StringField()
    meta = {"indexes": ["name"], "allow_inheritance": True}
class Admin(User):
    level = IntField()
class Address(EmbeddedDocument):
    city = StringField()
class Team(Document):
    owner = ReferenceField(User, reverse_delete_rule=CASCADE)
    later = ReferenceField("Elsewhere", reverse_delete_rule=DENY)
    lead = CachedReferenceField(User, fields=["name"])
    home = EmbeddedDocumentField(Address)
"""


class Census:
    """What must not grow."""

    def __init__(self, module: ModuleType) -> None:
        gc.collect()
        # Of this module alone: classes of earlier tests may go at any time.
        self.classes = sum(
            isinstance(thing, type) and issubclass(thing, mongo_bases()) and thing.__module__ == module.__name__
            for thing in gc.get_objects()
        )
        self.receivers = sum(len(getattr(signals, name).receivers) for name in signals.__all__)
        self.rules = len(module.User._meta["delete_rules"])
        self.cached = len(module.User._cached_reference_fields)
        self.subclasses = module.User._subclasses
        self.registered = (len(_document_registry), len(models))


def mongo_bases() -> tuple[type, ...]:
    from mongoengine import Document, EmbeddedDocument

    return Document, EmbeddedDocument


@pytest.mark.usefixtures("database")
def test_nothing_grows(guarded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    index_calls: list[object] = []
    monkeypatch.setattr(mongomock.Collection, "create_index", lambda _, keys, **__: index_calls.append(keys))
    module = guarded.module("grown", MODELS)
    module.User.objects.count()
    before, calls, defined = Census(module), len(index_calls), stats().defined

    for _ in range(RELOADS):
        guarded.reload(module)
        module.User.objects.count()

    assert vars(Census(module)) == vars(before)
    assert len(index_calls) == calls
    assert stats().defined == defined
    assert stats().reused >= RELOADS * 4


def test_memory_of_a_thrown_away_definition_is_given_back(guarded: Project) -> None:
    """Counted in blocks, not in bytes: Python's table of interned strings may grow in any moment, by 1.9 MB at once."""
    module = guarded.module("grown", MODELS)
    for _ in range(20):
        guarded.reload(module)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(100):
            guarded.reload(module)
        gc.collect()
        left = len(tracemalloc.take_snapshot().traces)
    finally:
        tracemalloc.stop()

    assert left < 100, f"{left} blocks over 100 reloads, at least one for each"
