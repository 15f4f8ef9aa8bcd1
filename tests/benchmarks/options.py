"""What every benchmark may be asked for on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCS = Path(__file__).resolve().parents[2] / "docs"
PUBLISHED = DOCS / "benchmarks.json"


@dataclass(frozen=True, slots=True)
class Options:
    """Attributes:
    full: Long enough for publication; otherwise short, and three rounds of it stay within the session's budget.
    minutes: Length of the soak; None for the default.
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


def parsed(arguments: Sequence[str], description: str) -> Options:
    parser = argparse.ArgumentParser(
        description=description.splitlines()[0], epilog="Example: ./noxw -s bench -- keylane --full --write-docs"
    )
    parser.add_argument("--full", action="store_true", help="larger and longer runs, for published figures")
    parser.add_argument("--minutes", type=float, help="length of the soak")
    parser.add_argument("--case", help="run one part only")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the figures in this JSON file")
    parser.add_argument(
        "--write-docs", action="store_true", help=f"keep them in docs/{PUBLISHED.name}, and draw docs anew"
    )
    given = parser.parse_args(arguments)
    if given.case and (given.results or given.write_docs):
        parser.error("--case runs one part only: nothing of it is kept, leave out --results and --write-docs")
    results = given.results or (PUBLISHED if given.write_docs else None)
    return Options(given.full, given.minutes, given.case, results, given.write_docs, tuple(arguments))
