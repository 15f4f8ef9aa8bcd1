"""Any history of purchases, repeats, refunds, moves, leaves, timers and deaths at any step keeps every promise.

The promises come from a small account of who bought and refunded what, kept beside the real service.
"""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lyceum_allocation import Allocation, AllocationService, MoveReason, TrainerCapacity, allocation_id, skill
from lyceum_allocation.audit import violations
from lyceum_allocation.states import SEATED_STATES
from lyceum_allocation.testing import (
    CrashingAllocations,
    CrashingCapacities,
    CrashPlan,
    purchase,
    refund,
    trainer,
)
from lyceum_contracts import PurchaseCreated, PurchaseRefunded
from lyceum_database import close
from lyceum_database.embedded import connect_embedded
from lyceum_database.testing.stepping import Crash

STUDENTS = ("s1", "s2", "s3", "s4")
SUBJECTS = ("math", "art")
PURCHASES = tuple(f"{student}-{number}" for student in STUDENTS for number in (1, 2))
_databases = itertools.count()

deaths = st.none() | st.integers(0, 12)

Fact = PurchaseCreated | PurchaseRefunded


def fact(purchase_id: str, *, is_refund: bool) -> Fact:
    student = purchase_id.partition("-")[0]
    if is_refund:
        return refund(purchase_id, student=student)
    return purchase(purchase_id, student=student, subject=SUBJECTS[int(student[1]) % 2])


def trainer_told_of(allocation: Allocation) -> str | None:
    """Follow the events: nobody is allocated twice, moved from another one than he had, or left by nobody."""
    has, waits = None, False
    for entry in allocation.outbox:
        said = json.loads(entry["value"])
        match entry["type"]:
            case "TRAINER_ALLOCATED":
                assert has is None or (waits and has == said["trainer_id"]), "told twice"
                has = said["trainer_id"]
            case "TRAINER_REALLOCATED":
                assert has == said["from_trainer_id"] != said["to_trainer_id"]
                has = said["to_trainer_id"]
            case "TRAINER_DEALLOCATED":
                assert has == said["trainer_id"]
                has = None
        waits = entry["type"] == "ALLOCATION_WAITLISTED"
    return has


