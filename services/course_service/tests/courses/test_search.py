"""Both searches keep the one promise of the port; where they differ is said here and in the README."""

from collections.abc import Callable
from typing import Any

import mongoengine
import pytest

from course_service.courses.catalogue import CourseCatalogue, CourseFilter
from course_service.courses.repository import CourseStore
from course_service.courses.search import Condition, CourseSearch, TokenSearch
from course_service.courses.text_search import INDEX, TextIndexSearch
from course_service.courses.words import folded, tokens
from course_service.states import CourseView
from lyceum_database import Course, DatabaseError, IndexesDiffer
from lyceum_database.testing import ManualClock

from .test_catalogue import ids, listed_course


class PlayedTextIndex(TextIndexSearch):
    """Plays MongoDB's part: whole words, all phrases of a search or else any word, in the heads of what is published.

    What it does with what the adapter asks is what MongoDB's manual says of `$text` without a language:
    https://www.mongodb.com/docs/manual/reference/operator/query/text/
    """

    def conditions(self, text: str, view: CourseView) -> list[Condition]:
        return [self._played(condition) for condition in super().conditions(text, view)]

    def _played(self, condition: Condition) -> Condition:
        if "$text" not in condition:
            return condition
        asked = condition["$text"]["$search"]
        assert asked.count('"') % 2 == 0
        assert not asked.replace('" "', "").strip('"').startswith("-"), "a leading minus would exclude the word"
        parts = [tokens(folded(part)) for part in asked.split('"')]
        bare, phrases = [word for part in parts[::2] for word in part], [word for part in parts[1::2] for word in part]
        if not phrases:
            return {"$or": [{"listed.tokens": word} for word in bare]}
        return {"$and": [{"listed.tokens": word} for word in phrases]}

    def create_index(self) -> None:
        """Nothing: it is played."""


ON_EACH_ENGINE = pytest.mark.parametrize(
    ("database", "search"),
    [
        ("embedded", "tokens"),
        ("embedded", "played text"),
        pytest.param("wire", "tokens", marks=pytest.mark.wire),
        pytest.param("wire", "text", marks=pytest.mark.wire),
    ],
    indirect=True,
)


@pytest.fixture
def search(request: pytest.FixtureRequest, database: str) -> CourseSearch:
    made: dict[str, Callable[[], CourseSearch]] = {
        "tokens": TokenSearch,
        "played text": PlayedTextIndex,
        "text": TextIndexSearch,
    }
    chosen = made[request.param]()
    assert database
    if request.param == "text":
        skip_without_text_index(chosen)
    chosen.create_index()
    return chosen


def skip_without_text_index(search: CourseSearch) -> None:
    """Some servers refuse the index, some take it and refuse to look into it, once there is something in it."""
    probe = listed_course(ManualClock(), id="probe")
    try:
        search.create_index()
        CourseCatalogue(search).find_page("default", CourseFilter(text="a"), after=None, limit=1)
    except DatabaseError:
        pytest.skip("this server has no text index")
    finally:
        CourseStore().delete(probe)


@pytest.fixture
def finds(search: CourseSearch, clock: ManualClock) -> Callable[..., set[str]]:
    listed_course(clock, id="algebra", title="Linear Algebra", summary="Matrices; every-day use.", subject="math")
    listed_course(clock, id="cooking", title="Crème brûlée", summary="Eggs, cream.", subject="food")
    listed_course(clock, id="archived", title="Linear Algebra", status="archived")
    listed_course(clock, id="elsewhere", title="Linear Algebra", org_id="acme")
    catalogue = CourseCatalogue(search)

    def find(text: str, **wanted: Any) -> set[str]:
        return set(ids(catalogue, CourseFilter(text=text, **wanted), page=2))

    return find


SEARCHES: dict[str, set[str]] = {
    "algebra": {"algebra"},
    "ALGEBRA linear": {"algebra"},
    "algebra eggs": set(),
    "creme BRÛLÉE": {"cooking"},
    "math": {"algebra"},
    "matrices, every day": {"algebra"},
    "eggs -cream": {"cooking"},
    '"linear algebra"': {"algebra"},
    "...": set(),
    "nothing": set(),
}


@ON_EACH_ENGINE
def test_a_course_is_found_by_all_of_the_words_in_whatever_spelling(finds: Callable[..., set[str]]) -> None:
    assert {text: finds(text) for text in SEARCHES} == SEARCHES


@ON_EACH_ENGINE
def test_words_and_filters_hold_together(finds: Callable[..., set[str]]) -> None:
    assert finds("algebra", subject="food") == set()
    assert finds("algebra", subject="math", language="en") == {"algebra"}


@ON_EACH_ENGINE
def test_drafts_are_searched_by_the_beginnings_of_words(finds: Callable[..., set[str]]) -> None:
    assert finds("alg", view=CourseView.DRAFT, status=None) == {"algebra", "archived"}


@ON_EACH_ENGINE
def test_only_tokens_find_words_by_their_beginnings(finds: Callable[..., set[str]], search: CourseSearch) -> None:
    assert finds("alg lin") == ({"algebra"} if isinstance(search, TokenSearch) else set())


@ON_EACH_ENGINE
def test_a_draft_is_not_found_by_learners(search: CourseSearch, clock: ManualClock) -> None:
    course = listed_course(clock, id="c", title="Published")
    drafted = course.drafted
    assert drafted is not None
    drafted.title, drafted.tokens = "Secret", ["secret"]
    course.save()

    catalogue = CourseCatalogue(search)

    assert ids(catalogue, CourseFilter(text="secret")) == []
    assert ids(catalogue, CourseFilter(text="secret", view=CourseView.DRAFT)) == ["c"]


def test_a_missing_text_index_is_named(database: str) -> None:
    assert database
    with pytest.raises(IndexesDiffer, match=f"Course \\({INDEX}\\) is missing"):
        TextIndexSearch().verify_index()


def test_the_text_index_is_asked_for_as_the_manual_says(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    asked: list[Any] = []
    collection = type(mongoengine.get_db()[Course._get_collection_name()])
    monkeypatch.setattr(collection, "create_index", lambda _, keys, **options: asked.append((keys, options)))

    TextIndexSearch().create_index()

    ((keys, options),) = asked
    assert keys[0] == ("org_id", 1), "one organization's words are looked for in its own part"
    assert {kind for _, kind in keys[1:]} == {"text"}
    assert {field for field, _ in keys[1:]} == set(options["weights"])
    assert (options["default_language"], options["name"]) == ("none", INDEX)
    assert not hasattr(Course, options["language_override"]), "a course's own field would choose the language"
