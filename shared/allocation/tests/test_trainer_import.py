"""Importing trainers twice is importing them once, and a clash is found before anything is written."""

from pathlib import Path

import pytest

from lyceum_allocation import (
    AllocationRepository,
    AllocationService,
    CapacityRepository,
    FileRefused,
    Imported,
    ImportInterrupted,
    TrainerCapacity,
    TrainerRow,
    import_trainers,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.testing import purchase
from lyceum_allocation.text_file import Place
from lyceum_database import Unavailable, User, UserRepository

pytestmark = pytest.mark.usefixtures("database")


def row(trainer_id: str, *, line: int = 2, email: str = "", capacity: int = 3, subjects: str = "math") -> TrainerRow:
    return TrainerRow(
        place=Place(Path("trainers.csv"), line),
        trainer_id=trainer_id,
        email=email or f"{trainer_id}@example.org",
        name=f"Trainer {trainer_id}",
        subjects=tuple(subjects.split(";")),
        languages=("en",),
        capacity=capacity,
        timezone="UTC",
    )


def load(*rows: TrainerRow, org_id: str = "default") -> Imported:
    return import_trainers(rows, users=UserRepository(), capacities=CapacityRepository(), org_id=org_id)


def test_a_trainer_is_a_user_with_a_capacity() -> None:
    assert load(row("t1", capacity=3)) == Imported(added=1)

    user, capacity = UserRepository().get("t1"), CapacityRepository().get("t1")
    assert (user.email, user.roles, user.org_ids, user.tz) == ("t1@example.org", ["trainer"], ["default"], "UTC")
    assert (capacity.skills, capacity.capacity, capacity.free, capacity.load) == (["math|en"], 3, 3, 0)


def test_importing_again_changes_nothing_and_a_new_figure_changes_only_itself() -> None:
    load(row("t1"), row("t2"))
    versions = [capacity.version for capacity in TrainerCapacity.objects]

    assert load(row("t1"), row("t2")) == Imported(unchanged=2)
    assert [capacity.version for capacity in TrainerCapacity.objects] == versions
    assert load(row("t1"), row("t2", capacity=9, subjects="math;art")) == Imported(unchanged=1, changed=1)
    assert CapacityRepository().get("t2").skills == ["art|en", "math|en"]
    assert violations() == []


def test_a_capacity_below_the_load_is_stored_and_nobody_loses_a_seat() -> None:
    load(row("t1", capacity=2))
    service = AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository())
    for student in ("s1", "s2"):
        service.allocate(purchase(f"p-{student}", student=student))

    assert load(row("t1", capacity=1)) == Imported(changed=1)
    service.allocate(purchase("p-s3", student="s3"))

    stored = CapacityRepository().get("t1")
    assert (stored.capacity, stored.load, stored.free) == (1, 2, -1)
    assert violations(at_rest=True) == []


def test_a_paused_trainer_stays_paused() -> None:
    load(row("t1"))
    TrainerCapacity._get_collection().update_one({"_id": "t1"}, {"$set": {"active": False}})

    load(row("t1", capacity=9))

    assert not CapacityRepository().get("t1").active


def test_clashes_with_stored_users_are_all_named_and_nothing_is_written() -> None:
    users = UserRepository()
    users.insert(User(id="student", name="S", email="s@example.org", roles=["student"]))
    users.insert(User(id="other", name="O", email="taken@example.org", roles=["trainer"]))

    with pytest.raises(FileRefused) as caught:
        load(row("new", line=2), row("student", line=3), row("t9", line=4, email="Taken@example.org"))

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == ["trainers.csv:3", "trainers.csv:4"]
    assert "user student exists and is no trainer" in caught.value.problems[0]
    assert "belongs to user other" in caught.value.problems[1]
    assert users.find("new") is None
    assert TrainerCapacity.objects.count() == 0


def test_a_trainer_of_another_organization_is_refused() -> None:
    load(row("t1"), org_id="acme")

    with pytest.raises(FileRefused, match=r"trainers.csv:2: trainer t1 belongs to organization acme, not default"):
        load(row("t1"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "o@b.c"}, "email"),
        ({"email": "a..b@example.org"}, "email"),
        ({"email": "a b@example.org"}, "email"),
        ({"subjects": "m" * 300}, "skills"),
    ],
)
def test_what_a_document_would_refuse_is_refused_before_anything_is_written(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(FileRefused) as caught:
        load(row("good", line=2), row("t2", line=3, **wrong), row("t3", line=4, email="x@y.z"))  # type: ignore[arg-type] # texts

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == ["trainers.csv:3", "trainers.csv:4"]
    assert caught.value.problems[0].startswith(f"trainers.csv:3: {says}")
    assert User.objects.count() == TrainerCapacity.objects.count() == 0


def test_a_failure_half_way_says_exactly_what_is_in() -> None:
    class Failing(CapacityRepository):
        def insert(self, record: TrainerCapacity) -> TrainerCapacity:
            if record.id == "t2":
                raise Unavailable("MongoDB does not answer")
            return super().insert(record)

    rows = [row("t1", line=2), row("t2", line=3), row("t3", line=4)]
    with pytest.raises(ImportInterrupted, match=r"trainers.csv:3: 1 of 3 trainers are imported, all above this line"):
        import_trainers(rows, users=UserRepository(), capacities=Failing())

    assert [capacity.id for capacity in TrainerCapacity.objects] == ["t1"]
    assert load(*rows) == Imported(added=2, unchanged=1)
