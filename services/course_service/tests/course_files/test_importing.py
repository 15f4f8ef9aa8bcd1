"""What an import makes of the courses that are there: nothing half done, nothing done twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from course_service.authoring import MODELS
from course_service.commands import courses
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.models import CourseVersion
from lyceum_database import Course, Organization, OrganizationRepository, Unavailable, User, UserRepository
from lyceum_database.testing import temporary_database

EXAMPLE = Path(__file__).parents[4] / "examples" / "courses.yaml"
LESSON = {"title": "Zero", "kind": "text", "body": "Nothing."}
ALGEBRA: dict[str, Any] = {
    "slug": "algebra",
    "title": "Algebra",
    "subject": "math",
    "languages": ["en"],
    "sections": [{"title": "Numbers", "lessons": [LESSON, {**LESSON, "title": "One"}]}],
}
GEOMETRY = {**ALGEBRA, "slug": "geometry", "title": "Geometry"}

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def database() -> Iterator[None]:
    with temporary_database((*MODELS, Organization, User)):
        OrganizationRepository().insert(Organization(id="default", slug="default", name="Default"))
        UserRepository().insert(User(id="ada", name="Ada", email="ada@example.org", org_ids=["default"]))
        UserRepository().insert(User(id="eve", name="Eve", email="eve@example.org", org_ids=["acme"]))
        yield


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setattr("course_service.commands.course_commands.database", nullcontext)

    def run(contents: Any, *arguments: str) -> Result:
        path = tmp_path / "courses.json"
        path.write_text(json.dumps(contents, indent=1))
        return CliRunner().invoke(courses, ["import", str(path), *arguments])

    return run


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def state() -> list[Any]:
    return [course.to_mongo() for course in Course.objects.order_by("pk")]


def ids(slug: str) -> dict[str, str]:
    course = CourseStore().by_slug(slug, org_id="default")
    assert course is not None
    parts = [part for section in course.draft["sections"] for part in (section, *section["lessons"])]
    return {part["title"]: part["id"] for part in parts}


def test_courses_are_made_and_the_same_file_again_changes_nothing(run: Run) -> None:
    assert said(run([ALGEBRA, GEOMETRY])) == "Imported 2 courses: 2 created, 0 updated, 0 unchanged."
    before = state()

    assert said(run([ALGEBRA, GEOMETRY])) == "Imported 2 courses: 0 created, 0 updated, 2 unchanged."
    assert state() == before


def test_what_is_left_out_stays_and_what_is_new_is_told_apart(run: Run) -> None:
    run([ALGEBRA, GEOMETRY])
    before = ids("algebra")

    result = run([{"slug": "algebra", "title": "Algebra!", "subject": "math"}, GEOMETRY, {**ALGEBRA, "slug": "new"}])

    assert said(result) == "Imported 3 courses: 1 created, 1 updated, 1 unchanged."
    course = CourseStore().by_slug("algebra", org_id="default")
    assert course is not None
    assert (course.title, list(course.languages), course.status) == ("Algebra!", ["en"], "draft")
    assert ids("algebra") == before


def test_lessons_keep_their_ids_when_they_are_moved_and_reworded(run: Run) -> None:
    run([ALGEBRA])
    before = ids("algebra")
    moved = [
        {"title": "More", "lessons": [{**LESSON, "title": "One", "body": "Another text."}, {**LESSON, "title": "Two"}]},
        {"title": "Numbers", "lessons": [LESSON]},
    ]

    run([{**ALGEBRA, "sections": moved}])

    after = ids("algebra")
    assert {title: after[title] for title in before} == before
    assert len(set(after.values())) == len(after) == 5


def test_namesakes_in_different_sections_do_not_swap_their_ids(run: Run) -> None:
    sections = [{"title": title, "lessons": [{**LESSON, "title": "Introduction"}]} for title in ("A", "B")]
    run([{**ALGEBRA, "sections": sections}])

    def lessons() -> dict[str, str]:
        course = CourseStore().by_slug("algebra", org_id="default")
        assert course is not None
        return {section["title"]: section["lessons"][0]["id"] for section in course.draft["sections"]}

    before = lessons()
    run([{**ALGEBRA, "sections": sections[::-1]}])

    assert lessons() == before


@pytest.mark.parametrize("bad", [{**GEOMETRY, "price_minor": -1}, {**GEOMETRY, "slug": "algebra"}, 7])
def test_with_one_mistake_nothing_is_imported(run: Run, bad: Any) -> None:
    result = run([ALGEBRA, bad])

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    assert state() == []


def test_what_the_database_forbids_is_told_with_its_line_and_nothing_is_imported(run: Run) -> None:
    run([ALGEBRA])
    course = CourseStore().by_slug("algebra", org_id="default")
    assert course is not None
    course.status = "archived"
    CourseStore().save(course)
    before = state()

    result = run([GEOMETRY, ALGEBRA])

    assert result.exit_code == 2
    assert "courses.json:27: algebra: this course is archived" in result.stderr
    assert state() == before


def test_a_dry_run_says_the_same_and_does_nothing(run: Run) -> None:
    result = run([ALGEBRA], "--dry-run", "--publish")

    assert said(result) == "Would import 1 course: 1 created, 0 updated, 0 unchanged."
    assert state() == []


def test_courses_are_published_when_asked_and_once(run: Run) -> None:
    assert said(run([ALGEBRA], "--publish")).endswith("1 created, 0 updated, 0 unchanged, 1 published.")
    assert said(run([ALGEBRA], "--publish")).endswith("1 unchanged.")

    (course,) = Course.objects
    assert (course.status, course.published_version, len(course.outbox)) == ("published", 1, 1)
    assert CourseVersions().find(course.id, 1) is not None


def test_what_cannot_be_published_is_told_before_anything_is_imported(run: Run) -> None:
    result = run([ALGEBRA, {**GEOMETRY, "languages": []}], "--publish")

    assert result.exit_code == 2
    assert "geometry: name a language" in result.stderr
    assert (state(), CourseVersion.objects.count()) == ([], 0)


def test_new_courses_have_the_owner_that_was_named_and_others_keep_theirs(run: Run) -> None:
    run([ALGEBRA])
    run([ALGEBRA, GEOMETRY], "--owner", "Ada@Example.org")

    owners = {course.slug: course.owner_id for course in Course.objects}
    assert owners == {"algebra": None, "geometry": "ada"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--owner", "nobody@example.org"), "--owner nobody@example.org: no such person"),
        (("--owner", "eve"), "--owner eve: no such person in the organization"),
        (("--org", "acme"), "--org acme: no such organization"),
    ],
)
def test_whoever_is_not_there_is_named(run: Run, arguments: Any, told: Any) -> None:
    result = run([ALGEBRA], *arguments)

    assert (result.exit_code, state()) == (2, [])
    assert told in result.stderr


def test_before_the_auth_service_ever_started_it_is_told_where_the_organization_comes_from(run: Run) -> None:
    Organization.objects.delete()

    result = run([ALGEBRA])

    assert (result.exit_code, state()) == (2, [])
    assert "--org default: no such organization: it comes with the first start of the auth service" in result.stderr


def test_when_the_database_goes_away_the_rest_is_imported_by_the_next_run(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = CourseStore.insert

    def fails(self: CourseStore, record: Course) -> Course:
        if record.slug == "geometry":
            raise Unavailable("MongoDB does not answer")
        return insert(self, record)

    with monkeypatch.context() as patch:
        patch.setattr(CourseStore, "insert", fails)
        result = run([ALGEBRA, GEOMETRY])

    assert result.exit_code == 2
    assert "stopped after 1 course of 2: import the file again" in result.stderr
    assert said(run([ALGEBRA, GEOMETRY])) == "Imported 2 courses: 1 created, 0 updated, 1 unchanged."


def test_a_course_that_somebody_made_meanwhile_is_brought_up_to_date(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    by_slug = CourseStore.by_slug

    def late(self: CourseStore, slug: str, *, org_id: str) -> Course | None:
        monkeypatch.setattr(CourseStore, "by_slug", by_slug)
        self.insert(Course(slug=slug, title="Somebody's", subject="math"))
        return None

    monkeypatch.setattr(CourseStore, "by_slug", late)
    run([ALGEBRA])

    (course,) = Course.objects
    assert course.title == "Algebra"


def test_without_its_indexes_nothing_is_imported(run: Run) -> None:
    Course._get_collection().drop_indexes()

    result = run([ALGEBRA])

    assert (result.exit_code, state()) == (2, [])
    assert "run the index deploy step" in result.stderr


def test_a_long_file_shows_how_far_it_is(run: Run) -> None:
    many = [{**ALGEBRA, "slug": f"c-{number}", "sections": []} for number in range(200)]

    result = run(many)

    assert said(result) == "Imported 200 courses: 200 created, 0 updated, 0 unchanged."
    assert "Importing" in result.stderr


def test_the_example_is_imported_and_published() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("course_service.commands.course_commands.database", nullcontext)
        result = CliRunner().invoke(courses, ["import", str(EXAMPLE), "--publish"])

    assert said(result).endswith("2 created, 0 updated, 0 unchanged, 2 published.")
