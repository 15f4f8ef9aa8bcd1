"""An independent check of the allocation worker: from what went in, what must hold at rest, and whether it does.

Knows no database, no Kafka and none of the worker's code: a mistake there is not repeated here.
"""

from lyceum_devstack.check.case import Case
from lyceum_devstack.check.expectation import Expectation, expect
from lyceum_devstack.check.facts import Enrolment, Purchase, Refund, Skill, Trainer
from lyceum_devstack.check.observation import Letter, Notice, Observation, Position, SeenAllocation, SeenTrainer, Sent
from lyceum_devstack.check.seats import Share, shares
from lyceum_devstack.check.verdict import Finding, judge

__all__ = [
    "Case",
    "Enrolment",
    "Expectation",
    "Finding",
    "Letter",
    "Notice",
    "Observation",
    "Position",
    "Purchase",
    "Refund",
    "SeenAllocation",
    "SeenTrainer",
    "Sent",
    "Share",
    "Skill",
    "Trainer",
    "expect",
    "judge",
    "shares",
]
