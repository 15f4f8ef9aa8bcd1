"""How commands show things: tables made to be read and copied from, moments, spans of time, and JSON."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_ENDLESS = 100_000
_UNITS = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)


class _Table(Table):
    """What people stored cannot steer the terminal: a character that is not printed is shown as its number."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        super().add_row(*(printable(cell) if isinstance(cell, str) else cell for cell in cells), **options)


def printable(text: str) -> str:
    """Write a control character, or one that changes the direction of writing, as its number."""
    return text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def counted(number: int, noun: str) -> str:
    """Write a number and its noun: ``1 student``, ``2 students``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def table(*columns: str) -> Table:
    """Begin a table of these columns."""
    return _Table(*columns, box=None, pad_edge=False, header_style="none")


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Give a table of names and values, without a header."""
    made = _Table(show_header=False, box=None, pad_edge=False)
    for row in rows:
        made.add_row(*row)
    return made


def print_whole(made: Table) -> None:
    """Print each row in one line, however narrow the terminal: an id that was cut could not be copied."""
    # What people stored is shown as it is: brackets in it are no markup.
    console = Console(markup=False, highlight=False, emoji=False)
    everything = console.options.update(max_width=_ENDLESS)
    console.width = max(console.width, Measurement.get(console, everything, made).maximum)
    with console.capture() as printed:
        console.print(made, crop=False)
    # Blanks at the end of a line would break it on a terminal that is narrower than the longest one.
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def moment(at: datetime | None) -> str:
    """Write a moment in UTC, to the second; empty for none."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"


def span(duration: timedelta) -> str:
    """Write a duration in its two largest units: ``26 h 12 min`` is ``1 d 2 h``."""
    words: list[str] = []
    rest = max(duration, timedelta(0))
    for unit, name in _UNITS:
        count, rest = divmod(rest, unit)
        if count or words:
            words.append(f"{count} {name}")
    return " ".join(words[:2]) or "0 s"


def echo_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object in one line; moments in ISO 8601, durations in seconds."""
    # Names are shown as people write them, not as escapes.
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value.isoformat()
