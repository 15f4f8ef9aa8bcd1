"""A course from its first draft to its end, over HTTP: who may do what, and who sees what of it."""

from typing import Any

import pytest

from lyceum_database import Course
from lyceum_web.testing import Callers, document_faults

from .school import COURSE, LESSONS, TEXT, School, application, enrol


def titles(body: Any) -> list[str]:
    return [lesson["title"] for section in body["sections"] for lesson in section["lessons"]]


def code(answer: Any) -> str:
    return f"{answer.status_code} {answer.json().get('code')}"


class TestDraft:
    def test_is_made_as_ones_own_with_ids_for_its_parts(self, school: School) -> None:
        made = school.creates("ada")

        body = made.json()
        parts = [part["id"] for section in body["sections"] for part in (section, *section["lessons"])]
        assert (body["owner_id"], body["status"], body["view"], body["published_version"]) == (
            *("ada", "draft", "draft"),
            None,
        )
        assert len(set(filter(None, parts))) == 3
        assert made.headers["Location"] == f"/v1/courses/{body['id']}"
        assert school.get(f"/{body['id']}", "ada").headers["ETag"] == made.headers["ETag"]

    def test_one_key_makes_one_course(self, school: School) -> None:
        first, again = (school.creates(key="k") for _ in range(2))

        assert first.json() == again.json()
        assert Course.objects.count() == 1

    def test_another_course_of_the_slug_is_refused_in_the_same_organization_only(self, school: School) -> None:
        school.course()

        assert code(school.creates("bob")) == "409 slug_taken"
        assert school.creates("eve", org="acme").status_code == 201

    def test_is_there_for_its_authors_and_managers_alone(self, school: School) -> None:
        course_id = school.course(trainer_ids=["bob"])

        assert [school.get(f"/{course_id}", who).status_code for who in ("ada", "bob", "boss", "ana")] == [
            *(200, 200, 200),
            404,
        ]
        assert school.get(f"/{course_id}", "eve", org="acme").status_code == 404

    def test_is_changed_in_what_is_said_and_nothing_else(self, school: School) -> None:
        course_id = school.course()
        before = school.get(f"/{course_id}", "ada").json()

        after = school.changes(course_id, title="Algebra one", summary=None).json()

        changed = {name for name in before if before[name] != after[name]}
        assert changed <= {"title", "summary", "updated_at"}
        assert (after["title"], after["summary"]) == ("Algebra one", "")

    @pytest.mark.parametrize("name", ["slug", "title", "subject", "owner_id"])
    def test_what_a_course_must_have_is_not_taken_away(self, school: School, name: Any) -> None:
        change: dict[str, Any] = {name: None}
        answer = school.changes(school.course(), "boss", **change)

        assert code(answer) == "422 invalid_request"
        assert answer.json()["errors"][0]["pointer"] == f"/body/{name}"

    def test_ids_of_lessons_stay_when_they_are_moved_and_renamed(self, school: School) -> None:
        course_id = school.course()
        sections = school.get(f"/{course_id}", "ada").json()["sections"]
        for lesson in sections[0]["lessons"]:
            del lesson["locked"]
        first, second = sections[0]["lessons"]

        moved = [{**sections[0], "lessons": [second, {**first, "title": "Renamed"}, dict(TEXT)]}]
        after = school.changes(course_id, sections=moved).json()["sections"][0]

        assert after["id"] == sections[0]["id"]
        assert [lesson["id"] for lesson in after["lessons"]][:2] == [second["id"], first["id"]]
        assert after["lessons"][2]["id"] not in (first["id"], second["id"])

    def test_an_id_is_in_a_course_once(self, school: School) -> None:
        twice = [{"id": "a", "title": "A", "lessons": [{**TEXT, "id": "a"}]}]

        answer = school.creates(sections=twice)

        assert code(answer) == "422 invalid_request"
        assert answer.json()["errors"][0]["pointer"] == "/body/sections"
        assert "0/lessons/0/id" in answer.json()["errors"][0]["message"]

    def test_whoever_has_not_seen_the_latest_changes_nothing(self, school: School) -> None:
        course_id = school.course()
        seen = school.get(f"/{course_id}", "ada").headers["ETag"]
        school.changes(course_id, title="Somebody was faster")

        for answer in (
            school.changes(course_id, tag=seen, title="Mine"),
            school.publishes(course_id, tag=seen),
            school.archives(course_id, tag=seen),
        ):
            assert code(answer) == "412 precondition_failed"
        after = school.get(f"/{course_id}", "ada").json()
        assert (after["title"], after["status"]) == ("Somebody was faster", "draft")

    def test_a_change_that_says_what_is_there_is_none(self, school: School) -> None:
        course_id = school.course()
        before = school.get(f"/{course_id}", "ada")

        after = school.changes(course_id, title=COURSE["title"], slug=COURSE["slug"], trainer_ids=[])

        assert (after.headers["ETag"], after.json()) == (before.headers["ETag"], before.json())


