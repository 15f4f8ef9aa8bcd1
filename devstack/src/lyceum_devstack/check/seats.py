"""How many students of each skill can have a seat, whatever the order in which seats were taken.

Seats are handed out greedily, so the result is some maximal assignment: a student waits only if every trainer of
his skill is full. That alone bounds each skill. At most, its students find all seats of its trainers free. At
least, the other skills' students sat down first wherever they could, which is a maximum flow from those students
into these trainers.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from lyceum_devstack.check.facts import Skill, Trainer


class Share(NamedTuple):
    """Students of one skill: how many want a seat, and how many of them must (`least`) and can (`most`) have one."""

    wanted: int
    least: int
    most: int


def shares(trainers: Collection[Trainer], wants: Iterable[Skill]) -> dict[Skill, Share]:
    """Bound the seats of every skill in ``wants`` (one entry per student)."""
    demand = Counter(wants)
    return {skill: _share(skill, demand, trainers) for skill in sorted(demand)}


def _share(skill: Skill, demand: Mapping[Skill, int], trainers: Collection[Trainer]) -> Share:
    suitable = [trainer for trainer in trainers if skill in trainer.skills]
    seats = sum(trainer.capacity for trainer in suitable)
    rivals = {other: students for other, students in demand.items() if other != skill}
    left = seats - _most_seated(rivals, suitable)
    wanted = demand[skill]
    return Share(wanted, least=min(wanted, left), most=min(wanted, seats))


Edges = dict[object, dict[object, int]]


def _most_seated(demand: Mapping[Skill, int], trainers: Collection[Trainer]) -> int:
    """Seat as many students as possible: maximum flow by shortest augmenting paths (Edmonds and Karp, 1972)."""
    residual = _network(demand, trainers)
    seated = 0
    while path := _open_path(residual):
        width = min(residual[a][b] for a, b in path)
        for a, b in path:
            residual[a][b] -= width
            residual[b][a] = residual[b].get(a, 0) + width
        seated += width
    return seated


_SOURCE, _SINK = "students", "seats"


def _network(demand: Mapping[Skill, int], trainers: Collection[Trainer]) -> Edges:
    residual: Edges = {_SOURCE: dict(demand.items()), _SINK: {}}
    for skill, students in demand.items():
        residual[skill] = {("trainer", trainer.trainer_id): students for trainer in trainers if skill in trainer.skills}
    for trainer in trainers:
        residual[("trainer", trainer.trainer_id)] = {_SINK: trainer.capacity}
    return residual


def _open_path(residual: Edges) -> list[tuple[object, object]]:
    came_from: dict[object, object] = {_SOURCE: _SOURCE}
    queue: deque[object] = deque([_SOURCE])
    while queue and _SINK not in came_from:
        here = queue.popleft()
        for there, width in residual[here].items():
            if width > 0 and there not in came_from:
                came_from[there] = here
                queue.append(there)
    return _steps_back(came_from) if _SINK in came_from else []


def _steps_back(came_from: Mapping[object, object]) -> list[tuple[object, object]]:
    steps: list[tuple[object, object]] = []
    here: object = _SINK
    while here != _SOURCE:
        steps.append((came_from[here], here))
        here = came_from[here]
    return steps
