"""Dead letters, causes and reports as people and machines read them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from keylane.commands.text import clipped, facts, for_machines, hexdump, readable, short, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from keylane.dead_letter import Cause, DeadLetter
    from keylane.letter_index import Mark
    from keylane.replaying import Report, Step

ID_DIGITS: Final = 12
"""Digits of an id in a table: enough to tell thousands of letters apart, and `show` takes them."""
VALUE_BYTES: Final = 4096
"""How much of a value is printed unless all of it is asked for."""
ERROR_CHARACTERS: Final = 80
KEY_CHARACTERS: Final = 40


def list_lines(letters: Iterable[DeadLetter], *, columns: int | None = None) -> Iterator[str]:
    """A table, a letter in each line."""
    titles = ("letter", "state", "replays", "died", "place", "key", "message", "reason", "error")
    return table(titles, (_row(letter) for letter in letters), columns=columns)


def histogram_lines(causes: Mapping[Cause, int], *, columns: int | None = None) -> Iterator[str]:
    """A table, a cause in each line."""
    rows = ((str(count), cause.reason, cause.fingerprint, cause.error_type) for cause, count in causes.items())
    return table(("letters", "reason", "fingerprint", "error"), rows, columns=columns)


def show_lines(letter: DeadLetter, *, full: bool) -> Iterator[str]:
    """Everything about one letter."""
    yield from facts(_facts(letter))
    yield from ("", "what was done")
    yield from (f"  {line}" for line in facts([_entry(mark) for mark in letter.history] or [("nothing", "")]))
    yield from ("", "headers")
    headers = [(name, short(value)) for name, value in letter.headers]
    yield from (f"  {line}" for line in facts(headers or [("none", "")]))
    yield from ("", "stack trace")
    for line in letter.stack.splitlines() or ["not kept: the idempotency store has none, or was not asked"]:
        yield f"  {clipped_line(line)}"
    yield from ("", "value")
    yield from (f"  {clipped_line(line)}" for line in _value(letter.value, full=full))


def report_lines(report: Report, *, columns: int | None = None) -> Iterator[str]:
    """A table, a letter in each line with what is done with it, and what is left to do."""
    if report.steps:
        yield from _steps(report.steps, columns)
    acted, left = len(report.acted), len(report.left)
    if not report.steps:
        yield "No letter fits."
    elif report.applied:
        yield f"Done with {acted} {_letters(acted)} in run {report.run}, left {left}."
    else:
        yield f"Would do so with {acted} {_letters(acted)}, and leave {left}. Nothing was changed: --apply does it."
    if report.elsewhere:
        others = ", ".join(f"{count} {state}" for state, count in sorted(report.elsewhere.items()))
        yield f"Not meant unless --state or an id names them: {others}."


def letter_json(letter: DeadLetter) -> str:
    """One JSON object in one line."""
    return _dumped(_public(letter))


def histogram_json(causes: Mapping[Cause, int]) -> Iterator[str]:
    """One JSON object per cause."""
    return (_dumped({"letters": count, **asdict(cause)}) for cause, count in causes.items())


def report_json(report: Report) -> str:
    """One JSON object in one line."""
    steps = [
        {"letter": step.letter.id, "message_id": step.letter.message_id, "action": step.action, "why": step.why}
        for step in report.steps
    ]
    return _dumped({"run": report.run, "applied": report.applied, "steps": steps, "elsewhere": dict(report.elsewhere)})


def clipped_line(line: str) -> str:
    """A line of a stack trace or a value without what would move the cursor."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "?" for sign in line)


def _row(letter: DeadLetter) -> tuple[str, ...]:
    error = f"{letter.error_type.rpartition('.')[2]}: {letter.error_message}"
    return (
        letter.id[:ID_DIGITS],
        f"{letter.state}, {letter.message_state}" if letter.message_state else letter.state,
        str(max(letter.replay_count, letter.latest_replay)),
        _moment(letter.last_failed_at),
        _place(letter),
        clipped(short(letter.key), KEY_CHARACTERS),
        letter.message_id or "",
        letter.reason,
        clipped(error, ERROR_CHARACTERS),
    )


def _facts(letter: DeadLetter) -> list[tuple[str, str]]:
    return [
        ("letter", letter.id),
        ("state", _state(letter)),
        ("message now", letter.message_state or "not known"),
        ("replays", str(max(letter.replay_count, letter.latest_replay))),
        ("reason", letter.reason),
        ("error", f"{letter.error_type}: {letter.error_message}"),
        ("fingerprint", letter.fingerprint),
        ("attempts", str(letter.attempts)),
        ("first failed", _moment(letter.first_failed_at)),
        ("last failed", f"{_moment(letter.last_failed_at)} on {letter.host or 'an unnamed host'}"),
        ("version", letter.app_version or "not said"),
        ("trace", letter.traceparent or "not traced"),
        ("message", letter.message_id or "its id cannot be read"),
        ("place", _place(letter)),
        ("key", short(letter.key)),
    ]


def _value(value: bytes | None, *, full: bool) -> Iterator[str]:
    if value is None:
        yield "null"
        return
    shown = value if full else value[:VALUE_BYTES]
    text = readable(shown.decode(errors="ignore").encode() if len(shown) < len(value) and readable(value) else shown)
    yield from hexdump(shown) if text is None else _pretty(text).splitlines() or [""]
    if len(shown) < len(value):
        yield f"... {len(value) - len(shown):,} bytes more: add --full"


def _pretty(text: str) -> str:
    """JSON with a line for each member; other text, and what was cut, as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _state(letter: DeadLetter) -> str:
    mark = letter.mark
    if mark is None:
        return letter.state
    return f"{letter.state} by {mark.actor} at {_moment(mark.at)} in run {mark.run}: {mark.why or 'no reason given'}"


def _place(letter: DeadLetter) -> str:
    return f"{letter.topic}-{letter.partition}@{letter.offset}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _letters(count: int) -> str:
    return "letter" if count == 1 else "letters"


def _public(letter: DeadLetter) -> dict[str, Any]:
    document = {name: getattr(letter, name) for name in letter.__slots__}
    document["key"], document["value"] = for_machines(letter.key), for_machines(letter.value)
    document["headers"] = [[name, for_machines(value)] for name, value in letter.headers]
    document["rest"] = letter.rest._asdict()
    document["mark"] = None if letter.mark is None else _public_mark(letter.mark)
    document["history"] = [{"what": mark.state, **_public_mark(mark)} for mark in letter.history]
    return document


def _public_mark(mark: Mark) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in ("actor", "at", "why", "run")}


def _entry(mark: Mark) -> tuple[str, str]:
    return _moment(mark.at), f"{mark.state} by {mark.actor} in run {mark.run}: {mark.why or 'no reason given'}"


def _steps(steps: Sequence[Step], columns: int | None) -> Iterator[str]:
    """Each step in a line; a column of notes only where a letter is left."""
    width = 5 if any(step.why for step in steps) else 4
    rows = (
        (step.letter.id[:ID_DIGITS], step.action, _place(step.letter), step.letter.message_id or "", step.why)
        for step in steps
    )
    return table(("letter", "what", "place", "message", "note")[:width], (row[:width] for row in rows), columns=columns)


def _dumped(document: dict[str, Any]) -> str:
    dumped = json.dumps(document, default=lambda value: value.isoformat(), ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in dumped)
