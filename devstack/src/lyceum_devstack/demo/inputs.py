"""The input files: checked by the platform's own readers, then read once more, plainly, for the judge.

The second reading shares no code with the first, so that a row which the platform's reader lost would be missed.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyceum_allocation import TrainerRow, read_purchases, read_trainers
from lyceum_contracts import DEFAULT_ORG
from lyceum_devstack.check import Skill, Trainer
from lyceum_devstack.demo.faults import NO_FAULTS, Faults, read_faults
from lyceum_devstack.demo.plan import PurchaseLine
from lyceum_devstack.errors import InputError


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that goes in: `rows` to the platform, `trainers` to the judge, the rest to both."""

    rows: tuple[TrainerRow, ...]
    trainers: tuple[Trainer, ...]
    purchases: tuple[PurchaseLine, ...]
    faults: Faults


def read_day(trainers: Path, purchases: Path, faults: Path | None) -> Day:
    """Read the files of one day.

    Raises:
        FileRefused: Lines of the trainers or the purchases cannot be used.
        InputError: A fault cannot be used, or names an event that no purchase line has.
        OSError: A file cannot be read.
    """
    day = Day(
        rows=read_trainers(trainers),
        trainers=tuple(_trainers(trainers)),
        purchases=tuple(_purchase_lines(purchases)),
        faults=NO_FAULTS if faults is None else read_faults(faults),
    )
    if faults is not None:
        _check_names(day, faults)
    return day


def _check_names(day: Day, faults: Path) -> None:
    known = {line.event_id for line in day.purchases}
    for fault in (*day.faults.fails, *(broken.after for broken in day.faults.broken)):
        if fault not in known:
            raise InputError(faults, day.faults.lines[fault], f"no purchase line has the event id {fault}")


def _trainers(path: Path) -> Iterator[Trainer]:
    for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")):
        skills = frozenset(
            Skill.of(DEFAULT_ORG, subject, language)
            for subject in row["subjects"].split(";")
            for language in row["languages"].split(";")
            if subject.strip() and language.strip()
        )
        yield Trainer(row["trainer_id"].strip(), skills, int(row["capacity"]))


def _purchase_lines(path: Path) -> Iterator[PurchaseLine]:
    texts = [text for text in path.read_text(encoding="utf-8-sig").split("\n") if text.strip()]
    for text, checked in zip(texts, read_purchases(path), strict=True):
        line = json.loads(text)
        yield PurchaseLine(checked.event_id, line.get("org_id", DEFAULT_ORG), line["type"], line["data"])
