"""What enemies and accidents send: refused with a reason, never half stored, never our fault."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bson
import pytest

from course_service.courses.content import Lesson, Section, stored
from course_service.courses.rules import MOST_BYTES, MOST_LESSONS, MOST_SECTIONS
from course_service.models import CourseVersion
from lyceum_database import Course

from .school import TEXT, School

ROOM = {"title": "S", "lessons": []}


def lessons(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**TEXT, **changes} for _ in range(count)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"slug": "Algebra"}, "/body/slug"),
        ({"slug": "-a"}, "/body/slug"),
        ({"slug": "a\n"}, "/body/slug"),
        ({"slug": "a" * 101}, "/body/slug"),
        ({"title": " "}, "/body/title"),
        ({"title": "a\u202eb\u2028c"}, "/body/title"),
        ({"title": "a" * 201}, "/body/title"),
        ({"title": {"$gt": ""}}, "/body/title"),
        ({"summary": "a\u0007"}, "/body/summary"),
        ({"subject": "a;b"}, "/body/subject"),
        ({"languages": ["en", "EN"]}, "/body/languages"),
        ({"languages": ["en"] * 21}, "/body/languages"),
        ({"price_minor": -1}, "/body/price_minor"),
        ({"price_minor": 49.5}, "/body/price_minor"),
        ({"price_minor": "4900"}, "/body/price_minor"),
        ({"price_minor": True}, "/body/price_minor"),
        ({"price_minor": 10**30}, "/body/price_minor"),
        ({"currency": "eur"}, "/body/currency"),
        ({"owner_id": "ana"}, "/body/owner_id"),
        ({"status": "published"}, "/body/status"),
        ({"published_version": 1}, "/body/published_version"),
        ({"trainer_ids": ["a b"]}, "/body/trainer_ids/0"),
        ({"sections": {"0": ROOM}}, "/body/sections"),
        ({"sections": [ROOM] * (MOST_SECTIONS + 1)}, "/body/sections"),
        ({"sections": [{**ROOM, "lessons": lessons(MOST_LESSONS + 1)}]}, "/body/sections/0/lessons"),
        ({"sections": [{**ROOM, "lessons": lessons(1, kind="film")}]}, "/body/sections/0/lessons/0/kind"),
        ({"sections": [{**ROOM, "lessons": lessons(1, free="yes")}]}, "/body/sections/0/lessons/0/free"),
        ({"sections": [{**ROOM, "lessons": lessons(1, locked=False)}]}, "/body/sections/0/lessons/0/locked"),
        ({"sections": [{**ROOM, "id": "../x"}]}, "/body/sections/0/id"),
        ({"sections": [{**ROOM, "lessons": lessons(1, body="a" * 50_001)}]}, "/body/sections/0/lessons/0/body"),
        (
            {"sections": [{**ROOM, "lessons": lessons(1, body="a\u0301" + "\u0323" * 30)}]},
            "/body/sections/0/lessons/0/body",
        ),
    ],
)
def test_what_is_no_course_is_refused_by_name(school: School, body: Any, pointer: Any) -> None:
    made = school.creates(**body)
    course_id = None if "slug" in body else school.course(slug="other")

    assert (made.status_code, made.json()["code"]) == (422, "invalid_request")
    assert made.json()["errors"][0]["pointer"] == pointer
    if course_id is not None and body.keys() != {"owner_id"}:
        assert school.changes(course_id, **body).json()["errors"][0]["pointer"] == pointer
    assert Course.objects.count() == (course_id is not None)


def test_sections_that_no_document_could_hold_are_refused(school: School) -> None:
    refused = school.creates(sections=[{"title": "S", "lessons": lessons(84, body="é" * 25_000)}])

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert "4 MiB" in refused.json()["errors"][0]["message"]


def test_the_most_that_is_let_in_fits_into_a_document() -> None:
    lesson = Lesson(id="i" * 36, title="t", kind="text")
    every = tuple(Section(id="i" * 36, title="t", lessons=(lesson,) * MOST_LESSONS) for _ in range(MOST_SECTIONS))

    document = {"sections": stored(every)}

    assert len(json.dumps(document)) < MOST_BYTES
    assert len(bson.encode(document)) < 2 * MOST_BYTES <= 16 * 1024 * 1024 // 2


@pytest.mark.parametrize("path", ["$where", "..%2f", "a%00b", "a" * 65, "a%20b"])
def test_no_id_is_an_operator_or_a_path(school: School, path: str) -> None:
    assert school.get(f"/{path}", "boss").status_code in (404, 422)
    assert school.changes(path, "boss", title="x").status_code in (404, 422)


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "99999999999999999999", "one"])
def test_no_number_is_out_of_bounds(school: School, number: str) -> None:
    assert school.get(f"/{school.offer()}/versions/{number}", "boss").status_code == 422


@pytest.mark.parametrize("tag", ["7", "W/", '"', ""])
def test_what_is_no_tag_is_refused(school: School, tag: str) -> None:
    answer = school.changes(school.course(), tag=tag, title="x")

    assert answer.json()["code"] == "bad_request"


def test_a_weak_tag_or_none_changes_nothing(school: School) -> None:
    course_id = school.course()
    headers = school.headers("ada")

    assert school.changes(course_id, tag='W/"1"', title="x").status_code == 412
    assert school.client.patch(f"/v1/courses/{course_id}", json={}, headers=headers).status_code == 428
    assert school.client.post(f"/v1/courses/{course_id}/archive", headers=headers).status_code == 428
    publication = f"/v1/courses/{course_id}/publication"
    assert school.client.post(publication, headers=school.headers("boss")).status_code == 428


def test_a_patch_is_an_object_and_nothing_else(school: School) -> None:
    course_id = school.course()
    headers = school.headers("ada") | {"If-Match": "*", "Content-Type": "application/merge-patch+json"}

    for body in ("[]", "null", '"x"', '[{"op": "remove", "path": "/title"}]'):
        answer = school.client.patch(f"/v1/courses/{course_id}", content=body, headers=headers)
        assert answer.status_code == 422
    twice = school.client.patch(f"/v1/courses/{course_id}", content='{"title": "a", "title": "b"}', headers=headers)
    assert twice.json()["code"] == "malformed_json"
    assert school.client.patch(f"/v1/courses/{course_id}", content="{}", headers=headers).status_code == 200


def test_another_organization_finds_nothing_whatever_it_asks(school: School) -> None:
    course_id = school.offer()
    stranger = school.headers("eve", "acme")

    for method, path in (
        ("GET", ""),
        ("GET", "?view=draft"),
        ("PATCH", ""),
        ("POST", "/publication"),
        ("POST", "/archive"),
        ("GET", "/versions/1"),
    ):
        body: dict[str, str] | None = {} if method == "PATCH" else None
        headers = stranger | {"If-Match": "*"}
        answer = school.client.request(method, f"/v1/courses/{course_id}{path}", json=body, headers=headers)
        assert (method, path, answer.status_code) == (method, path, 404)


def test_of_many_at_one_moment_one_makes_the_course_and_one_version_is_published(school: School) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: school.creates().status_code, range(16)))
        course_id = Course.objects.get().id
        published = list(pool.map(lambda _: school.publishes(course_id).status_code, range(16)))

    assert sorted(made) == [201] + [409] * 15
    assert set(published) == {200}
    course = Course.objects.get()
    assert (course.published_version, len(course.outbox)) == (1, 1)
    assert CourseVersion.objects.count() == 1
    assert json.loads(course.outbox[0]["value"])["version"] == 1


def test_of_many_edits_of_what_each_has_read_one_counts(school: School) -> None:
    course_id = school.course()
    tag = school.get(f"/{course_id}", "ada").headers["ETag"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: school.changes(course_id, tag=tag, title=f"Title {number}"), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    (won,) = [answer.json()["title"] for answer in answers if answer.status_code == 200]
    assert school.get(f"/{course_id}", "ada").json()["title"] == won
