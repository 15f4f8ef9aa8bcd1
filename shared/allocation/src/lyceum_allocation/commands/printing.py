"""How these commands show allocations."""

from collections.abc import Iterable, Mapping
from typing import Any

from lyceum_program.commands.printing import moment, print_whole, table

SHOWN_OF_ID = 12
"""Of 40 hexadecimal digits: with a billion allocations, two begin alike with a chance of one in 280,000 each."""


def short(id_: str) -> str:
    """Give as much of an allocation's id as names it; every command takes it."""
    return id_[:SHOWN_OF_ID]


def print_history(lines: Iterable[Mapping[str, Any]]) -> None:
    """Print what happened to an allocation, oldest first."""
    history = table("time", "epoch", "what", "")
    for line in lines:
        rest = {name: value for name, value in line.items() if name not in ("at", "epoch", "what")}
        details = ", ".join(f"{name} {value}" for name, value in rest.items())
        history.add_row(moment(line.get("at")), str(line.get("epoch")), line.get("what"), details)
    print_whole(history)
