"""From the events that were acted on, in the order of their keys, to who is owed a trainer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lyceum_devstack.check.facts import Enrolment, Purchase, Refund, Skill, Trainer
from lyceum_devstack.check.seats import Share, shares


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold once every event is dealt with.

    Attributes:
        owed: Enrolments with a purchase that was not paid back, and the skill each asks for.
        ended: Enrolments that were heard of but hold no purchase any more: no seat, no place in a queue.
        shares: For each skill asked for, how many of its students can have a seat.
        trainers: The trainers by id.
    """

    owed: Mapping[Enrolment, Skill]
    ended: frozenset[Enrolment]
    shares: Mapping[Skill, Share]
    trainers: Mapping[str, Trainer]


@dataclass(slots=True)
class _Account:
    """The purchases of one enrolment."""

    held: set[str] = field(default_factory=set)
    paid_back: set[str] = field(default_factory=set)
    skill: Skill | None = None

    def buy(self, purchase: Purchase) -> None:
        if purchase.purchase_id in self.paid_back:
            return
        if not self.held:
            self.skill = purchase.skill
        self.held.add(purchase.purchase_id)

    def pay_back(self, refund: Refund) -> None:
        if refund.full:
            self.paid_back.add(refund.purchase_id)
            self.held.discard(refund.purchase_id)


def expect(trainers: Iterable[Trainer], events: Iterable[Purchase | Refund]) -> Expectation:
    """Fold ``events`` (those that reached the worker's rules, each student's in order) over ``trainers``.

    A repeated event changes nothing, and neither does the place of a refund relative to its purchase.
    """
    accounts: dict[Enrolment, _Account] = {}
    for event in events:
        account = accounts.setdefault(event.enrolment, _Account())
        if isinstance(event, Purchase):
            account.buy(event)
        else:
            account.pay_back(event)
    roster = {trainer.trainer_id: trainer for trainer in trainers}
    owed = {enrolment: account.skill for enrolment, account in accounts.items() if account.held and account.skill}
    return Expectation(
        owed=owed,
        ended=frozenset(accounts) - frozenset(owed),
        shares=shares(roster.values(), owed.values()),
        trainers=roster,
    )
