"""The door to mongoengine's private parts holds on the released line and on the shape of the unreleased one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mongoengine
import pytest
from mongoengine.base import common, get_document
from mongoengine.base.metaclasses import DocumentMetaclass

import modelguard
from modelguard import _mongoengine as adapter

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project


class _DocumentRegistry:
    """The unreleased line's wrapper around a dict of the same name (mongoengine pull request 2861)."""

    @staticmethod
    def register(model: Any) -> None:
        common._document_registry[model._class_name] = model

    @staticmethod
    def unregister(name: str) -> None:
        common._document_registry.pop(name)


def test_the_released_line_keeps_a_dict() -> None:
    assert adapter.registry() is common._document_registry


def test_the_unreleased_line_keeps_the_dict_behind_a_wrapper(guarded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "_DocumentRegistry", _DocumentRegistry, raising=False)
    monkeypatch.delattr(common, "get_document")
    module = guarded.module("shapes", "class Shape(Document):\n    name = StringField()\n")

    assert modelguard.require("Shape") is module.Shape
    _DocumentRegistry.unregister("Shape")
    assert guarded.reload(module).Shape is modelguard.require("Shape")


@pytest.mark.parametrize("entries", [None, [], SimpleNamespace()])
def test_a_line_that_keeps_it_elsewhere_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, entries: object
) -> None:
    monkeypatch.setattr(common, "_document_registry", entries)

    with pytest.raises(
        modelguard.UnsupportedError, match=r"^modelguard cannot find mongoengine's model registry.*0\.29"
    ):
        modelguard.require("User")


class Plain:
    pass


BASES: list[tuple[type, ...]] = [
    (mongoengine.Document,),
    (modelguard.Document,),
    (modelguard.DynamicDocument,),
    (modelguard.EmbeddedDocument,),
    (Plain, modelguard.Document),
    (modelguard.Document, Plain, modelguard.DynamicDocument),
]


@pytest.mark.parametrize("bases", BASES)
def test_ancestors_are_merged_in_mongoengines_order(bases: tuple[type, ...]) -> None:
    own = {mongoengine.EmbeddedDocument, *mongoengine.DynamicDocument.__mro__}
    merged = DocumentMetaclass._get_bases(bases)
    expected = type(merged)(base for base in merged if base not in own)

    for _ in range(2):  # computed, then remembered
        assert adapter.merged_bases(bases) == expected
        assert isinstance(adapter.merged_bases(bases), type(expected))


@pytest.mark.parametrize("name", ["Animal.Dog", "Dog", "Wrong.Dog", "Fish", "Animal", "Cat"])
def test_names_resolve_as_mongoengine_resolves_them(guarded: Project, name: str) -> None:
    guarded.module(
        "animals",
        """
        class Animal(Document):
            meta = {"allow_inheritance": True}
        class Dog(Animal): pass
        class Cat(Animal): pass
        class Pet(Document):
            meta = {"allow_inheritance": True}
        """,
    )
    guarded.module("pets", "from animals import Pet\nclass Cat(Pet): pass\n")
    try:
        expected = get_document(name)
    except mongoengine.errors.NotRegistered:
        expected = None

    assert adapter.resolve(name) is expected


def test_the_registry_name_is_known_before_the_class_exists(guarded: Project) -> None:
    module = guarded.module(
        "names",
        """
        class Base(Document):
            meta = {"abstract": True}
        class Animal(Base):
            meta = {"allow_inheritance": True}
        class Mixin: pass
        class Dog(Mixin, Animal): pass
        class Puppy(Dog): pass
        class Tag(EmbeddedDocument):
            meta = {"allow_inheritance": True}
        class Label(Tag): pass
        """,
    )

    for model in (module.Base, module.Animal, module.Dog, module.Puppy, module.Tag, module.Label):
        assert adapter.class_name(model.__name__, adapter.ancestry(model.__bases__)) == model._class_name
