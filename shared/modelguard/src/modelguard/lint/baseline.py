"""Old findings that are accepted for now: `--baseline FILE`."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from modelguard.lint.errors import LintError
from modelguard.lint.finding import Finding

_VERSION = 1
Key = tuple[str, str, str]  # path, code, subject


class Compared(NamedTuple):
    """Findings beside a baseline.

    Attributes:
        new: those it does not hold.
        accepted: how many it holds.
        gone: how many it holds, of the files that were looked at, that are no longer found.
    """

    new: list[Finding]
    accepted: int
    gone: int


def compared(findings: Iterable[Finding], file: Path, looked_at: Callable[[str], bool]) -> Compared:
    """Take out what a baseline holds; `looked_at` tells by its path whether a file's findings are among these.

    Raises:
        LintError: it cannot be read.
    """
    left = _read(file)
    new = []
    accepted = 0
    for finding in findings:
        if left[_key(finding)]:
            left[_key(finding)] -= 1
            accepted += 1
        else:
            new.append(finding)
    return Compared(new, accepted, sum(count for (path, _, _), count in left.items() if looked_at(path)))


def write(findings: Iterable[Finding], file: Path, looked_at: Callable[[str], bool] | None = None) -> int:
    """Write a baseline of these findings; how many it holds then.

    With `looked_at`, it keeps what it holds of the files that were not.

    Raises:
        LintError: the file cannot be written, or not be read first.
    """
    counted = Counter(map(_key, findings))
    if looked_at is not None and file.exists():
        counted += Counter({key: count for key, count in _read(file).items() if not looked_at(key[0])})
    entries = [
        {"path": path, "code": code, "subject": subject, "count": count}
        for (path, code, subject), count in sorted(counted.items())
    ]
    try:
        file.write_text(json.dumps({"version": _VERSION, "findings": entries}, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise LintError(f"cannot write {file}: {error.strerror or error}") from error
    return sum(counted.values())


def _key(finding: Finding) -> Key:
    """No line: it moves whenever something above it changes."""
    return finding.path, finding.code, finding.subject


def _read(file: Path) -> Counter[Key]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        entries: list[dict[str, Any]] = read["findings"] if read["version"] == _VERSION else read["other version"]
        return Counter({(each["path"], each["code"], each["subject"]): _count(each["count"]) for each in entries})
    except OSError as error:
        raise LintError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LintError(f"{file} is no baseline: write it with --write-baseline {file}") from error


def _count(stored: object) -> int:
    """How often a finding is accepted; less than nothing would accept it for ever."""
    if type(stored) is not int or stored < 1:
        raise ValueError(stored)
    return stored
