"""Lists of courses: whatever is asked for, all that fits is there, once, in order, and nothing else."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_service.courses.catalogue import CourseCatalogue, CourseFilter, position
from course_service.courses.content import Content
from course_service.courses.listing import listing_of
from course_service.courses.repository import CourseStore
from course_service.courses.search import TokenSearch
from course_service.courses.words import asked, sort_key, tokens
from course_service.states import CourseSort, CourseView
from lyceum_database import Course
from lyceum_database.testing import ManualClock, temporary_database

from .school import School

KNOWN = itertools.count()


def content(**changes: Any) -> Content:
    plain: dict[str, Any] = {
        "summary": "",
        "subject": "math",
        "languages": ("en",),
        "price_minor": 0,
        "currency": "EUR",
    }
    return Content(**{"title": "A course", "sections": (), **plain, **changes})


def listed_course(clock: ManualClock, **changes: Any) -> Course:
    """A course whose published version and draft have the same head."""
    own: dict[str, Any] = {
        name: changes.pop(name) for name in ("id", "org_id", "owner_id", "trainer_ids", "status") if name in changes
    }
    described = content(**changes)
    number = next(KNOWN)
    scalar = {name: getattr(described, name) for name in ("title", "summary", "subject", "price_minor", "currency")}
    head = listing_of(described, number=1, published_at=clock())
    clock.advance(timedelta(seconds=1))
    fields: dict[str, Any] = {
        "slug": f"c-{number}",
        "status": "published",
        "published_version": 1,
        "listed": head,
        **scalar,
        **own,
    }
    return CourseStore(clock=clock).insert(Course(drafted=listing_of(described), **fields))


def ids(catalogue: CourseCatalogue, wanted: CourseFilter, *, page: int = 100, org_id: str = "default") -> list[str]:
    """All pages of a list."""
    found: list[str] = []
    after = None
    while lines := catalogue.find_page(org_id, wanted, after=after, limit=page):
        found += [line.course.id for line in lines]
        after = position(lines[-1], wanted)
        assert len(lines) <= page
    return found


@pytest.fixture
def catalogue(database: str) -> CourseCatalogue:
    assert database
    return CourseCatalogue(TokenSearch())


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"a", "b", "c"}),
    ({"subject": "MATH"}, {"a", "b"}),
    ({"language": "PT-br"}, {"b"}),
    ({"price_max": 100}, {"a", "b"}),
    ({"price_max": 99}, {"a"}),
    ({"price_max": 100, "currency": "USD"}, {"b"}),
    ({"trainer_id": "tom"}, {"c"}),
    ({"of_user": "tom"}, {"b", "c"}),
    ({"text": "forêts"}, {"c"}),
    ({"text": "FORET tropical"}, {"c"}),
    ({"text": "forest algebra"}, set()),
    ({"text": "...!"}, set()),
    ({"status": None}, {"a", "b", "c", "d"}),
]


class TestFilters:
    def test_all_that_are_given_have_to_hold(self, catalogue: CourseCatalogue, clock: ManualClock) -> None:
        forests: dict[str, Any] = {"title": "Forêts", "summary": "Tropical"}
        listed_course(clock, id="a", title="Algebra", subject="Math")
        listed_course(clock, id="b", languages=("en", "pt-BR"), price_minor=100, currency="USD", owner_id="tom")
        listed_course(clock, id="c", subject="art", price_minor=5000, trainer_ids=["tom"], **forests)
        listed_course(clock, id="d", status="archived", **forests)
        listed_course(clock, id="e", org_id="acme")

        for wanted, slugs in FILTERS:
            assert (wanted, set(ids(catalogue, CourseFilter(**wanted)))) == (wanted, slugs)

    def test_pages_hold_every_course_once_in_order(self, catalogue: CourseCatalogue, clock: ManualClock) -> None:
        made = [
            listed_course(clock, id=f"{number}", title="bca"[number % 3] * 2, price_minor=number % 2 * 100)
            for number in range(7)
        ]
        keys: dict[CourseSort, Any] = {
            CourseSort.NEWEST: lambda course: (course.created_at, course.id),
            CourseSort.TITLE: lambda course: (course.title, course.id),
            CourseSort.PRICE: lambda course: (course.price_minor, course.id),
            CourseSort.PRICE_DOWN: lambda course: (course.price_minor, course.id),
        }
        for sort, view, page in itertools.product(CourseSort, CourseView, (1, 2, 3, 100)):
            expected = sorted(made, key=keys[sort], reverse=sort in (CourseSort.NEWEST, CourseSort.PRICE_DOWN))
            found = ids(catalogue, CourseFilter(sort=sort, view=view), page=page)
            assert (sort, view, page, found) == (sort, view, page, [course.id for course in expected])

    def test_a_line_holds_neither_the_draft_nor_what_is_to_be_told(
        self, catalogue: CourseCatalogue, clock: ManualClock
    ) -> None:
        course = listed_course(clock)
        course.draft = {"sections": [{"id": "secret", "title": "Secret"}]}
        CourseStore().save(course)

        (line,) = catalogue.find_page("default", CourseFilter(), after=None, limit=10)

        assert (line.course.draft, line.course.outbox, line.course.drafted) == ({}, [], None)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@given(
    texts=st.lists(texts, min_size=1, max_size=4), spelled=st.sampled_from([str, str.upper, str.lower, str.swapcase])
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_is_found_by_its_own_words_in_any_case(texts: list[str], spelled: Any) -> None:
    there = tokens(*texts)

    for text in texts:
        assert all(any(word.startswith(sought) for word in there) for sought in asked(text))
    if all(map(str.isascii, texts)):  # elsewhere an upper case may be another word: ß and SS
        assert tokens(*map(spelled, texts)) == there


@given(texts)
def test_what_titles_are_sorted_by_fits_into_a_cursor(text: str) -> None:
    assert len(sort_key(text * 10).encode("unicode-escape")) <= 400


def test_no_text_is_read_as_a_pattern(clock: ManualClock) -> None:
    with temporary_database([Course]):
        listed_course(clock, title="\u5b66")
        catalogue = CourseCatalogue(TokenSearch())

        @given(text=st.text(st.characters(max_codepoint=0x2FF), max_size=100))
        @settings(max_examples=200, deadline=None)
        def finds(text: str) -> None:
            found = bool(catalogue.find_page("default", CourseFilter(text=text), after=None, limit=1))
            assert found == bool(asked(text) and all("math".startswith(word) for word in asked(text)))

        finds()


class TestOverHttp:
    def test_a_list_is_walked_by_its_cursors(self, school: School) -> None:
        slugs = [f"course-{number}" for number in range(5)]
        for slug in slugs:
            school.offer(slug=slug)

        assert school.listed("limit=2") == slugs[::-1]
        assert school.listed("limit=1&sort=title") == school.listed("sort=price&limit=3") == slugs

    def test_a_cursor_belongs_to_its_list(self, school: School) -> None:
        for number in range(3):
            school.offer(slug=f"course-{number}")
        cursor = school.get("?limit=1").json()["next_cursor"]

        for query in ("subject=math", "sort=title", "status=any"):
            assert school.get(f"?{query}&cursor={cursor}", "boss").json()["code"] == "invalid_cursor"
        assert school.get(f"?limit=2&cursor={cursor}").status_code == 200

    def test_authors_list_their_own_as_they_edit_them_and_managers_all(self, school: School) -> None:
        school.course(slug="draft")
        course_id = school.offer(slug="offered", trainer_ids=["bob"])
        school.changes(course_id, title="Edited since")
        school.archives(school.offer(slug="over"))
        school.course("bob", slug="of-bob")

        assert school.listed("status=any", "ada") == ["over", "offered", "draft"]
        assert school.listed("status=any", "bob") == ["of-bob", "offered"]
        assert set(school.listed("status=any", "boss")) == {"draft", "offered", "over", "of-bob"}
        assert school.listed("status=draft", "ada") == ["draft"]
        assert school.listed("status=archived", "ada") == ["over"]
        assert school.listed("status=published&q=edited", "ada") == ["offered"]
        assert school.listed("q=edited", "ada") == []
        assert school.get("?status=any").json()["code"] == "forbidden"
        assert school.listed("status=any", "eve", org="acme") == []

    def test_the_catalogue_is_what_is_published_whoever_looks(self, school: School) -> None:
        school.course(slug="draft")
        school.offer(slug="offered")

        assert school.listed() == school.listed(who="ada") == school.listed(who="boss") == ["offered"]
        assert school.listed(who="eve", org="acme") == []

    @pytest.mark.parametrize(
        "query",
        [
            "price_max=-1",
            "price_max=1.5",
            "sort=secret",
            "status=gone",
            "language=no%20way",
            "trainer_id=a%20b",
            "q=",
            "limit=0",
        ],
    )
    def test_what_makes_no_sense_is_refused(self, school: School, query: str) -> None:
        answer = school.get(f"?{query}")

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"

    @pytest.mark.parametrize(
        "q", ["$where", '{"$gt": ""}', "^(z+)+$", "' or 1=1", "\\", "a" * 200, "\u202e", "[", "(?s:.)"]
    )
    def test_no_search_is_a_pattern_or_an_operator(self, school: School, q: str) -> None:
        school.offer(title="Algebra")

        answer = school.client.get("/v1/courses", params={"q": q}, headers=school.headers("ana"))

        assert (answer.status_code, answer.json()["items"]) == (200, [])
