"""The use case behind `trainers import`: rows become users with the role of a trainer, and their capacities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errors import AllocationError, FileRefused, ImportInterrupted
from lyceum_allocation.models import TrainerCapacity
from lyceum_allocation.patience import Patience
from lyceum_allocation.rules import utilisation_milli
from lyceum_allocation.trainer_file import TrainerRow
from lyceum_database import (
    DEFAULT_ORG,
    DatabaseError,
    Duplicate,
    InvalidRecord,
    StaleVersion,
    User,
    UserRepository,
    translated_errors,
)

TRAINER_ROLE = "trainer"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many trainers an import added, changed, and found as they are."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def import_trainers(
    rows: Sequence[TrainerRow],
    *,
    users: UserRepository,
    capacities: CapacityRepository,
    org_id: str = DEFAULT_ORG,
    patience: Patience | None = None,
) -> Imported:
    """Store trainers: add those who are new, bring the others up to date. Importing again changes nothing more.

    Every row is checked by the documents' own rules and against what is stored before anything is written. A capacity
    below the seats that are taken is stored: nobody loses his trainer, and no new student comes until enough seats are
    free again. Trainers who are stored and not in the rows stay as they are, and so does whether a trainer is active.

    Raises:
        FileRefused: rows cannot be stored, or clash with stored users; nothing was written.
        ImportInterrupted: storage failed half-way; says what is in.
    """
    problems = [problem for row in rows for problem in _broken_rules(row, org_id)]
    problems = problems or [problem for row in rows for problem in _clashes(row, users, capacities, org_id)]
    if problems:
        raise FileRefused(problems)
    outcomes: list[str] = []
    for row in rows:
        try:
            outcomes.append(_store(row, users, capacities, org_id, patience or Patience()))
        except (DatabaseError, AllocationError) as exc:
            raise ImportInterrupted(
                f"{row.place}: {len(outcomes)} of {len(rows)} trainers are imported, all above this line; "
                f"import the file again to complete it: {exc}"
            ) from exc
    return Imported(*(outcomes.count(outcome) for outcome in ("added", "changed", "unchanged")))


def _broken_rules(row: TrainerRow, org_id: str) -> Iterator[str]:
    for record in (_new_user(row, org_id), _new_capacity(row, org_id)):
        try:
            with translated_errors():
                record.validate()
        except InvalidRecord as exc:
            yield f"{row.place}: {exc}: correct it in the file"


def _clashes(row: TrainerRow, users: UserRepository, capacities: CapacityRepository, org_id: str) -> Iterator[str]:
    user = users.find(row.trainer_id)
    if user is not None and TRAINER_ROLE not in user.roles:
        yield f"{row.place}: user {row.trainer_id} exists and is no trainer: choose another trainer_id"
    namesake = users.by_email(row.email)
    if namesake is not None and namesake.id != row.trainer_id:
        yield f"{row.place}: email {row.email} belongs to user {namesake.id}: correct one of the two"
    capacity = capacities.find(row.trainer_id)
    if capacity is not None and capacity.org_id != org_id:
        yield f"{row.place}: trainer {row.trainer_id} belongs to organization {capacity.org_id}, not {org_id}"


def _store(
    row: TrainerRow, users: UserRepository, capacities: CapacityRepository, org_id: str, patience: Patience
) -> str:
    # The user first: a capacity without a user could be given a student.
    outcomes = {_store_user(row, users, org_id, patience), _store_capacity(row, capacities, org_id, patience)}
    return next(outcome for outcome in ("added", "changed", "unchanged") if outcome in outcomes)


def _store_user(row: TrainerRow, users: UserRepository, org_id: str, patience: Patience) -> str:
    for _ in patience.attempts(f"store user {row.trainer_id}"):
        user = users.find(row.trainer_id)
        try:
            if user is None:
                users.insert(_new_user(row, org_id))
                return "added"
            if not _bring_up_to_date(user, row, org_id):
                return "unchanged"
            users.save(user)
        except (StaleVersion, Duplicate) as exc:
            if isinstance(exc, Duplicate) and exc.record_id != row.trainer_id:
                raise
        else:
            return "changed"
    raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover


def _new_user(row: TrainerRow, org_id: str) -> User:
    return User(
        id=row.trainer_id,
        org_id=org_id,
        email=row.email,
        name=row.name,
        tz=row.timezone,
        roles=[TRAINER_ROLE],
        org_ids=[org_id],
    )


def _bring_up_to_date(user: User, row: TrainerRow, org_id: str) -> bool:
    """Set what the file says; True if that changes anything."""
    wanted = {
        "email": row.email,
        "name": row.name,
        "tz": row.timezone,
        "org_ids": user.org_ids if org_id in user.org_ids else [*user.org_ids, org_id],
    }
    stale = {name: value for name, value in wanted.items() if getattr(user, name) != value}
    for name, value in stale.items():
        setattr(user, name, value)
    return bool(stale)


def _store_capacity(row: TrainerRow, capacities: CapacityRepository, org_id: str, patience: Patience) -> str:
    for _ in patience.attempts(f"store capacity of {row.trainer_id}"):
        stored = capacities.find(row.trainer_id)
        if stored is None:
            try:
                capacities.insert(_new_capacity(row, org_id))
            except Duplicate:
                continue
            return "added"
        if (stored.skills, stored.capacity) == (list(row.skills), row.capacity):
            return "unchanged"
        if capacities.revise(stored, skills=list(row.skills), capacity=row.capacity):
            return "changed"
    raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover


def _new_capacity(row: TrainerRow, org_id: str) -> TrainerCapacity:
    return TrainerCapacity(
        id=row.trainer_id,
        org_id=org_id,
        skills=list(row.skills),
        capacity=row.capacity,
        free=row.capacity,
        util_milli=utilisation_milli(0, row.capacity),
    )
