"""Real processes that are killed with SIGKILL while they sell: what was acknowledged is there after one sweep."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from course_service.models import Enrolment, Purchase
from lyceum_database import utc_now
from lyceum_database.testing import ManualClock, temporary_database

from .shop import SECRET, Shop, events
from .stepping import STORED

PROGRAM = Path(__file__).with_name("seller_process.py")
KILLS = 3


@pytest.fixture
def database_name() -> Iterator[str]:
    with temporary_database(STORED, uri=os.environ["MONGODB_URI"]) as name:  # noqa: TID251 - the wire tests' own setting
        yield name


def killed_after(lines: int, database_name: str) -> list[tuple[str, str]]:
    """Let a process sell, and kill it once it has acknowledged so many deliveries; returns those."""
    uri = os.environ["MONGODB_URI"]  # noqa: TID251 - as above
    command = [sys.executable, str(PROGRAM), uri, database_name, SECRET.get_secret_value()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as seller:
        assert seller.stdout is not None
        said = [seller.stdout.readline() for _ in range(lines)]
        seller.kill()
        said += seller.stdout.readlines()
    return [(words[1], words[2]) for words in (line.split() for line in said) if len(words) == 3]


@pytest.mark.wire
def test_whatever_was_acknowledged_before_a_kill_is_there_after_one_sweep(database_name: str) -> None:
    shop = Shop(ManualClock(utc_now()))
    shop.stock()
    draw = Random(7)
    acknowledged = [one for _ in range(KILLS) for one in killed_after(draw.randint(5, 25), database_name)]
    shop.clock.now = utc_now()

    shop.sweeps(timedelta(minutes=1))

    told: dict[str, set[str]] = defaultdict(set)
    for order_id, kind in acknowledged:
        told[order_id].add(kind)
    assert len(told) > 5 * KILLS
    assert {event.status for event in events()} == {"done"}
    for order_id, kinds in told.items():
        stored = {event.kind for event in events() if event.purchase_id == order_id}
        assert stored >= kinds
        expected = "created" if "paid" not in stored else "refunded" if "refunded" in stored else "paid"
        assert shop.stored(order_id).status == expected
        leaves = ["PURCHASE_CREATED"] * ("paid" in stored) + ["PURCHASE_REFUNDED"] * (expected == "refunded")
        assert shop.told_types(order_id) == leaves
    for student in {order.student_id for order in Purchase.objects}:
        mine = {order.id for order in Purchase.objects(student_id=student) if order.status == "paid"}
        enrolment = shop.access(student)
        assert (enrolment is not None and enrolment.status == "active") == bool(mine)
        assert enrolment is None or set(enrolment.grants) - set(enrolment.revoked) == mine
    assert Enrolment.objects.count() <= 7