class TestRights:
    def test_somebody_elses_course_is_not_changed(self, school: School) -> None:
        course_id = school.offer()

        assert code(school.changes(course_id, "bob", title="Mine now")) == "403 not_your_course"
        assert code(school.archives(course_id, "bob")) == "403 not_your_course"
        assert code(school.publishes(course_id, "ada")) == "403 forbidden"
        assert code(school.changes(course_id, "ana", title="Mine now")) == "403 forbidden"
        assert code(school.creates("ana")) == "403 forbidden"

    def test_a_trainer_of_the_course_edits_it_and_does_not_say_who_else_does(self, school: School) -> None:
        course_id = school.course(trainer_ids=["bob"])

        assert school.changes(course_id, "bob", title="Better").status_code == 200
        assert code(school.changes(course_id, "bob", trainer_ids=["bob", "mallory"])) == "403 not_your_course"
        assert code(school.archives(course_id, "bob")) == "403 not_your_course"
        assert school.changes(course_id, "ada", trainer_ids=[]).status_code == 200
        assert school.get(f"/{course_id}", "bob").status_code == 404

    def test_a_course_changes_hands_by_a_manager_only(self, school: School) -> None:
        course_id = school.course()

        assert code(school.changes(course_id, "ada", owner_id="bob")) == "403 not_your_course"
        assert school.changes(course_id, "boss", owner_id="bob").json()["owner_id"] == "bob"


class TestPublication:
    def test_makes_the_draft_what_learners_see(self, school: School) -> None:
        course_id = school.course()
        published = school.publishes(course_id)

        seen = school.get(f"/{course_id}").json()
        assert (seen["view"], seen["published_version"], titles(seen)) == ("published", 1, ["Numbers", "Zero"])
        assert published.json()["view"] == "published"
        assert published.headers["ETag"] == school.get(f"/{course_id}", "ada").headers["ETag"]

    def test_the_draft_goes_on_and_learners_see_nothing_of_it(self, school: School) -> None:
        course_id = school.offer()
        before = school.get(f"/{course_id}").json()

        school.changes(course_id, title="A secret", price_minor=1, subject="art", sections=[])

        assert school.get(f"/{course_id}").json() == before
        assert school.get(f"/{course_id}", "ada").json()["title"] == "A secret"
        assert school.get(f"/{course_id}?view=published", "ada").json()["title"] == COURSE["title"]
        assert school.listed("q=secret") == school.listed("subject=art") == school.listed("price_max=1") == []
        assert code(school.get(f"/{course_id}?view=draft")) == "403 forbidden"

    def test_the_same_again_is_the_same_version_and_no_event(self, school: School) -> None:
        course_id = school.offer()
        first = Course.objects.get(pk=course_id)

        again = school.publishes(course_id)

        assert again.json()["published_version"] == 1
        assert Course.objects.get(pk=course_id).version == first.version

    def test_versions_are_numbered_and_stay_as_they_were(self, school: School) -> None:
        course_id = school.offer()
        first = school.get(f"/{course_id}/versions/1", "ada").json()
        school.changes(course_id, title="Algebra II")
        school.publishes(course_id)

        assert school.get(f"/{course_id}/versions/2").json()["title"] == "Algebra II"
        assert school.get(f"/{course_id}/versions/1", "ada").json() == first
        assert school.get(f"/{course_id}/versions/1").status_code == 404
        assert school.get(f"/{course_id}/versions/3", "ada").status_code == 404

    def test_of_nothing_is_refused_and_everything_missing_named(self, school: School) -> None:
        empty = {
            "title": "A",
            "lessons": [{"id": "v", "title": "V", "kind": "video"}, {**TEXT, "id": "t", "body": " "}],
        }
        course_id = school.course(languages=[], sections=[empty])

        answer = school.publishes(course_id)

        assert code(answer) == "409 not_publishable"
        for word in ("language", "lesson v", "lesson t"):
            assert word in answer.json()["detail"]
        assert code(school.publishes(school.course(slug="none", sections=[]))) == "409 not_publishable"

    def test_the_slug_stays_from_then_on(self, school: School) -> None:
        course_id = school.course()
        assert school.changes(course_id, slug="algebra-one").json()["slug"] == "algebra-one"
        school.publishes(course_id)

        assert code(school.changes(course_id, slug="algebra-two")) == "409 slug_fixed"

    def test_a_slug_that_is_taken_is_not_taken_twice(self, school: School) -> None:
        school.course(slug="taken")
        course_id = school.course()

        assert code(school.changes(course_id, slug="taken")) == "409 slug_taken"

    def test_is_told_with_the_version_that_learners_see(self, school: School) -> None:
        course_id = school.offer()

        entries = Course.objects.get(pk=course_id).outbox
        assert [entry["type"] for entry in entries] == ["COURSE_PUBLISHED"]
        assert [entry["key"] for entry in entries] == [course_id]


