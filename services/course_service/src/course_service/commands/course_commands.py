"""`courses`: courses from files."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from course_service.course_files.importing import CourseImport, Outcome, Planned
from course_service.course_files.reading import read_courses
from course_service.courses.publishing import Publishing
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.errors import CourseServiceError
from course_service.models import CourseVersion
from lyceum_database import (
    DEFAULT_ORG,
    Course,
    DatabaseError,
    OrganizationRepository,
    User,
    UserRepository,
    is_id,
    verify_indexes,
)
from lyceum_program.commands.printing import counted
from lyceum_program.commands.refusal import Refusal, plain_refusals
from lyceum_program.commands.servers import database

T = TypeVar("T")

LONG = 200
"""Courses from which on it is shown how far the work is."""
LARGE_BYTES = 1024 * 1024
"""From which on reading a file takes seconds."""


@click.group()
def courses() -> None:
    """Courses: bring them in from files."""


@courses.command(
    "import",
    epilog="\b\nA file is a list of courses, in YAML (.yaml, .yml) or JSON (.json):\n"
    "  - slug: algebra-1\n    title: Algebra 1\n    subject: math\n    languages: [en]\n    price_minor: 4900\n"
    "    sections:\n      - title: Numbers\n        lessons:\n          - title: Zero\n            kind: text\n"
    "            body: A number is ...\n            free: true\n\n"
    "\b\nExamples:\n  lyceum courses import courses.yaml --dry-run\n"
    "  lyceum courses import courses.yaml --owner ada@example.org --publish",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--org", "org", default=DEFAULT_ORG, show_default=True, help="Whose courses they are.")
@click.option(
    "--owner", help="Address or id of the person whose new courses these are; only managers edit them without."
)
@click.option("--publish", is_flag=True, help="Publish what learners do not see yet.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def import_(file: Path, org: str, owner: str | None, *, publish: bool, dry_run: bool) -> None:
    """Create the courses of a FILE, or bring them up to date.

    The slug says which course is which. What the file leaves out of a course stays as it is; lessons without an id
    keep the one of the lesson of the same title. The whole file is checked first, and all mistakes are told with their
    lines: with a single one nothing is imported. Importing a file again changes nothing more. If the database goes away
    in between, import the file again: what was written is unchanged then.
    """
    with plain_refusals(CourseServiceError):
        if file.stat().st_size > LARGE_BYTES:
            click.echo(f"Reading {file.stat().st_size / LARGE_BYTES:.1f} MiB ...", err=True)
        found = read_courses(file, watch=_Shown("Checking"))
        with database():
            verify_indexes((Course, CourseVersion))  # without them one slug could be two courses
            work = _work(_organization(org), owner, publish=publish)
            planned = work.plan(file, found)
            published = 0 if dry_run else _write(work, planned)
    _say(planned, published, dry_run=dry_run)


def _work(org_id: str, owner: str | None, *, publish: bool) -> CourseImport:
    store = CourseStore()
    publishing = Publishing(store, CourseVersions()) if publish else None
    return CourseImport(store, publishing, org_id=org_id, owner_id=_owner(owner, org_id))


def _write(work: CourseImport, planned: Sequence[Planned]) -> int:
    """Write all; tells how many were published."""
    done = published = 0
    try:
        for each in _Shown("Importing")(planned):
            published += work.write(each.course)
            done += 1
    except (CourseServiceError, DatabaseError) as exc:
        raise Refusal(
            f"{exc}\nstopped after {counted(done, 'course')} of {len(planned)}: import the file again"
        ) from exc
    return published


def _say(planned: Sequence[Planned], published: int, *, dry_run: bool) -> None:
    counts = Counter(each.outcome for each in planned)
    listed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
    also = f", {published} published" if published else ""
    done = "Would import" if dry_run else "Imported"
    click.echo(f"{done} {counted(len(planned), 'course')}: {listed}{also}.")


class _Shown:
    """Goes through a list, with a bar on standard error if it is long."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __call__(self, things: Sequence[T], /) -> Iterable[T]:
        return things if len(things) < LONG else self._with_bar(things)

    def _with_bar(self, things: Sequence[T]) -> Iterator[T]:
        with click.progressbar(things, label=self._label, file=sys.stderr) as bar:
            yield from bar


def _organization(name: str) -> str:
    organizations = OrganizationRepository()
    found = organizations.by_slug(name) or (organizations.find(name) if is_id(name) else None)
    if found is None:
        advice = ": it comes with the first start of the auth service" if name == DEFAULT_ORG else ""
        raise Refusal(f"--org {name}: no such organization{advice}")
    return found.id


def _owner(name: str | None, org_id: str) -> str | None:
    if name is None:
        return None
    people = UserRepository()
    found: User | None = people.by_email(name) if "@" in name else people.find(name) if is_id(name) else None
    if found is None or org_id not in found.org_ids:
        raise Refusal(f"--owner {name}: no such person in the organization")
    return found.id
