"""Files that people, editors and enemies write: every mistake is told with its line, and nothing is guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from course_service.course_files.exceptions import FileRefused
from course_service.course_files.reading import LARGEST_BYTES, read_courses

EXAMPLE = Path(__file__).parents[4] / "examples" / "courses.yaml"

GOOD = """\
- slug: algebra-1
  title: Algebra 1
  subject: math
  languages: [en]
  sections:
    - title: Numbers
      lessons:
        - {title: Zero, kind: text, body: "0", free: true}
"""


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(contents: str | bytes, name: str = "courses.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return path

    return write


def refusal(path: Path) -> list[str]:
    """The report, each line without the name of the file."""
    with pytest.raises(FileRefused) as caught:
        read_courses(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def as_json(contents: str, file: Any) -> Path:
    """The same courses in JSON."""
    courses = [each.written.model_dump(mode="json", exclude_unset=True) for each in read_courses(file(contents))]
    return Path(file(json.dumps(courses, indent=1), "courses.json"))


def test_the_example_is_fit() -> None:
    assert [course.written.slug for course in read_courses(EXAMPLE)] == ["algebra-1", "norsk-for-begynnere"]


def test_yaml_and_json_say_the_same(file: Any) -> None:
    in_json = read_courses(as_json(GOOD, file))

    assert [course.written for course in in_json] == [course.written for course in read_courses(file(GOOD))]


@pytest.mark.parametrize("dressed", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_what_editors_add_changes_nothing(file: Any, dressed: Any) -> None:
    assert [each.written for each in read_courses(file(dressed))] == [each.written for each in read_courses(file(GOOD))]


def test_a_byte_order_mark_is_no_part_of_json_either(file: Any) -> None:
    marked = file(b"\xef\xbb\xbf" + as_json(GOOD, file).read_bytes(), "marked.json")

    assert [course.written.slug for course in read_courses(marked)] == ["algebra-1"]


def test_a_bare_word_of_yaml_is_what_its_place_asks_for(file: Any) -> None:
    text = "- {slug: '1984', title: 1984, subject: no, summary: 2026-01-31, languages: [no], price_minor: 010}\n"

    (course,) = read_courses(file(text))

    assert (course.written.title, course.written.subject, course.written.languages) == ("1984", "no", ("no",))
    assert (course.written.summary, course.written.price_minor) == ("2026-01-31", 10)


def test_all_mistakes_are_told_at_once_each_with_its_line(file: Any) -> None:
    text = """\
- slug: A b
  title: ""
  title: twice
  bogus: 1
  subject: a|b
  price_minor: "12"
  languages: [english please]
  sections:
    - lessons:
        - kind: film
          title: &x hello
          free: perhaps
- 7
- slug: b
- slug: b
  title: *x
  subject: math
  currency: euro
"""
    assert [line.split(": ")[:2] for line in refusal(file(text))] == [
        ["1", "slug"],
        ["2", "title"],
        ["3", "title stands here a second time, after line 2"],
        ["4", "bogus"],
        ["5", "subject"],
        ["6", "price_minor"],
        ["7", "languages.0"],
        ["9", "sections.0.title"],
        ["10", "sections.0.lessons.0.kind"],
        ["11", "references (&name, *name) are not read"],
        ["12", "sections.0.lessons.0.free"],
        ["13", "a course is written as names with values, such as slug"],
        ["14", "subject"],
        ["14", "title"],
        ["15", "slug"],
        ["16", "references (&name, *name) are not read"],
        ["18", "currency"],
    ]


def test_mistakes_in_json_have_lines_too(file: Any) -> None:
    text = '[\n {"slug": "a",\n  "slug": "b",\n  "title": 7, "subject": "math",\n  "price_minor": 1.5,\n  "x": null}\n]'

    assert [line.split(":")[0] for line in refusal(file(text, "courses.json"))] == ["3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("name", "contents", "told"),
    [
        ("a.yaml", "", "1: the file is empty"),
        ("a.yaml", "\n \n", "1: the file is empty"),
        ("a.json", "", "1: the file is empty"),
        ("a.yaml", "# nothing but a remark\n", "1: the file is empty"),
        ("a.yaml", "[]", "1: the list holds no course"),
        ("a.yaml", "slug: a\n", "1: the file is no list"),
        ("a.json", '{"slug": "a"}', "1: the file is no list"),
        ("a.csv", "slug\n", "1: give the file a name that ends in .json, .yaml, .yml"),
        ("a.yaml", b"\x89PNG\r\n\x1a\n\0\0", "1: is not UTF-8"),
        ("a.yaml", b"- a: 1\n- \xff\n", "2: is not UTF-8"),
        ("a.yaml", "- a\n".encode("utf-16"), "1: is not UTF-8"),
        ("a.json", b'["a",\n "\0"]', "2: is no text: holds a zero byte"),
        ("a.yaml", "- 'abc\n", "2: column 1: found unexpected end of stream"),
        ("a.yaml", "- a: b\n---\n- c: d\n", "2: the file is over at ---"),
        ("a.yaml", "- ? [a]\n  : b\n", "1: a name is a word"),
        ("a.yaml", "- a: 1\n\t- b\n", "2: "),
        ("a.json", "[\n 1,\n]", "3: column 1: a value is expected"),
        ("a.json", "[\n 1\n", "3: column 1: , is expected"),
        ("a.json", '[{"a" 1}]', "1: column 7: : is expected"),
        ("a.json", "[{a: 1}]", "1: column 3: a name in double quotes is expected"),
        ("a.json", "[] []", "1: column 4: the document is over"),
        ("a.json", "[NaN]", "1: column 2: a value is expected"),
        ("a.json", f"[{'9' * 5000}]", "1: column 2: this number is too long"),
        ("a.json", "[" * 100_000, "1: column 18: more than 16"),
        ("a.yaml", "[" * 100_000, "1: more than 16"),
        ("a.yaml", "- " * 1000 + "a", "1: more than 16"),
    ],
)
def test_what_is_no_file_of_courses_is_told_in_one_line(file: Any, name: Any, contents: Any, told: Any) -> None:
    (line,) = refusal(file(contents, name))

    assert line.startswith(told)


def test_a_few_lines_cannot_become_gigabytes(file: Any) -> None:
    bomb = "- a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"  {name}: &{name} [{', '.join([f'*{former}'] * 9)}]\n"
        for former, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert all("references" in line or "is no field" in line or "missing" in line for line in refusal(file(bomb)))


@pytest.mark.parametrize(
    "text",
    [
        "- !!python/object/apply:os.system [id]\n",
        "- slug: !!binary aGk=\n  title: a\n  subject: a\n",
        "- !course\n  slug: a\n  title: a\n  subject: a\n",
    ],
)
def test_nothing_in_a_file_makes_an_object(file: Any, text: str) -> None:
    assert "1: tags (!name) are not read" in refusal(file(text))


def test_a_large_file_is_refused_before_it_is_read(file: Any) -> None:
    (line,) = refusal(file(b" " * (LARGEST_BYTES + 1)))

    assert line == "1: the file is larger than 32 MiB: divide it"


def test_a_long_report_is_cut_and_says_so(file: Any) -> None:
    lines = refusal(file("- 7\n" * 250))

    assert (len(lines), lines[-1]) == (101, " and 150 more")


def test_a_half_of_a_surrogate_pair_is_no_text(file: Any) -> None:
    (line,) = refusal(file('[{"slug": "a", "subject": "b",\n"title": "\\ud83d"}]', "a.json"))

    assert line == "2: title: holds half of a character"
