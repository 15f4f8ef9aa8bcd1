"""Trainers in a CSV file: read as a whole, and refused as a whole with every mistake named."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from lyceum_allocation.errors import FileRefused
from lyceum_allocation.keys import skill
from lyceum_allocation.text_file import Place, read_text
from lyceum_database import is_id
from lyceum_database.keys import normalised_email

COLUMNS = ("trainer_id", "email", "name", "subjects", "languages", "capacity", "timezone")
MOST_CAPACITY = 1000
"""Seats are entries of one document: a bound keeps it small."""

MOST_SKILLS = 200
"""Subjects times languages of one trainer: each is an entry of an index."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s.\x00-\x1f\x7f]+(\.[^@\s.\x00-\x1f\x7f]+)+")
_SUBJECT = re.compile(r"[^|;\s\x00-\x1f\x7f]([^|;\x00-\x1f\x7f]{0,62}[^|;\s\x00-\x1f\x7f])?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_LANGUAGE = re.compile(r"(?=.{2,35}\Z)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerRow:
    """One trainer, as the file says it."""

    place: Place
    trainer_id: str
    email: str
    name: str
    subjects: tuple[str, ...]
    languages: tuple[str, ...]
    capacity: int
    timezone: str

    @property
    def skills(self) -> tuple[str, ...]:
        """Every subject in every language."""
        return tuple(sorted({skill(subject, language) for subject in self.subjects for language in self.languages}))


def read_trainers(path: Path) -> tuple[TrainerRow, ...]:
    """Read and check a whole file.

    The columns may stand in any order, further columns are ignored. Several subjects or languages stand in one cell,
    with ``;`` between them.

    Raises:
        FileRefused: lists every mistake as ``file:line: what, and what to do``.
        OSError: the file cannot be read.
    """
    problems: list[str] = []
    rows: list[TrainerRow] = []
    for place, cells in _records(path, problems):
        found = list(_mistakes(cells))
        problems += [f"{place}: {mistake}" for mistake in found]
        if not found:
            rows.append(_row(place, cells))
    problems += _repeated(rows)
    if not problems and not rows:
        problems.append(f"{path}:1: holds no trainer: give at least one row below the header")
    if problems:
        raise FileRefused(problems)
    return tuple(rows)


def _records(path: Path, problems: list[str]) -> Iterator[tuple[Place, dict[str, str]]]:
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    header: list[str] | None = None
    while True:
        place = Place(path, reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as exc:
            problems.append(f"{place}: is no CSV: {exc}")
            return
        if header is None:
            header = [name.strip() for name in cells]
            if mistake := _header_mistake(header):
                problems.append(f"{place}: {mistake}")
                return
        elif cells and len(cells) != len(header):
            problems.append(f"{place}: has {len(cells)} cells, the header has {len(header)}: quote cells with a comma")
        elif cells:
            yield place, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    if header is None:
        problems.append(f"{path}:1: is empty: the first line names the columns {','.join(COLUMNS)}")


def _header_mistake(header: list[str]) -> str | None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        return f"misses column {', '.join(missing)}: `lyceum trainers import --help` shows the whole first line"
    repeated = sorted({name for name in header if name in COLUMNS and header.count(name) > 1})
    return f"names column {', '.join(repeated)} twice: keep one" if repeated else None


def _mistakes(cells: Mapping[str, str]) -> Iterator[str]:
    if not is_id(cells["trainer_id"]):
        yield f"trainer_id {cells['trainer_id']!r}: give 1 to 64 letters, digits, - or _"
    if not _EMAIL.fullmatch(cells["email"]) or len(cells["email"]) > 254:  # noqa: PLR2004 - RFC 5321's limit
        yield f"email {cells['email']!r} is no address: give one such as ada@example.org"
    if not 0 < len(cells["name"]) <= 200 or not cells["name"].isprintable():  # noqa: PLR2004 - as User.name
        yield f"name {cells['name']!r}: give 1 to 200 printable characters"
    yield from _list_mistakes("subjects", cells["subjects"], _SUBJECT, "math;physics")
    yield from _list_mistakes("languages", cells["languages"], _LANGUAGE, "en;pt-br")
    skills = len(_items(cells["subjects"])) * len(_items(cells["languages"]))
    if skills > MOST_SKILLS:
        yield f"has {skills} skills, its subjects times its languages: give at most {MOST_SKILLS}"
    yield from _capacity_mistakes(cells["capacity"])
    if cells["timezone"] not in _timezones():
        yield f"timezone {cells['timezone']!r} is unknown: give an IANA name such as Europe/Lisbon"


def _capacity_mistakes(cell: str) -> Iterator[str]:
    # Not whatever int() reads: it takes 1_0 for ten.
    if not _WHOLE_NUMBER.fullmatch(cell):
        yield f"capacity {cell!r} is no whole number: give 0 to {MOST_CAPACITY}"
    elif not 0 <= int(cell) <= MOST_CAPACITY:
        yield f"capacity {cell} is {'negative' if cell.startswith('-') else 'too large'}: give 0 to {MOST_CAPACITY}"


def _list_mistakes(column: str, cell: str, pattern: re.Pattern[str], example: str) -> Iterator[str]:
    wrong = [item for item in _items(cell) if not pattern.fullmatch(item)]
    if wrong or not _items(cell):
        yield f"{column} {cell!r}: give one or more, such as {example}"


def _items(cell: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in cell.split(";") if item.strip())


def _row(place: Place, cells: Mapping[str, str]) -> TrainerRow:
    return TrainerRow(
        place=place,
        trainer_id=cells["trainer_id"],
        email=cells["email"],
        name=cells["name"],
        subjects=_items(cells["subjects"]),
        languages=_items(cells["languages"]),
        capacity=int(cells["capacity"]),
        timezone=cells["timezone"],
    )


def _repeated(rows: list[TrainerRow]) -> Iterator[str]:
    first_id: dict[str, Place] = {}
    first_email: dict[str, Place] = {}
    for row in rows:
        earlier = first_id.setdefault(row.trainer_id, row.place)
        if earlier is not row.place:
            yield f"{row.place}: trainer_id {row.trainer_id} is in line {earlier.line} already: keep one of the two"
            continue
        earlier = first_email.setdefault(normalised_email(row.email), row.place)
        if earlier is not row.place:
            yield f"{row.place}: email {row.email} is in line {earlier.line} already: each trainer has his own"


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
