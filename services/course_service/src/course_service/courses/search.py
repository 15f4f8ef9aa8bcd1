"""Finding courses by words: a port, and the way that works on every engine."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from course_service.courses.words import asked
from course_service.states import CourseView

Condition = Mapping[str, Any]

HEADS: Mapping[CourseView, str] = {CourseView.DRAFT: "drafted", CourseView.PUBLISHED: "listed"}
"""Which part of the document lists one view."""


class SearchKind(StrEnum):
    """How words are searched for: COURSE_SEARCH."""

    TOKENS = "tokens"
    TEXT = "text"


class CourseSearch(Protocol):
    """Finds courses that have all of some words in title, summary or subject, whatever their case and accents."""

    def conditions(self, text: str, view: CourseView) -> list[Condition]:
        """Return what the database is asked for, all of it, besides the filters; nothing if the text has no word."""

    def create_index(self) -> None:
        """Make the index that the search needs beyond those of the model: a deploy step, safe to repeat."""

    def verify_index(self) -> None:
        """Check that it is there, without changing anything.

        Raises:
            IndexesDiffer: it is not.
        """


class TokenSearch:
    """Looks for words in an array of words, each by its beginning: `alg` finds Algebra. Asks nothing of the engine."""

    def conditions(self, text: str, view: CourseView) -> list[Condition]:
        """See `CourseSearch`."""
        field = f"{HEADS[view]}.tokens"
        return [{field: {"$regex": f"^{re.escape(word)}"}} for word in asked(text)]

    def create_index(self) -> None:
        """Nothing: the model has it."""

    def verify_index(self) -> None:
        """Nothing: it is verified with the model's."""
