"""A file of courses, checked as a whole."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from course_service.course_files.exceptions import FileRefused, Problem, SyntaxRefused
from course_service.course_files.json_reader import read_json
from course_service.course_files.nodes import Listing, Node, Object
from course_service.course_files.values import Values
from course_service.course_files.yaml_reader import read_yaml
from course_service.courses.schemas import CourseCreate

LARGEST_BYTES = 32 * 1024 * 1024
MOST_COURSES = 10_000
READERS: dict[str, Callable[[str, list[Problem]], Node]] = {".json": read_json, ".yaml": read_yaml, ".yml": read_yaml}

T = TypeVar("T")


class Watch(Protocol):
    """Shows how far the work is while it goes through a list."""

    def __call__(self, things: Sequence[T], /) -> Iterable[T]:
        """Return the same things, one after the other."""


def unwatched(things: Sequence[T], /) -> Iterable[T]:
    """Show nothing."""
    return things


@dataclass(frozen=True, slots=True)
class FileCourse:
    """A course as a file has it, and the line where it begins."""

    line: int
    written: CourseCreate


def read_courses(path: Path, *, watch: Watch = unwatched) -> list[FileCourse]:
    """Read a file of courses: a list, each with the fields of `POST /v1/courses`.

    Raises:
        FileRefused: tells all mistakes, each with its line.
        OSError: the file cannot be read.
    """
    problems: list[Problem] = []
    try:
        items = _items(READERS[_kind(path)](_text(path), problems))
    except SyntaxRefused as exc:
        raise FileRefused(path, exc.problems) from exc
    slugs: dict[str, int] = {}
    courses = [course for item in watch(items) for course in _course(item, slugs, problems)]
    if problems:
        raise FileRefused(path, problems)
    return courses


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in READERS:
        raise SyntaxRefused([Problem(1, f"give the file a name that ends in {', '.join(READERS)}")])
    return kind


def _text(path: Path) -> str:
    """The contents; a byte order mark, which editors write, is dropped."""
    with path.open("rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise SyntaxRefused([Problem(1, f"the file is larger than {LARGEST_BYTES // 1024 // 1024} MiB: divide it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise SyntaxRefused([Problem(line, "is not UTF-8: save the file as UTF-8")]) from exc
    if "\0" in text:
        raise SyntaxRefused([Problem(text.count("\n", 0, text.index("\0")) + 1, "is no text: holds a zero byte")])
    if not text.strip():
        raise SyntaxRefused([Problem(1, "the file is empty")])
    return text


def _items(root: Node) -> list[Node]:
    if not isinstance(root, Listing):
        raise SyntaxRefused(
            [Problem(root.line, "the file is no list: begin each course with `- slug:`, or put [ ] around")]
        )
    if not root.items:
        raise SyntaxRefused([Problem(root.line, "the list holds no course")])
    if len(root.items) > MOST_COURSES:
        raise SyntaxRefused([Problem(root.line, f"more than {MOST_COURSES} courses: divide the file")])
    return root.items


def _course(item: Node, slugs: dict[str, int], problems: list[Problem]) -> Iterator[FileCourse]:
    if not isinstance(item, Object):
        problems.append(Problem(item.line, "a course is written as names with values, such as slug: algebra-1"))
        return
    values = Values(item)
    problems += values.problems
    problems += _repeated(values, slugs)
    try:
        yield FileCourse(item.line, CourseCreate.model_validate(values.plain))
    except ValidationError as exc:
        problems += [_unfit(error, values) for error in exc.errors(include_url=False)]


def _repeated(values: Values, slugs: dict[str, int]) -> Iterator[Problem]:
    slug = values.plain.get("slug")
    if not isinstance(slug, str):
        return
    line = values.line(("slug",))
    if slugs.setdefault(slug, line) != line:
        yield Problem(line, f"slug: is also that of line {slugs[slug]}")


def _unfit(error: ErrorDetails, values: Values) -> Problem:
    place = error["loc"]
    fields = [each for each in place if isinstance(each, str)]
    said = _FORMS.get(fields[-1] if fields else "") if error["type"] == "string_pattern_mismatch" else None
    said = said or _WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return Problem(values.line(place), f"{'.'.join(map(str, place))}: {said}")


_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no field of a course",
    "string_type": "give a text",
    "int_type": "give a whole number",
    "bool_type": "give true or false",
    "tuple_type": "give a list",
    "model_type": "give names with values",
    "string_unicode": "holds half of a character",
}
_FORMS = {
    "slug": "give 1 to 100 small letters, digits and -, such as algebra-1",
    "languages": "give a language tag such as en or pt-br",
    "currency": "give three capital letters such as EUR",
    "id": "give 1 to 64 letters, digits, - and _",
    "ref": "give 1 to 64 letters, digits, - and _",
    "trainer_ids": "give ids of people: 1 to 64 letters, digits, - and _",
}
