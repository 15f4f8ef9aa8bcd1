"""What every benchmark may be asked for on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DOCS = Path(__file__).resolve().parents[2] / "docs"
PUBLISHED = DOCS / "benchmarks.json"
MOST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Options:
    """Attributes:
    full: Long enough for publication; otherwise short, and three rounds of it stay within the session's budget.
    minutes: Length of the soak; None for its default, and of benchmarks that have none.
    case: Run one part only.
    results: Where the figures are kept; None for nowhere.
    write_docs: Draw the pages and plots anew from what is kept.
    arguments: As they were given.
    """

    full: bool
    minutes: float | None
    case: str | None
    results: Path | None
    write_docs: bool
    arguments: tuple[str, ...]


def parsed(
    arguments: Sequence[str], name: str, description: str, *, cases: Collection[str] = (), timed: bool = False
) -> Options:
    """Read the command line of the benchmark of this name, or end the program with one line that says what is wrong.

    Args:
        arguments: As they were given.
        name: As `./noxw -s bench` knows it.
        description: Its first paragraph is shown.
        cases: Parts that can be run alone.
        timed: Whether a run lasts as long as one wishes.
    """
    parser = argparse.ArgumentParser(
        prog=f"bench -- {name}",
        description=" ".join(description.split("\n\n", maxsplit=1)[0].split()),
        epilog=f"Example: ./noxw -s bench -- {name} --full --write-docs",
    )
    parser.add_argument("--full", action="store_true", help="larger and longer runs, for published figures")
    if timed:
        parser.add_argument("--minutes", type=length_in_minutes, help="length of the soak")
    if cases:
        parser.add_argument("--case", choices=sorted(cases), help="run one part only; nothing of it is kept")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the figures in this JSON file")
    parser.add_argument(
        "--write-docs", action="store_true", help=f"keep them in docs/{PUBLISHED.name}, and draw docs anew"
    )
    parser.set_defaults(minutes=None, case=None)
    given = parser.parse_args(arguments)
    if given.case and (given.results or given.write_docs):
        parser.error("--case runs one part only: nothing of it is kept, leave out --results and --write-docs")
    results = given.results or (PUBLISHED if given.write_docs else None)
    return Options(given.full, given.minutes, given.case, results, given.write_docs, tuple(arguments))


def length_in_minutes(text: str) -> float:
    """Between 0 and a day, both excluded."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes between 0 and {MOST_MINUTES}")
    return minutes
