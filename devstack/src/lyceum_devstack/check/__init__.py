"""An independent check: from what went in, what must hold at rest, and whether it does, in the stores and on screens.

Knows no database, no Kafka and no HTTP and none of the platform's code: a mistake there is not repeated here.
"""

from lyceum_devstack.check.case import Case
from lyceum_devstack.check.expectation import Expectation, expect
from lyceum_devstack.check.facts import Enrolment, Purchase, Refund, Skill, Trainer
from lyceum_devstack.check.observation import Letter, Notice, Observation, Position, SeenAllocation, SeenTrainer, Sent
from lyceum_devstack.check.people import (
    Forgery,
    Learner,
    Order,
    School,
    Screen,
    SeenAccess,
    SeenConversation,
    SeenMessage,
    SeenOrder,
    Teacher,
    Text,
)
from lyceum_devstack.check.screens import judge_screens
from lyceum_devstack.check.seats import Share, shares
from lyceum_devstack.check.verdict import Finding, judge

__all__ = [
    "Case",
    "Enrolment",
    "Expectation",
    "Finding",
    "Forgery",
    "Learner",
    "Letter",
    "Notice",
    "Observation",
    "Order",
    "Position",
    "Purchase",
    "Refund",
    "School",
    "Screen",
    "SeenAccess",
    "SeenAllocation",
    "SeenConversation",
    "SeenMessage",
    "SeenOrder",
    "SeenTrainer",
    "Sent",
    "Share",
    "Skill",
    "Teacher",
    "Text",
    "Trainer",
    "expect",
    "judge",
    "judge_screens",
    "shares",
]
