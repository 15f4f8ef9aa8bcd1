"""The input files, read for the judge: by the platform's rules for files, but not through the code that stores them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum_contracts import DEFAULT_ORG, ContractError, parse_event
from lyceum_contracts.topics import PURCHASE_CREATED, PURCHASE_REFUNDED
from lyceum_devstack.check import Skill, Trainer
from lyceum_devstack.demo.faults import NO_FAULTS, Faults, read_faults
from lyceum_devstack.demo.plan import PurchaseLine
from lyceum_devstack.errors import InputError

_TYPES = (PURCHASE_CREATED, PURCHASE_REFUNDED)


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that goes in."""

    trainers: tuple[Trainer, ...]
    purchases: tuple[PurchaseLine, ...]
    faults: Faults


def read_day(trainers: Path, purchases: Path, faults: Path | None) -> Day:
    """Read the files of one day.

    Raises:
        InputError: A line cannot be used, or a fault names an event that no purchase line has.
        OSError: A file cannot be read.
    """
    lines = tuple(_purchase_lines(purchases))
    trouble = NO_FAULTS if faults is None else read_faults(faults)
    known = {line.event_id for line in lines}
    for event_id in (*trouble.fails, *(broken.after for broken in trouble.broken)):
        if event_id not in known:
            raise InputError(faults or purchases, 1, f"names event {event_id}, which {purchases} does not have")
    return Day(tuple(_trainers(trainers)), lines, trouble)


def _trainers(path: Path) -> Iterator[Trainer]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        for row in rows:
            try:
                yield _trainer(row)
            except (KeyError, ValueError, AttributeError) as exc:
                raise InputError(path, rows.line_num, f"is no trainer: {exc}") from exc


def _trainer(row: dict[str, str]) -> Trainer:
    skills = frozenset(
        _skill(DEFAULT_ORG, subject, language)
        for subject in row["subjects"].split(";")
        for language in row["languages"].split(";")
    )
    return Trainer(row["trainer_id"].strip(), skills, int(row["capacity"]))


def _skill(org_id: str, subject: str, language: str) -> Skill:
    # As the platform tells skills apart: upper and lower case and runs of blanks make no difference.
    return Skill(org_id, " ".join(subject.split()).casefold(), language.strip().casefold())


def _purchase_lines(path: Path) -> Iterator[PurchaseLine]:
    for number, text in enumerate(path.read_bytes().splitlines(), start=1):
        if not text.strip():
            continue
        try:
            yield _purchase_line(number, json.loads(text))
        except ContractError as exc:
            raise InputError(path, number, str(exc)) from exc
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InputError(path, number, f"is no purchase: {exc}") from exc


def _purchase_line(number: int, line: dict[str, Any]) -> PurchaseLine:
    if line["type"] not in _TYPES:
        raise ValueError(f'"type" is {line["type"]!r}, not one of {", ".join(_TYPES)}')
    parse_event(line["type"], line["data"])
    return PurchaseLine(
        event_id=str(line.get("id") or f"line-{number:06}"),
        org_id=str(line.get("org_id") or DEFAULT_ORG),
        type=line["type"],
        data=line["data"],
    )
