"""Two classes on one collection: rows, indexes and connections get mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mongoengine
import mongomock
import pytest
from mongoengine import FieldDoesNotExist
from pymongo.errors import OperationFailure

from modelguard import ModelConflictError, problems, require

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

BY_NAME = "class User(Document):\n    name = StringField()\n"
BY_EMAIL = "class User(Document):\n    email = StringField()\n"
INDEXED = """
class User(Document):
    name = StringField()
    meta = {"indexes": ["name"]}
"""
LESSON = """
class Lesson(Document):
    title = StringField()
    meta = {"collection": "content", "indexes": [{"fields": ["title"], "name": "title_index"}]}
"""
LECTURE = """
class Lecture(Document):
    title = StringField()
    body = StringField()
    meta = {"collection": "content", "indexes": [{"fields": ["title"], "name": "title_index", "unique": True}]}
"""

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.hazard(10, "plain")
def test_plain_two_services_with_one_name_read_each_others_rows(plain: Project) -> None:
    first = plain.module("svc_a.user", BY_NAME)
    second = plain.module("svc_b.user", BY_EMAIL)
    first.User(name="ada").save()

    with pytest.raises(FieldDoesNotExist):
        second.User.objects.first()

    assert mongoengine.base.get_document("User") is second.User


@pytest.mark.hazard(10, "error")
def test_guarded_the_second_service_does_not_import(guarded: Project) -> None:
    first = guarded.module("svc_a.user", BY_NAME)

    with pytest.raises(ModelConflictError) as caught:
        guarded.module("svc_b.user", BY_EMAIL)

    text = str(caught.value)
    assert f"{first.__file__}:2" in text
    assert f"{guarded.root / 'svc_b' / 'user.py'}:2" in text
    assert "svc_a.user" in text
    assert "svc_b.user" in text
    assert require("User") is first.User
    first.User(name="ada").save()


def index_calls(project: Project, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count create_index over three definitions of one model, each of which is queried."""
    calls: list[object] = []
    create = mongomock.Collection.create_index

    def counted(self: Any, keys: Any, **options: Any) -> Any:
        calls.append(keys)
        return create(self, keys, **options)

    monkeypatch.setattr(mongomock.Collection, "create_index", counted)
    users = project.module("users", INDEXED)
    for module in (users, project.again(users), project.again(users)):
        module.User.objects.count()
    return len(calls)


@pytest.mark.hazard(20, "plain")
def test_plain_every_redefinition_creates_the_indexes_again(plain: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert index_calls(plain, monkeypatch) == 3


@pytest.mark.hazard(20, "gone")
def test_guarded_indexes_are_created_once(guarded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert index_calls(guarded, monkeypatch) == 1


@pytest.mark.hazard(21, "plain")
def test_plain_clashing_indexes_fail_at_the_first_query_of_the_second(plain: Project) -> None:
    lessons = plain.module("lessons", LESSON)
    lectures = plain.module("lectures", LECTURE)
    lessons.Lesson.objects.count()

    with pytest.raises(OperationFailure):
        lectures.Lecture.objects.count()


@pytest.mark.hazard(21, "check")
def test_guarded_clashing_indexes_are_reported_before_any_query(guarded: Project) -> None:
    guarded.module("lessons", LESSON)
    guarded.module("lectures", LECTURE)

    assert any("title_index" in problem.message for problem in problems())


def databases_written_after_a_move(project: Project) -> set[str]:
    """Connect elsewhere between two definitions; say where rows of both classes land."""
    users = project.module("users", BY_NAME)
    users.User.objects.count()
    again = project.again(users)
    mongoengine.disconnect()
    client = mongoengine.connect("moved", mongo_client_class=mongomock.MongoClient, uuidRepresentation="standard")
    users.User(name="old").save()
    again.User(name="new").save()
    return {"moved" if row else "left behind" for row in map(client["moved"]["user"].find_one, named("old", "new"))}


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


@pytest.mark.hazard(22, "plain")
def test_plain_the_old_class_keeps_writing_to_the_old_database(plain: Project) -> None:
    assert databases_written_after_a_move(plain) == {"moved", "left behind"}


@pytest.mark.hazard(22, "gone")
def test_guarded_every_row_goes_to_the_new_database(guarded: Project) -> None:
    assert databases_written_after_a_move(guarded) == {"moved"}


def one_collection(project: Project) -> tuple[ModuleType, ModuleType]:
    plain_text = '    meta = {"collection": "content"}\n'
    lessons = project.module("lessons", f"class Lesson(Document):\n    title = StringField()\n{plain_text}")
    lectures = project.module("lectures", f"class Lecture(Document):\n    body = StringField()\n{plain_text}")
    return lessons, lectures


@pytest.mark.hazard(39, "plain")
def test_plain_two_models_share_a_collection_without_a_word(plain: Project) -> None:
    lessons, lectures = one_collection(plain)
    lessons.Lesson(title="Sums").save()

    with pytest.raises(FieldDoesNotExist):
        lectures.Lecture.objects.first()


@pytest.mark.hazard(39, "check")
def test_guarded_two_models_on_one_collection_are_reported(guarded: Project) -> None:
    one_collection(guarded)

    messages = [problem.message for problem in problems()]
    assert any("content" in message and "Lesson" in message and "Lecture" in message for message in messages)
