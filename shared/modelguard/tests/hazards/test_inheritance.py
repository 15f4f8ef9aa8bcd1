"""Base classes that lose sight of their children, and children that outlive their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import InvalidQueryError

from modelguard import ModelChangedError, problems

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

ANIMAL = """
class Animal(Document):
    name = StringField()
    meta = {"allow_inheritance": True}
"""
DOG = """
from animals import Animal
class Dog(Animal):
    pass
"""
SHAPE = """
class Shape(EmbeddedDocument):
    meta = {"allow_inheritance": True}
"""
CIRCLE = """
from shapes import Shape
class Circle(Shape):
    radius = IntField()
    %s = IntField()
"""
DRAWING = """
from shapes import Shape
class Drawing(Document):
    shape = EmbeddedDocumentField(Shape)
"""
NODES = """
class Tree:
    parent = ReferenceField("self")
class First(Tree, Document):
    pass
class Second(Tree, Document):
    pass
"""
ABSTRACT_NODES = """
class Tree(Document):
    parent = ReferenceField("self")
    meta = {"abstract": True}
class First(Tree):
    pass
class Second(Tree):
    pass
"""

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.hazard(15, "plain")
def test_plain_a_redefined_base_no_longer_sees_its_children(plain: Project) -> None:
    animals = plain.module("animals", ANIMAL)
    dogs = plain.module("dogs", DOG)
    animals.Animal(name="cat").save()
    dogs.Dog(name="rex").save()
    again = plain.again(animals)

    assert [animal.name for animal in again.Animal.objects] == ["cat"]
    assert not issubclass(dogs.Dog, again.Animal)


@pytest.mark.hazard(15, "gone")
def test_guarded_a_redefined_base_sees_its_children(guarded: Project) -> None:
    animals = guarded.module("animals", ANIMAL)
    dogs = guarded.module("dogs", DOG)
    animals.Animal(name="cat").save()
    dogs.Dog(name="rex").save()
    again = guarded.again(animals)

    assert [animal.name for animal in again.Animal.objects] == ["cat", "rex"]
    assert again.Animal._subclasses == ("Animal", "Animal.Dog")
    assert issubclass(dogs.Dog, again.Animal)


@pytest.mark.parametrize("source", [NODES, ABSTRACT_NODES], ids=["mixin", "abstract"])
@pytest.mark.hazard(32, "plain")
def test_plain_self_in_a_shared_base_is_the_first_user_or_the_base(plain: Project, source: str) -> None:
    nodes = plain.module("nodes", source)

    assert nodes.Second.parent.document_type is not nodes.Second


@pytest.mark.parametrize("source", [NODES, ABSTRACT_NODES], ids=["mixin", "abstract"])
@pytest.mark.hazard(32, "check")
def test_guarded_self_in_a_shared_base_is_reported(guarded: Project, source: str) -> None:
    """The field object is shared before any guard sees it: it stays what it is, and `check()` says so."""
    nodes = guarded.module("nodes", source)

    assert nodes.Second.parent.document_type is not nodes.Second
    assert ("Second", "parent") in {(problem.model, problem.field) for problem in problems()}


@pytest.mark.hazard(36, "plain")
def test_plain_a_field_of_a_dropped_subclass_is_still_queried(plain: Project) -> None:
    plain.module("shapes", SHAPE)
    drawings = plain.module("drawings", DRAWING)
    circles = plain.module("circles", CIRCLE % "old")
    kept = circles.Circle
    plain.write("circles.py", CIRCLE % "new")
    plain.reload(circles)

    assert kept is not circles.Circle
    assert drawings.Drawing.objects(shape__old=1).count() == 0, "accepted, though no model has this field"


@pytest.mark.hazard(36, "error")
def test_guarded_an_edited_subclass_is_an_error_and_queries_follow_the_first(guarded: Project) -> None:
    guarded.module("shapes", SHAPE)
    drawings = guarded.module("drawings", DRAWING)
    circles = guarded.module("circles", CIRCLE % "old")
    guarded.write("circles.py", CIRCLE % "new")

    with pytest.raises(ModelChangedError, match="new"):
        guarded.reload(circles)

    assert drawings.Drawing.objects(shape__old=1).count() == 0
    with pytest.raises(InvalidQueryError):
        drawings.Drawing.objects(shape__new=1).count()
