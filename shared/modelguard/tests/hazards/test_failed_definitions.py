"""Definitions that raise half way: what they leave behind, and what a retry makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import InvalidDocumentError, NotRegistered
from mongoengine.base import get_document

from modelguard import ModelChangedError, models

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

GOOD = "class Book(Document):\n    title = StringField()\n"
DANGLING = """
class Book(Document):
    shelf = ReferenceField("Nope", reverse_delete_rule=CASCADE)
"""
# Fails after registration on either base: `save` is a method of every document.
REFUSED = """
class Book(Document):
    save = StringField()
"""
# Each fails after registration, for the reason that its kind gives.
REFUSED_BY_KIND = {
    "document": REFUSED,
    "dynamic": REFUSED.replace("Document", "DynamicDocument"),
    "embedded": (
        "class Shelf(Document):\n    pass\n"
        "class Book(EmbeddedDocument):\n    shelf = ReferenceField(Shelf, reverse_delete_rule=CASCADE)\n"
    ),
    "of an abstract base": (
        "class Base(Document):\n    meta = {'abstract': True}\nclass Book(Base):\n    save = StringField()\n"
    ),
}
every_kind = pytest.mark.parametrize("refused", REFUSED_BY_KIND.values(), ids=REFUSED_BY_KIND)
PARENT = """
class Parent(Document):
    meta = {"allow_inheritance": True}
"""
POISON = """
from parents import Parent
class Child(Parent):
    save = StringField()
"""
SHELF = """
class Shelf(Document):
    pass
"""
AFTER_ITS_RULE = """
from shelves import Shelf
class Book(Document):
    shelf = ReferenceField(Shelf, reverse_delete_rule=CASCADE)
    save = StringField()
"""
HALF = """
class Book(Document):
    title = StringField()
raise OSError("the settings are not there yet")
"""


@pytest.mark.hazard(23, "plain")
def test_plain_a_failed_definition_stays_half_built(plain: Project) -> None:
    with pytest.raises(NotRegistered):
        plain.module("books", DANGLING)

    left = get_document("Book")
    assert "index_specs" not in left._meta
    assert not hasattr(left, "objects")
    assert "id" not in left._fields


@every_kind
@pytest.mark.hazard(23, "plain")
def test_plain_every_kind_of_failed_definition_stays(plain: Project, refused: str) -> None:
    with pytest.raises(InvalidDocumentError):
        plain.module("books", refused)

    assert get_document("Book").__module__ == "books"


@every_kind
@pytest.mark.hazard(23, "gone")
def test_guarded_a_failed_definition_leaves_no_name_behind(guarded: Project, refused: str) -> None:
    with pytest.raises(InvalidDocumentError):
        guarded.module("books", refused)

    assert "Book" not in models
    with pytest.raises(NotRegistered):
        get_document("Book")


@pytest.mark.hazard(23, "gone")
def test_guarded_a_dangling_rule_is_held_back_and_the_class_is_whole(guarded: Project) -> None:
    books = guarded.module("books", DANGLING)

    assert "id" in books.Book._fields
    assert "index_specs" in books.Book._meta


@every_kind
@pytest.mark.hazard(24, "plain")
def test_plain_a_failed_definition_replaces_a_good_one(plain: Project, refused: str) -> None:
    good = plain.module("books", GOOD)

    with pytest.raises(InvalidDocumentError):
        plain.module("drafts", refused)

    assert get_document("Book") is not good.Book


@every_kind
@pytest.mark.hazard(24, "gone")
def test_guarded_a_failed_edit_keeps_the_good_class(guarded: Project, refused: str) -> None:
    good = guarded.module("books", GOOD)
    first = good.Book
    guarded.write("books.py", refused)

    with pytest.raises(ModelChangedError, match="Book"):
        guarded.reload(good)

    assert get_document("Book") is first


@pytest.mark.hazard(25, "plain")
def test_plain_a_failed_subclass_poisons_every_query_of_the_base(plain: Project) -> None:
    parents = plain.module("parents", PARENT)

    with pytest.raises(InvalidDocumentError):
        plain.module("children", POISON)

    assert parents.Parent._subclasses == ("Parent", "Parent.Child")


@pytest.mark.hazard(25, "gone")
def test_guarded_a_failed_subclass_leaves_the_base_as_it_was(guarded: Project) -> None:
    parents = guarded.module("parents", PARENT)

    with pytest.raises(InvalidDocumentError):
        guarded.module("children", POISON)

    assert parents.Parent._subclasses == parents.Parent._types == ("Parent",)


@pytest.mark.hazard(25, "gone")
def test_guarded_a_failed_definition_takes_its_delete_rule_back(guarded: Project) -> None:
    shelves = guarded.module("shelves", SHELF)

    with pytest.raises(InvalidDocumentError):
        guarded.module("books", AFTER_ITS_RULE)

    assert not shelves.Shelf._meta.get("delete_rules")


def classes_of_a_retried_import(project: Project) -> set[int]:
    """Import a module that fails after its model, twice, then once repaired in its surroundings."""
    kept = []
    project.write("books.py", HALF)
    for _ in range(2):
        with pytest.raises(OSError, match="settings"):
            project.load("books")
        kept.append(get_document("Book"))
    return {id(model) for model in kept}


@pytest.mark.hazard(37, "plain")
def test_plain_each_retry_of_a_failed_import_makes_another_class(plain: Project) -> None:
    assert len(classes_of_a_retried_import(plain)) == 2


@pytest.mark.hazard(37, "gone")
def test_guarded_every_retry_of_a_failed_import_finds_the_first_class(guarded: Project) -> None:
    assert len(classes_of_a_retried_import(guarded)) == 1