class Allocations(RuleBasedStateMachine):
    """One process at a time, which may die; what it was handling is delivered again, sooner or later."""

    def __init__(self) -> None:
        super().__init__()
        connect_embedded(f"machine-{next(_databases)}")
        self.plan = CrashPlan()
        self.unfinished: list[Fact] = []
        self.delivered: set[tuple[str, str]] = set()
        self.now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
        self.start(0)

    @initialize(
        capacities=st.lists(st.integers(0, 2), min_size=1, max_size=3),
        versatile=st.booleans(),
    )
    def hire(self, capacities: list[int], *, versatile: bool) -> None:
        for number, capacity in enumerate(capacities):
            taught = SUBJECTS if versatile else SUBJECTS[number % 2 : number % 2 + 1]
            self.capacities.insert(
                trainer(f"t{number}", capacity=capacity, skills=[skill(subject, "en") for subject in taught])
            )

    @rule(seed=st.integers(0, 3))
    def start(self, seed: int) -> None:
        """A new process: nothing in memory survives."""
        self.allocations = CrashingAllocations(self.plan, clock=self.clock)
        self.capacities = CrashingCapacities(self.plan, clock=self.clock)
        self.service = AllocationService(
            allocations=self.allocations,
            capacities=self.capacities,
            clock=self.clock,
            random=Random(seed),
            scarcity=bool(seed % 2),
        )

    @rule(purchase_id=st.sampled_from(PURCHASES), is_refund=st.booleans(), dies_after=deaths)
    def deliver(self, purchase_id: str, *, is_refund: bool, dies_after: int | None) -> None:
        """A purchase or a refund arrives, in any order, for the first time or again."""
        self.handle(fact(purchase_id, is_refund=is_refund), dies_after)

    @rule(purchase_id=st.sampled_from(PURCHASES), dies_after=st.none() | st.integers(0, 4))
    def refund_in_part(self, purchase_id: str, dies_after: int | None) -> None:
        """Takes nothing, whenever it comes."""
        student = purchase_id.partition("-")[0]
        self.mortal(lambda: self.service.refund(refund(purchase_id, student=student, full=False)), dies_after)

    @rule(student=st.sampled_from(STUDENTS), reason=st.sampled_from(MoveReason), dies_after=deaths)
    def move(self, student: str, reason: MoveReason, dies_after: int | None) -> None:
        """An operator moves a student; if his program dies, nobody repeats it."""
        name = allocation_id("default", student, "course-1")
        if Allocation.objects(id=name):
            self.mortal(lambda: self.service.move(name, reason=reason, actor="op", override=True), dies_after)

    @rule(number=st.integers(0, 2), for_good=st.booleans(), dies_after=deaths)
    def leave(self, number: int, *, for_good: bool, dies_after: int | None) -> None:
        until = None if for_good else self.now + timedelta(minutes=2)
        if name := self.trainer(number):
            self.mortal(lambda: self.service.leave(name, until=until, for_good=for_good, actor="op"), dies_after)

    @rule(number=st.integers(0, 2), dies_after=deaths)
    def come_back(self, number: int, dies_after: int | None) -> None:
        if name := self.trainer(number):
            self.mortal(lambda: self.service.come_back(name, actor="op"), dies_after)

    @precondition(lambda self: self.unfinished)
    @rule(data=st.data(), dies_after=deaths)
    def deliver_again(self, data: st.DataObject, dies_after: int | None) -> None:
        """What somebody died over comes again."""
        self.handle(self.unfinished.pop(data.draw(st.integers(0, len(self.unfinished) - 1))), dies_after)

    @rule()
    def time_passes(self) -> None:
        """Leases of the dead run out."""
        self.now += timedelta(minutes=1)

    @rule(dies_after=deaths)
    def sweep(self, dies_after: int | None) -> None:
        self.mortal(self.service.sweep, dies_after)

    @rule(dies_after=deaths)
    def reconcile(self, dies_after: int | None) -> None:
        self.mortal(self.service.reconcile, dies_after)

    @rule()
    def come_to_rest(self) -> None:
        """Nobody dies any more, everything unfinished is delivered again, leases run out: nothing is left over."""
        while self.unfinished:
            self.handle(self.unfinished.pop(), None)
        self.time_passes()
        self.service.sweep()
        self.service.reconcile()

        assert violations(at_rest=True, clock=self.clock) == []
        self.everybody_has_what_he_paid_for()

    @invariant()
    def nothing_is_broken(self) -> None:
        assert violations(clock=self.clock) == []

    @invariant()
    def every_change_of_trainer_is_told_once(self) -> None:
        for allocation in Allocation.objects:
            assert trainer_told_of(allocation) == (allocation.trainer_id if allocation.state in SEATED_STATES else None)
            ids = [entry["id"] for entry in allocation.outbox]
            assert len(ids) == len(set(ids))

    def trainer(self, number: int) -> str | None:
        names = sorted(found.id for found in TrainerCapacity.objects)
        return names[number] if number < len(names) else None

    def clock(self) -> datetime:
        # Nobody is recorded at the same moment as somebody else, so the queue has one order.
        self.now += timedelta(milliseconds=1)
        return self.now

    def everybody_has_what_he_paid_for(self) -> None:
        for student in STUDENTS:
            bought = {p for kind, p in self.delivered if kind == "PURCHASE_CREATED" and p.startswith(student)}
            refunded = {p for kind, p in self.delivered if kind == "PURCHASE_REFUNDED" and p.startswith(student)}
            found = Allocation.objects(id=allocation_id("default", student, "course-1")).first()
            assert set(found.grants if found else ()) == bought - refunded
            assert set(found.revoked if found else ()) == refunded

    def handle(self, event: Fact, dies_after: int | None) -> None:
        self.delivered.add((event.type, event.purchase_id))
        call = self.service.allocate if isinstance(event, PurchaseCreated) else self.service.refund
        if not self.mortal(lambda: call(event), dies_after):  # type: ignore[arg-type] # each takes its own kind
            self.unfinished.append(event)

    def mortal(self, call: Callable[[], object], dies_after: int | None) -> bool:
        if dies_after is not None:
            self.plan.arm(dies_after)
        try:
            call()
        except Crash:
            return False
        finally:
            self.plan.disarm()
        return True

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.come_to_rest()
        close()


TestAllocations = Allocations.TestCase
TestAllocations.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
