"""Finding courses by words with MongoDB's text index, where there is one."""

from typing import Any

from course_service.courses.search import Condition, TokenSearch
from course_service.courses.words import asked
from course_service.states import CourseView
from lyceum_database import Course, IndexesDiffer, translated_errors

INDEX = "courses_text"
_WEIGHTS = {"listed.title": 10, "listed.subject": 5, "listed.summary": 1}


class TextIndexSearch:
    """Looks for whole words with `$text`, in what is published; drafts are few, and have no text index: by tokens.

    No language's stop words and stems: one index serves all languages. A collection has one text index.
    https://www.mongodb.com/docs/manual/core/indexes/index-types/index-text/
    """

    def __init__(self) -> None:
        self._drafts = TokenSearch()

    def conditions(self, text: str, view: CourseView) -> list[Condition]:
        """See `CourseSearch`."""
        if view is CourseView.DRAFT:
            return self._drafts.conditions(text, view)
        words = asked(text)
        # Words in quotes are phrases, and of phrases all have to be there; bare words would be alternatives.
        return [{"$text": {"$search": " ".join(f'"{word}"' for word in words)}}] if words else []

    def create_index(self) -> None:
        """See `CourseSearch`.

        Raises:
            DatabaseError: the engine has no text index.
        """
        with translated_errors():
            self._collection().create_index(
                [("org_id", 1), *((field, "text") for field in _WEIGHTS)],
                name=INDEX,
                weights=_WEIGHTS,
                default_language="none",
                language_override="text_index_language",  # a field that no course has
            )

    def verify_index(self) -> None:
        """See `CourseSearch`."""
        with translated_errors():
            present = self._collection().index_information()
        if INDEX not in present:
            text = f"Course ({INDEX}) is missing"
            raise IndexesDiffer(f"the database lacks indexes (run the index deploy step): {text}", problems=[text])

    def _collection(self) -> Any:
        return Course._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
