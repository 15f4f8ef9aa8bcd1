"""Workers that are killed again and again amid purchases, refunds and repeats: at rest every seat is somebody's."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from lyceum_allocation import CapacityRepository
from lyceum_allocation.capacities import candidate_of
from lyceum_allocation.testing import purchase, refund, trainer
from lyceum_contracts import Envelope, Event, Record, encode

from . import log
from .deployment import Deployment, until
from .running import WorkerProcess, process

pytestmark = pytest.mark.wire

STUDENTS, TRAINERS, SEATS_EACH = 80, 5, 5
REFUNDED = range(0, STUDENTS, 3)
KILLS, WORKERS = 8, 3


@pytest.fixture
def day(deployment: Deployment) -> list[Record]:
    """Every event one to three times, in no order."""
    chance = random.Random(11)
    events: list[tuple[str, Event]] = [
        (f"bought-{number}", purchase(f"p{number}", student=f"s{number}")) for number in range(STUDENTS)
    ]
    events += [(f"refunded-{number}", refund(f"p{number}", student=f"s{number}")) for number in REFUNDED]
    paid_at = purchase("p", student="s").paid_at
    records = []
    for event_id, event in events:
        made = encode(event, Envelope(id=event_id, source="/tests", time=paid_at))
        records += [Record(deployment.purchases, made.key, made.value, made.headers)] * chance.randint(1, 3)
    chance.shuffle(records)
    return records


@pytest.mark.timeout(300)
def test_a_storm_of_kills_repeats_and_refunds_ends_with_every_seat_in_its_place(
    deployment: Deployment, day: list[Record], tmp_path: Path
) -> None:
    deployment.deploy(**{f"trainer-{number}": SEATS_EACH for number in range(TRAINERS)})
    with ExitStack() as running:

        def start(number: int) -> WorkerProcess:
            return running.enter_context(process(deployment, tmp_path / f"{number}.log"))

        workers = [start(number) for number in range(WORKERS)]
        for worker in workers:
            worker.until_ready()
        kill_amid_the_work(deployment, day, workers, start)
        until(lambda: done(deployment) == STUDENTS + len(REFUNDED), "every event to be done", seconds=90)
        until(lambda: not deployment.broken_promises(), "what the killed workers left to be tidied")
        leak_a_seat(deployment)
        until(lambda: not deployment.broken_promises(), "the seat that nobody holds to be found and given back")
        for worker in workers:
            worker.stop()

    kept = STUDENTS - len(REFUNDED)
    seats = TRAINERS * SEATS_EACH
    states = Counter(found["state"] for found in deployment.stored("allocations"))
    assert states == Counter(ASSIGNED=seats, PENDING=kept - seats, CANCELLED=len(REFUNDED))
    assert taken_seats(deployment) == Counter(f"{allocation}:1" for allocation in deployment.assigned())
    assert deployment.dead_letters() == []


def kill_amid_the_work(
    deployment: Deployment, day: list[Record], workers: list[WorkerProcess], start: Callable[[int], WorkerProcess]
) -> None:
    """Publish the day in portions; in the middle of each, one worker is killed and another one takes its place."""
    portion = len(day) // KILLS + 1
    for number in range(KILLS):
        before = done(deployment)
        log.publish(deployment.bootstrap, day[number * portion : (number + 1) * portion])
        until(lambda before=before: done(deployment) > before, "the portion to be begun")  # type: ignore[misc]  # a bound default
        workers[number % WORKERS].kill()
        workers[number % WORKERS] = start(WORKERS + number)


def leak_a_seat(deployment: Deployment) -> None:
    """Leave what a process leaves that dies between its claim for somebody else and the look at whether he still waits."""
    gone = next(found for found in deployment.stored("allocations") if found["state"] == "CANCELLED" and found["epoch"])
    spare = trainer("spare", capacity=1, skills=["latin|en"])
    with deployment.connected():
        CapacityRepository().insert(spare)
        assert CapacityRepository().claim(candidate_of(spare.to_mongo().to_dict()), f"{gone['_id']}:{gone['epoch']}")


def done(deployment: Deployment) -> int:
    """How many events have had their effect; repeats are no events of their own."""
    return sum(found["state"] == "done" for found in deployment.stored("inbox"))


def taken_seats(deployment: Deployment) -> Counter[str]:
    return Counter(seat["k"] for found in deployment.stored("trainer_capacity") for seat in found["seats"])