class TestArchive:
    def test_ends_the_sale_and_is_for_good(self, school: School) -> None:
        course_id = school.offer()
        assert school.archives(course_id).json()["status"] == "archived"

        assert school.listed() == []
        assert school.get(f"/{course_id}").status_code == 404
        assert code(school.changes(course_id, title="Back")) == "409 course_archived"
        assert code(school.publishes(course_id)) == "409 course_archived"
        assert [entry["type"] for entry in Course.objects.get(pk=course_id).outbox] == [
            "COURSE_PUBLISHED",
            "COURSE_ARCHIVED",
        ]

    def test_again_is_no_second_event(self, school: School) -> None:
        course_id = school.offer()
        tag = school.get(f"/{course_id}", "ada").headers["ETag"]
        school.archives(course_id)

        assert school.archives(course_id, tag=tag).status_code == 200
        assert len(Course.objects.get(pk=course_id).outbox) == 2

    def test_leaves_it_to_those_who_bought_it(self, school: School) -> None:
        course_id = school.offer()
        enrol("ana", course_id)
        school.archives(course_id)

        assert titles(school.get(f"/{course_id}").json()) == ["Numbers", "Zero"]
        assert school.get(f"/{course_id}", "tom").status_code == 404


class TestWhatIsSold:
    def test_is_shown_to_those_who_bought_it_and_what_is_free_to_all(self, school: School) -> None:
        course_id = school.offer()
        enrol("ana", course_id)

        def shown(who: str, path: str = "") -> list[tuple[str | None, bool]]:
            lessons = school.get(f"/{course_id}{path}", who).json()["sections"][0]["lessons"]
            return [(lesson["body"], lesson["locked"]) for lesson in lessons]

        body = TEXT["body"]
        assert shown("ana") == shown("boss") == shown("ana", "/versions/1") == [(body, False), (body, False)]
        assert shown("tom") == shown("tom", "/versions/1") == [(None, True), (body, False)]

    def test_is_closed_again_to_those_who_got_their_money_back(self, school: School) -> None:
        course_id = school.offer()
        enrol("ana", course_id, status="ended")

        assert school.get(f"/{course_id}").json()["sections"][0]["lessons"][0]["locked"]

    def test_a_purchase_changes_the_tag_of_what_is_seen(self, school: School) -> None:
        course_id = school.offer()
        tag = school.get(f"/{course_id}").headers["ETag"]
        assert school.get(f"/{course_id}", **{"If-None-Match": tag}).status_code == 304

        enrol("ana", course_id)

        assert school.get(f"/{course_id}", **{"If-None-Match": tag}).status_code == 200


def test_every_route_is_described_with_words_and_examples() -> None:
    assert document_faults(application(Callers())) == []


def test_sections_say_what_was_sent(school: School) -> None:
    body = school.creates().json()

    for shown, written in zip(body["sections"][0]["lessons"], LESSONS, strict=True):
        assert {name: shown[name] for name in written} == written
