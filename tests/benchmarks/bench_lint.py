"""What the linter costs: 1,000 generated files read for the first time, again, and after one edit.

Times depend on the machine and are printed beside their bar. What a run finds does not: a warm run that finds anything
else than the cold one ends with code 1.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from modelguard.lint.linting import Report as Found
from modelguard.lint.linting import lint

from .judging import Row
from .options import parsed
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = 50
MODELS_EACH = 6
FILES = 1_000
ROUNDS = 5
BAR_COLD_SECONDS = 2.0
BAR_WARM_SECONDS = 0.3

MODEL = '''"""A model of package {package}."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import EmailField, IntField, ListField, ReferenceField, StringField

from modelguard import Document


class Model{package}x{number}(Document):
    """Kept for the sake of its fields."""

    name: str = StringField(required=True, max_length=80)
    email: str | None = EmailField(unique=True)
    age: int = IntField(min_value=0, default=lambda: 18)
    tags: list[str] = ListField(StringField())
    owner = ReferenceField("Model{package}x0")
    other_id: str | None = StringField(references="Model{other}x{number}")

    meta: ClassVar[dict[str, Any]] = {{"collection": "models_{package}_{number}", "indexes": ["name", ("age", "-name")]}}

    def clean(self) -> None:
        """Fill in what is missing."""
        super().clean()
        if not self.name:
            self.name = f"nobody-{{datetime.now().isoformat()}}"
'''
CODE = '''"""Work of package {package}, part {number}."""

from collections.abc import Iterable
from dataclasses import dataclass

from project.package{package}.models import Model{package}x0, Model{package}x1

LIMIT = 10


@dataclass(frozen=True)
class Part{number}:
    """A value."""

    name: str
    weight: int = 1

    def heavier(self, other: "Part{number}") -> bool:
        """Compare by weight."""
        return self.weight > other.weight


def total(parts: Iterable[Part{number}]) -> int:
    """Add up."""
    found = 0
    for part in parts:
        try:
            found += part.weight if part.name else LIMIT
        except AttributeError:
            continue
    return found


def names(limit: int = LIMIT) -> list[str]:
    """Ask the database."""
    first = [each.name for each in Model{package}x0.objects(age__gt=limit).order_by("name")]
    second = [each.name for each in Model{package}x1.objects.filter(age__lt=limit)]
    return sorted({{*first, *second}})[:limit]
'''


def write_project(root: Path) -> int:
    """Write packages of models and of code that uses them; how many bytes they have."""
    (root / "pyproject.toml").write_text("[tool.modelguard]\n", encoding="utf-8")
    texts: dict[str, str] = {"project/__init__.py": ""}
    code_each = FILES // PACKAGES - MODELS_EACH - 2
    for package in range(PACKAGES):
        folder = f"project/package{package}"
        names = [f"Model{package}x{number}" for number in range(MODELS_EACH)]
        exported = "".join(f"from project.package{package}.models.m{n} import {name}\n" for n, name in enumerate(names))
        texts[f"{folder}/__init__.py"] = ""
        texts[f"{folder}/models/__init__.py"] = f"{exported}\n__all__ = {names}\n"
        for number in range(MODELS_EACH):
            other = (package + 1) % PACKAGES
            texts[f"{folder}/models/m{number}.py"] = MODEL.format(package=package, number=number, other=other)
        for number in range(code_each):
            texts[f"{folder}/work{number}.py"] = CODE.format(package=package, number=number)
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return sum(map(len, texts.values()))


def timed(act: Callable[[], Found]) -> tuple[float, Found]:
    """Processor time of this process: what else the machine does meanwhile is not counted."""
    started = time.process_time()
    found = act()
    return time.process_time() - started, found


def row(what: str, seconds: list[float], bar: float) -> Row:
    median = statistics.median(seconds)
    return Row(what, f"{median:.2f} s (best {min(seconds):.2f})", f"< {bar:.1f} s", median < bar)


def measured(root: Path) -> tuple[list[Row], list[Row]]:
    """Time cold, warm and after an edit, in turns; then what must be equal."""
    cold, warm, edited = [], [], []
    reports = []
    for number in range(ROUNDS):
        taken, found = timed(lambda: lint([root], cached=False))
        cold.append(taken)
        lint([root])
        taken, again = timed(lambda: lint([root]))
        warm.append(taken)
        file = root / "project" / "package0" / "work0.py"
        file.write_text(f"{file.read_text(encoding='utf-8')}\n# {number}\n", encoding="utf-8")
        taken, after = timed(lambda: lint([root]))
        edited.append(taken)
        reports += [found, again, after]
    files = reports[0].files
    rows = [
        row(f"{files} files, cold", cold, BAR_COLD_SECONDS),
        row(f"{files} files, warm", warm, BAR_WARM_SECONDS),
        row(f"{files} files, one of them edited", edited, BAR_WARM_SECONDS),
    ]
    counts = {(len(each.findings), each.models) for each in reports}
    said = ", ".join(f"{findings} findings, {models} models" for findings, models in sorted(counts))
    return rows, [Row("what each run finds", said, "the same", len(counts) == 1 and not reports[0].findings)]


def main(arguments: list[str]) -> int:
    """Print the table; 0 unless runs differ."""
    report = Report("lint", parsed(arguments, "lint", __doc__ or ""))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        size = write_project(root)
        rows, judged = measured(root)
    report.add(f"modelguard lint ({size / 1e6:.1f} MB, medians, processor time without start-up)", [*rows, *judged])
    return report.close(judged=judged)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
