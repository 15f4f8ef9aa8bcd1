"""Another organization's document is not there, whatever one does to it."""

from collections.abc import Iterator

import pytest

from lyceum_database import Course, CourseRepository, NotFound
from lyceum_database.testing import temporary_database
from lyceum_web.organizations import OwnRecords
from lyceum_web.security import Principal


@pytest.fixture
def courses() -> Iterator[CourseRepository]:
    with temporary_database([Course]):
        yield CourseRepository()


def of(org_id: str, courses: CourseRepository) -> OwnRecords[Course]:
    return OwnRecords(courses, Principal("user", "session", org_id))


def course(title: str, **values: str) -> Course:
    return Course(title=title, slug=title, subject=title, **values)


def test_what_one_organization_stores_another_does_not_find(courses: CourseRepository) -> None:
    stored = of("one", courses).insert(course("maths"))

    assert of("one", courses).get(stored.id).id == stored.id
    assert of("two", courses).find(stored.id) is None
    with pytest.raises(NotFound):
        of("two", courses).get(stored.id)


def test_a_document_is_stored_as_the_callers_whatever_it_says(courses: CourseRepository) -> None:
    stored = of("one", courses).insert(course("maths", org_id="two"))

    assert courses.get(stored.id).org_id == "one"


def test_a_list_holds_the_organizations_own_alone(courses: CourseRepository) -> None:
    of("one", courses).insert(course("maths"))
    of("two", courses).insert(course("art"))

    assert [each.title for each in of("one", courses).list_()] == ["maths"]
    assert [each.title for each in of("one", courses).list_(org_id="two")] == ["maths"]


def test_another_organizations_document_is_neither_saved_nor_deleted(courses: CourseRepository) -> None:
    stored = courses.insert(course("maths", org_id="one"))

    with pytest.raises(NotFound):
        of("two", courses).save(stored)
    with pytest.raises(NotFound):
        of("two", courses).delete(stored)
    assert courses.get(stored.id).version == 1


def test_the_owners_save_and_delete(courses: CourseRepository) -> None:
    own = of("one", courses)
    stored = own.insert(course("maths"))
    stored.title = "more maths"
    own.save(stored)
    own.delete(own.get(stored.id))

    assert own.find(stored.id) is None
