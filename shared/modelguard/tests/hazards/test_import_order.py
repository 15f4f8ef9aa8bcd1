"""Models that name one another before they exist, or without ever being imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import NotRegistered

from modelguard import ModelCheckError, ModelNotRegisteredError, check, problems

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

RULE = """
class Book(Document):
    shelf = ReferenceField("Shelf", reverse_delete_rule=CASCADE)
"""
EMBEDDED = """
class Book(Document):
    cover = EmbeddedDocumentField("Cover")
    meta = {"indexes": ["cover.colour"]}
"""
CACHED = """
class Book(Document):
    shelf = CachedReferenceField("Shelf")
"""
SHELF = "class Shelf(Document):\n    name = StringField()\n"
REFERENCE = """
class Book(Document):
    shelf = ReferenceField("Shelf")
    related = ListField(GenericReferenceField(choices=["Shelve"]))
"""
MUTUAL_USER = """
class User(Document):
    team = ReferenceField("Team", reverse_delete_rule=NULLIFY)
"""
MUTUAL_TEAM = """
class Team(Document):
    owner = ReferenceField("User", reverse_delete_rule=CASCADE)
    members = ListField(ReferenceField("User", reverse_delete_rule=PULL))
"""

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("source", [RULE, EMBEDDED, CACHED], ids=["rule", "embedded", "cached"])
@pytest.mark.hazard(26, "plain")
def test_plain_a_model_named_before_it_exists_fails_at_the_class(plain: Project, source: str) -> None:
    with pytest.raises(NotRegistered):
        plain.module("books", source)


@pytest.mark.hazard(26, "gone")
def test_guarded_a_rule_waits_for_its_target(guarded: Project) -> None:
    books = guarded.module("books", RULE)
    shelves = guarded.module("shelves", SHELF)
    shelf = shelves.Shelf().save()
    books.Book(shelf=shelf).save()

    shelf.delete()

    assert books.Book.objects.count() == 0


@pytest.mark.hazard(26, "check")
def test_guarded_a_rule_whose_target_never_comes_is_reported(guarded: Project) -> None:
    guarded.module("books", RULE)

    assert ("Book", "shelf") in {(problem.model, problem.field) for problem in problems()}


@pytest.mark.hazard(26, "gone")
def test_guarded_two_models_may_name_each_other_with_rules(guarded: Project) -> None:
    users = guarded.module("users", MUTUAL_USER)
    teams = guarded.module("teams", MUTUAL_TEAM)
    check()
    owner, member = users.User().save(), users.User().save()
    team = teams.Team(owner=owner, members=[owner, member]).save()
    member.team = team
    member.save()

    owner.delete()

    assert teams.Team.objects.count() == 0, "CASCADE"
    assert users.User.objects.get(pk=member.pk).team is None, "NULLIFY after the cascade"


@pytest.mark.parametrize(("source", "field"), [(EMBEDDED, "cover"), (CACHED, "shelf")], ids=["embedded", "cached"])
@pytest.mark.hazard(26, "error")
def test_guarded_what_cannot_wait_says_which_field_of_which_model_asked(
    guarded: Project, source: str, field: str
) -> None:
    with pytest.raises(ModelNotRegisteredError) as caught:
        guarded.module("books", source)

    assert "Book" in str(caught.value)
    assert field in str(caught.value)
    assert isinstance(caught.value, NotRegistered)


@pytest.mark.hazard(27, "plain")
def test_plain_a_model_never_imported_fails_at_first_use_and_names_no_field(plain: Project) -> None:
    books = plain.module("books", REFERENCE)
    book = books.Book().save()

    with pytest.raises(NotRegistered) as caught:
        books.Book.objects(shelf=book.pk).count()

    assert "Book" not in str(caught.value)


@pytest.mark.hazard(27, "check")
def test_guarded_a_model_never_imported_is_reported_with_its_field_and_line(guarded: Project) -> None:
    books = guarded.module("books", REFERENCE)

    with pytest.raises(ModelCheckError) as caught:
        check()

    found = {(problem.model, problem.field): problem for problem in caught.value.problems}
    assert "Shelf" in found["Book", "shelf"].message
    assert str(books.__file__) in str(found["Book", "shelf"].site)
    assert any("Shelve" in problem.message for problem in caught.value.problems)


@pytest.mark.hazard(27, "check")
def test_guarded_a_near_name_is_offered(guarded: Project) -> None:
    guarded.module("shelves", SHELF)
    guarded.module("books", REFERENCE)

    assert ["Shelf" in f"{problem.hint}" for problem in problems()] == [True], "Shelve is meant to be Shelf"
