"""Counts of trainers in words: ``12 teach math -> 7 in en -> 3 with a free seat``. Pure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

ARROW = " -> "

_STAGES = {
    "inactive": "active",
    "leave": "not on leave",
    "excluded": "not excluded",
    "hours": "at these hours",
    "full": "with a free seat",
    "daily cap": "below their daily cap",
}


def lost_at(counts: Mapping[str, int]) -> str | None:
    """Name the rule at which the last candidates were lost; None if somebody is left."""
    return next((rule for rule, left in counts.items() if not left), None)


def stages(subject: str, languages: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Say who is left after each rule, down to the first that leaves nobody; rules that cost nobody are left out.

    Args:
        subject: what is taught.
        languages: any of which the student accepts.
        counts: trainers of the subject under `subject`, and under each rule's name who is left after it.
    """
    lines = [f"{counts['subject']} teach {subject}"]
    for (_, before), (rule, left) in pairwise(counts.items()):
        if not before:
            break
        if rule == "skill":
            lines.append(f"{left} in {' or '.join(languages)}")
        elif left != before:
            lines.append(f"{left} {_STAGES[rule]}")
    return lines


def decision_in_words(decision: Mapping[str, Any]) -> str:
    """Say why the trainer of an assigned student was chosen, from what was kept at that moment."""
    if "supply" not in decision:
        return "not known: who chose died before the seat was confirmed, or choices were not kept yet"
    supply, scores = decision["supply"], decision["scores"]
    subject, _, language = decision["skill"].partition("|")
    lines = [f"{supply['subject']} teach {subject}", f"{supply['skill']} in {language}"]
    if supply["active"] != supply["skill"]:
        lines.append(f"{supply['active']} at work")
    lines.append(f"{supply['free']} with a free seat")
    if decision["refused"]:
        why = ", ".join(f"{count} {rule}" for rule, count in decision["refused"].items())
        lines.append(f"{decision['able']} suit of {decision['looked_at']} looked at ({why})")
    return ARROW.join([*lines, f"chosen: {_standing(decision, scores)}"])


def _standing(decision: Mapping[str, Any], scores: Mapping[str, int]) -> str:
    words = [f"util {scores['util_milli'] / 1000:g}"]
    if decision["chosen_by"] == "scarcity":
        words.append(f"with scarcity {scores['scarcity_milli'] / 1000:g}")
    if decision["returning"]:
        words.append("the student's former trainer")
    if decision["drawn_from"] > 1:
        words.append(f"drawn from {decision['drawn_from']} of equal standing")
    if decision["conceded"]:
        words.append(f"without the {' and the '.join(decision['conceded'])} asked for")
    return ", ".join(words)
