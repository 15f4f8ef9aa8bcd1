"""Options that say which letters are meant, and who does what to them."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from keylane import letters
from keylane.dead_letters import RATE_PER_S
from keylane.letter_index import LetterState
from keylane.selection import Selection

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
REASONS: Final = (
    letters.EXHAUSTED,
    letters.FATAL,
    letters.CRASH_LOOP,
    letters.UNDECODABLE,
    letters.UNKNOWN_TYPE,
    letters.KEY_REUSE,
)


class Moment(click.ParamType[datetime]):
    """An ISO 8601 time, UTC unless it says otherwise, or how long ago it was."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read what was typed."""
        if isinstance(value, datetime):
            return value
        try:
            if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", value):
                return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r}: give a time such as 2026-03-01T12:00, or how long ago: 30m, 2h, 7d, 2w", param, ctx)


SELECTING: Final[tuple[click.Option, ...]] = (
    click.Option(["--reason"], type=click.Choice(REASONS), help="Why it is dead."),
    click.Option(["--error", "error_type"], help="Class of the error, qualified or not."),
    click.Option(["--fingerprint"], help="Of the error, as `histogram` prints it."),
    click.Option(["--key"], help="Of the record."),
    click.Option(["--message", "message_id"], help="Id of the event."),
    click.Option(["--since"], type=Moment(), help="Died then or later: 2026-03-01T12:00, or 30m, 2h, 7d, 2w ago."),
    click.Option(["--until"], type=Moment(), help="Died before then, said likewise."),
    click.Option(
        ["--replays", "replay_count"], type=click.IntRange(min=0), help="Came back from exactly so many replays."
    ),
    click.Option(
        ["--state", "states"],
        type=click.Choice([state.value for state in LetterState]),
        multiple=True,
        help="Where it stands; may be repeated. Without it: open and quarantined.",
    ),
)
ACTOR: Final = click.Option(["--actor"], help="Who does this; the user of this machine unless given.")
APPLY: Final = click.Option(["--apply", "--yes", "apply"], is_flag=True, help="Do it. Without it nothing is changed.")
JSON: Final = click.Option(["--json", "as_json"], is_flag=True, help="For machines: JSON.")
ALL: Final = click.Option(["--all", "everything"], is_flag=True, help="Every letter that is not dealt with.")


WHICH: Final[tuple[click.Parameter, ...]] = (
    click.Argument(["ids"], nargs=-1, metavar="[LETTER]..."),
    *SELECTING,
    ALL,
    click.Option(["--limit"], type=click.IntRange(min=1), help="At most so many letters; again for the next ones."),
)
REPLAYING: Final[tuple[click.Parameter, ...]] = (
    *WHICH,
    click.Option(
        ["--rate"],
        type=click.FloatRange(min=0, min_open=True),
        default=RATE_PER_S,
        show_default=True,
        help="At most so many per second.",
    ),
    click.Option(
        ["--force"],
        is_flag=True,
        help="Also what was quarantined, or (named by id or --state) replayed or discarded before.",
    ),
    click.Option(["--why"], default="", help="For those who read it later."),
    ACTOR,
    APPLY,
    JSON,
)
DISCARDING: Final[tuple[click.Parameter, ...]] = (
    *WHICH,
    click.Option(["--why"], default="", help="For those who read it later; needed with --apply."),
    ACTOR,
    APPLY,
    JSON,
)


def selection(given: dict[str, Any], ids: tuple[str, ...] = ()) -> Selection:
    """Take the values of `SELECTING` out of what was given."""
    taken = {option.name: given.pop(option.name) for option in SELECTING if option.name}
    key, states = taken.pop("key"), taken.pop("states")
    return Selection(
        ids=ids,
        key=None if key is None else key.encode(errors="surrogateescape"),
        states=[LetterState(state) for state in states] or None,
        **taken,
    )


def actor(given: str | None) -> str:
    """Who does it.

    Raises:
        UsageError: It was not said, and this machine does not know its user.
    """
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise click.UsageError("this machine does not know your name: give --actor") from None
