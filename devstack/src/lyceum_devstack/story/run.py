"""One day, from the open doors to the verdict."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr
from rich.console import Console

from lyceum_contracts import DEFAULT_ORG
from lyceum_devstack.check import Finding, School, Skill, judge_screens
from lyceum_devstack.story.addresses import Addresses
from lyceum_devstack.story.board import Board
from lyceum_devstack.story.closing import close_down
from lyceum_devstack.story.display import showing
from lyceum_devstack.story.looking import look_around
from lyceum_devstack.story.office import Office
from lyceum_devstack.story.person import Person
from lyceum_devstack.story.plan import DayPlan
from lyceum_devstack.story.reaching import reach_all
from lyceum_devstack.story.studying import Around, Student
from lyceum_devstack.story.teaching import TrainerAtWork
from lyceum_devstack.story.till import Till
from lyceum_devstack.story.web import Web
from lyceum_devstack.up.credentials import Credentials

SETTLE_WITHIN_S = 45.0
"""After the last student has left, what is on its way has this long to arrive: longer than the lease of an outbox."""
LOOK_EVERY_S = 1.0
PASSWORD = "a fine day for {run} school"  # noqa: S105 - of accounts that are made for one day

Disturb = Callable[[Board], Awaitable[None]]
"""Makes trouble while the day goes on, and returns once it has made all of it."""
Judge = Callable[[School], Awaitable[list[Finding]]]
"""Judges what screens do not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the day.

    Attributes:
        requests: that were sent over HTTP.
        retried: that were sent again.
        deliveries: of payment events that were accepted.
        seconds: that it took, in all.
        withdrawn: purchases that were given back at the end, so that the stack is free again; None if none was to be.
    """

    board: Board
    school: School
    findings: tuple[Finding, ...]
    requests: int
    retried: int
    deliveries: int
    seconds: float
    withdrawn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where the day takes place.

    Attributes:
        disturb: see `Disturb`; None where nothing is disturbed.
        judge: see `Judge`; None where only screens are seen.
        tidy: whether everything is given back at the end.
        settle_within_s: see `SETTLE_WITHIN_S`.
    """

    addresses: Addresses
    credentials: Credentials
    disturb: Disturb | None = None
    judge: Judge | None = None
    tidy: bool = False
    settle_within_s: float = SETTLE_WITHIN_S


async def play(day: DayPlan, scene: Scene, console: Console) -> Outcome:
    """Let everybody live through the day, look at the result, and judge.

    Raises:
        ServerError: a service does not answer, or lets nobody in.
    """
    started = time.monotonic()
    admin, password, secret = scene.credentials.complete()
    async with Web(scene.addresses) as web:
        await reach_all(web)
        administrator = Person(web, email=admin, password=password, name="Administrator")
        office = Office(web, administrator, password)
        played = _Day(day, scene, web, office, Till(web, SecretStr(secret)))
        await played.open(console)
        await played.live(console)
        school, findings = await played.settled()
        withdrawn = await close_down(office, school) if scene.tidy else None
        return Outcome(
            board=played.board,
            school=school,
            findings=tuple(findings),
            requests=web.sent,
            retried=web.retried,
            deliveries=played.till.deliveries,
            seconds=time.monotonic() - started,
            withdrawn=withdrawn,
        )


class _Day:
    def __init__(self, day: DayPlan, scene: Scene, web: Web, office: Office, till: Till) -> None:
        self._day = day
        self._scene = scene
        self._web = web
        self._office = office
        self.till = till
        self.board = Board(len(day.students))
        self._trainers: list[TrainerAtWork] = []
        self._students: list[Student] = []

    async def open(self, console: Console) -> None:
        """Let the trainers in, put the courses on sale, and have the students at the doors."""
        await self._office.open()
        let_in = await self._office.let_in(self._day)
        self._trainers = [TrainerAtWork(person, self.board) for person in let_in.values()]
        on_sale = await asyncio.gather(*(self._office.put_on_sale(self._day, course) for course in self._day.courses))
        console.print(
            f"{len(self._trainers)} trainers have accepted, {len(on_sale)} courses are on sale. "
            f"{len(self._day.students)} students come, all at once:",
            soft_wrap=True,
        )
        self.board.begin()
        around = Around(office=self._office, till=self.till, board=self.board, courses=tuple(on_sale))
        password = PASSWORD.format(run=self._day.run)
        for plan in self._day.students:
            person = Person(self._web, email=plan.email, password=password, name=plan.name)
            course, skill = self._day.courses[plan.course], self._day.skill_of(plan)
            self._students.append(Student(plan, course, person, around, skill))

    async def live(self, console: Console) -> None:
        """Go on until every student is done, and every trainer has answered."""
        closing = asyncio.Event()
        teaching = [asyncio.create_task(trainer.live(until=closing)) for trainer in self._trainers]
        disturbing = [asyncio.ensure_future(self._scene.disturb(self.board))] if self._scene.disturb else []
        try:
            async with showing(console, self.board):
                await asyncio.gather(*(student.live() for student in self._students))
                await asyncio.gather(*disturbing)
        finally:
            closing.set()
            for task in disturbing:
                task.cancel()
            await asyncio.gather(*teaching)

    async def settled(self) -> tuple[School, list[Finding]]:
        """Look until all is well, or for as long as things may take to arrive."""
        deadline = time.monotonic() + self._scene.settle_within_s
        skills = {row.trainer_id: _skills(row.subjects, row.languages) for row in self._day.trainers}
        while True:
            school = await look_around(self._students, self._trainers, skills, self.till)
            findings = judge_screens(school)
            if self._scene.judge is not None:
                findings += await self._scene.judge(school)
            if not any(finding.against for finding in findings) or time.monotonic() > deadline:
                return school, findings
            await asyncio.sleep(LOOK_EVERY_S)


def _skills(subjects: tuple[str, ...], languages: tuple[str, ...]) -> frozenset[Skill]:
    return frozenset(Skill.of(DEFAULT_ORG, subject, language) for subject in subjects for language in languages)
