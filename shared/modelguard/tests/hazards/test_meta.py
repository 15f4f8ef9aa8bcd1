"""Dicts and query sets that outlive the class they were made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import ValidationError

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

SHARED = """
META = {"allow_inheritance": True, "collection": "things"}
class Parent(Document):
    meta = META
"""
CHILD = """
import warnings
META = {"collection": "elsewhere"}
from parents import Parent
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    class Child(Parent):
        meta = META
"""
USER = "class User(Document):\n    name = StringField()\n"
POST = """
from users import User
class Post(Document):
    author = ReferenceField(User)
"""
CUSTOM = """
class Named(QuerySet):
    def named(self, name):
        return self.filter(name=name)
class User(Document):
    name = StringField()
    meta = {"queryset_class": Named}
"""

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.hazard(33, "plain")
def test_plain_a_meta_dict_is_changed_under_its_owner(plain: Project) -> None:
    parents = plain.module("parents", SHARED)
    children = plain.module("children", CHILD)

    assert parents.META == {"allow_inheritance": True, "collection": "things", "abstract": False}
    assert "collection" not in children.META


@pytest.mark.hazard(33, "gone")
def test_guarded_a_meta_dict_stays_as_it_was_written(guarded: Project) -> None:
    parents = guarded.module("parents", SHARED)
    children = guarded.module("children", CHILD)

    assert parents.META == {"allow_inheritance": True, "collection": "things"}
    assert children.META == {"collection": "elsewhere"}
    assert [str(warning.message) for warning in children.caught] == ["Trying to set a collection on a subclass (Child)"]
    assert children.Child._get_collection_name() == "things"


def validate_with_a_kept_query(project: Project) -> None:
    """Keep a query set from before a redefinition; use its rows with models from after it."""
    users = project.module("users", USER)
    users.User(name="ada").save()
    kept = users.User.objects(name="ada")
    project.reload(users)
    posts = project.module("posts", POST)
    posts.Post(author=kept.first()).validate()


@pytest.mark.hazard(34, "plain")
def test_plain_a_kept_query_yields_rows_that_are_refused(plain: Project) -> None:
    with pytest.raises(ValidationError, match="only accepts DBRef"):
        validate_with_a_kept_query(plain)


@pytest.mark.hazard(34, "gone")
def test_guarded_a_kept_query_yields_rows_of_the_class(guarded: Project) -> None:
    validate_with_a_kept_query(guarded)


@pytest.mark.hazard(34, "gone")
def test_guarded_a_query_set_class_beside_its_model_is_no_change(guarded: Project) -> None:
    users = guarded.module("users", CUSTOM)
    first = users.User

    assert guarded.reload(users).User is first
    assert guarded.again(users).User is first
    assert first(name="ada").save() in first.objects.named("ada")
