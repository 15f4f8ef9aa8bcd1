"""Why this trainer: the few facts that are kept with each allocation. Pure, and of a bounded size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lyceum_allocation.rules import (
    EQUALS,
    RULES_VERSION,
    Candidate,
    Wish,
    concessions,
    is_returning,
    refusal,
    standing,
)


@dataclass(frozen=True, slots=True)
class Supply:
    """How many trainers of an organization are left after each condition, for one skill.

    Attributes:
        subject: teach the subject, in whatever language.
        skill: teach it in this language.
        active: are at work and not on leave.
        free: have a free seat.
    """

    subject: int = 0
    skill: int = 0
    active: int = 0
    free: int = 0


def choice(
    chosen: Candidate,
    known: Sequence[Candidate],
    wish: Wish,
    *,
    skill: str,
    supply: Supply,
    now: datetime,
    scarcity: bool,
) -> Mapping[str, Any]:
    """Say why this trainer was chosen.

    Args:
        chosen: who it is, as he was before he took the seat.
        known: the trainers that were looked at.
        wish: what the student needs.
        skill: in whose queue he stood.
        supply: how many trainers there are for that skill, as counted lately.
        now: the moment of the choice.
        scarcity: whether versatile trainers were kept for rare skills.
    """
    judged = [(candidate, refusal(candidate, wish, now)) for candidate in known]
    refusals = Counter(rule for _, rule in judged)
    best = standing(chosen, wish, scarcity=scarcity)
    equals = sum(standing(candidate, wish, scarcity=scarcity) == best for candidate, rule in judged if rule is None)
    return {
        "rules": RULES_VERSION,
        "skill": skill,
        "supply": asdict(supply),
        "looked_at": len(known),
        "refused": {rule: count for rule, count in refusals.items() if rule is not None},
        "able": refusals[None],
        "drawn_from": min(EQUALS, equals),
        "chosen_by": "scarcity" if scarcity else "utilisation",
        "returning": is_returning(chosen, wish),
        "conceded": [str(what) for what in concessions(chosen, wish)],
        "scores": {"util_milli": chosen.util_milli, "scarcity_milli": chosen.scarcity_milli},
    }
