"""A student's day: sign up, sign in, find a course, buy it, get a trainer or a place in the queue, talk."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lyceum_devstack.check import Learner, Order, Skill, Text
from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.board import Board, Step
from lyceum_devstack.story.office import Office
from lyceum_devstack.story.patience import until
from lyceum_devstack.story.person import Person, once
from lyceum_devstack.story.plan import CoursePlan, Habit, StudentPlan
from lyceum_devstack.story.talking import Talk
from lyceum_devstack.story.till import Till
from lyceum_devstack.story.web import RefusedError

NOT_FOUND = 404
CLICKS = 4
TELLINGS = {Habit.TOLD_TWICE: 2, Habit.TOLD_AT_ONCE: 3}
PART_MINOR = 900
QUEUE_PATIENCE_S = 8.0
"""Whoever stands in the queue for so long comes back another day."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is there for every student.

    Attributes:
        courses: on sale, as learners see them, in the order of the plan.
    """

    office: Office
    till: Till
    board: Board
    courses: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class Student:
    """One of them, with all that he did and was told.

    Attributes:
        orders: what he bought; see `Order`.
        texts: what he wrote.
        troubles: why he could not go on.
    """

    plan: StudentPlan
    course: CoursePlan
    person: Person
    around: Around
    skill: Skill
    orders: list[Order] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def course_id(self) -> str:
        """What he wants to buy."""
        found: str = self.around.courses[self.plan.course]["id"]
        return found

    def learner(self) -> Learner:
        """Return what he did, for the check."""
        return Learner(
            name=f"{self.person.name} <{self.plan.email}>",
            student_id=self.person.id or self.plan.email,
            course_id=self.course_id,
            skill=self.skill,
            orders=tuple(self.orders),
            texts=tuple(self.texts),
            troubles=tuple(self.troubles),
        )

    async def live(self) -> None:
        """Go through the day; what stops him is noted, and everybody else goes on."""
        try:
            await self._arrive()
            await self._study()
        except ServerError as exc:
            self.troubles.append(str(exc))
        self.around.board.reach(Step.DONE)

    async def _arrive(self) -> None:
        board, person = self.around.board, self.person
        await person.sign_up()
        board.reach(Step.SIGNED_UP)
        await person.sign_in()
        board.reach(Step.SIGNED_IN)
        await self._find()
        board.reach(Step.FOUND)
        board.tell(f"{person.name} found “{self.course.title}”")

    async def _find(self) -> None:
        """Search for the course by words of its title, as somebody would who heard of it."""
        found = await self.person.ask(
            Service.COURSES, "GET", "/v1/courses", q=self.course.title, language=self.plan.language
        )
        if self.course_id not in [course["id"] for course in found["items"]]:
            raise ServerError(f"the search for {self.course.title!r} in {self.plan.language} does not find the course")
        await self.person.ask(Service.COURSES, "GET", f"/v1/courses/{self.course_id}")

    async def _study(self) -> None:
        purchase = await self._order("first")
        if not await self._pay(purchase):
            return
        paid_at = time.monotonic()
        if self.plan.habit is Habit.TWO_ORDERS:
            await self._pay(await self._order("second"))
            await self._return(0)
        access = await self._served(paid_at)
        if access["trainer_id"] is not None:
            await self._talk()
        if self.plan.habit is Habit.PART:
            await self._return(0, PART_MINOR)
        if self.plan.habit is Habit.RETURNS:
            await self._leave()

    async def _order(self, which: str) -> Mapping[str, Any]:
        clicks = CLICKS if self.plan.habit is Habit.CLICKS else 1
        made = await asyncio.gather(*(self._click(which) for _ in range(clicks)))
        self.orders.append(Order(tuple(one["purchase"]["id"] for one in made), paid_minor=0, refunded_minor=0))
        if which == "first":
            self.around.board.reach(Step.ORDERED)
        purchase: Mapping[str, Any] = made[0]["purchase"]
        return purchase

    async def _click(self, which: str) -> Any:
        path, key = f"/v1/courses/{self.course_id}/purchases", once(f"{self.plan.email}-{which}")
        return await self.person.ask(Service.COURSES, "POST", path, {"language": self.plan.language}, headers=key)

    async def _pay(self, purchase: Mapping[str, Any]) -> bool:
        """Pay an order in one's own way; False if that does not give access."""
        till, habit, amount_minor = self.around.till, self.plan.habit, purchase["amount_minor"]
        if habit is Habit.NEVER_PAYS:
            await till.refuse(purchase)
            return False
        if habit is Habit.RETURNED_FIRST:
            await till.pay_after_refund(purchase)
            self._note(paid_minor=amount_minor, refunded_minor=amount_minor)
            self.around.board.reach(Step.PAID)
            self.around.board.reach(Step.RETURNED)
            return False
        if habit is Habit.DISTRUSTED:
            await till.forge(purchase)
        await till.pay(purchase, times=TELLINGS.get(habit, 1), at_once=habit is Habit.TOLD_AT_ONCE)
        self._note(paid_minor=amount_minor)
        if len(self.orders) == 1:
            self.around.board.reach(Step.PAID)
        return True

    def _note(self, *, paid_minor: int, refunded_minor: int = 0, number: int = -1) -> None:
        self.orders[number] = Order(self.orders[number].answers, paid_minor, refunded_minor)

    async def _return(self, number: int, amount_minor: int | None = None) -> None:
        """Have the money of an order given back, all of it unless it is said how much."""
        order = self.orders[number]
        back_minor = amount_minor or order.paid_minor
        await until(self._is_paid(order.purchase_id), f"order {order.purchase_id} is paid")
        await self.around.office.give_back(order.purchase_id, amount_minor, "as agreed")
        self._note(paid_minor=order.paid_minor, refunded_minor=back_minor, number=number)

    def _is_paid(self, purchase_id: str) -> Any:
        async def look() -> bool:
            shown = await self.person.ask(Service.COURSES, "GET", f"/v1/purchases/{purchase_id}")
            return bool(shown["status"] == "paid")

        return look

    async def _served(self, paid_at: float) -> Mapping[str, Any]:
        """Wait for the trainer, or in the queue until it is late."""
        board = self.around.board
        access = await until(self._place, f"{self.person.name} has a trainer or a place in the queue")
        if access["trainer_id"] is None:
            board.tell(f"{self.person.name} waits for {self.skill}")
            access = await self._in_the_queue(access)
        if access["trainer_id"] is not None:
            board.seconds_to_trainer.append(time.monotonic() - paid_at)
            board.reach(Step.SERVED)
        else:
            board.reach(Step.WAITING)
        return access

    async def _in_the_queue(self, access: Mapping[str, Any]) -> Mapping[str, Any]:
        give_up_at = time.monotonic() + QUEUE_PATIENCE_S
        while access["trainer_id"] is None and time.monotonic() < give_up_at:
            await asyncio.sleep(QUEUE_PATIENCE_S / 4)
            access = await self._place() or access
        return access

    async def _place(self) -> Mapping[str, Any] | None:
        """Look whether there is a trainer or a place in the queue."""
        access = await self._access()
        return access if access and (access["trainer_id"] or access["waiting"]) else None

    async def _access(self) -> Mapping[str, Any] | None:
        path = f"/v1/enrolments/{self.course_id}"
        try:
            found: Mapping[str, Any] = await self.person.ask(Service.COURSES, "GET", path)
        except RefusedError as exc:
            if exc.status != NOT_FOUND:
                raise
            return None
        return found

    async def _has_ended(self) -> bool:
        access = await self._access()
        return access is None or access["status"] != "active"

    async def _talk(self) -> None:
        if self.plan.habit is Habit.TOKEN:
            await self.person.freshen()
        talk = Talk(self.person, self.course_id, self.around.board, self.texts)
        await talk.open()
        await talk.hold(self.course.subject, again=self.plan.number % 2 == 0)
        self.around.board.reach(Step.TALKED)

    async def _leave(self) -> None:
        """Have all money back; then there is neither trainer nor anybody to write to."""
        await self._return(0)
        await until(self._has_ended, f"{self.person.name}, who has all the money back, attends no longer")
        if self.texts:
            await Talk(self.person, self.course_id, self.around.board, self.texts).find_closed()
        self.around.board.reach(Step.RETURNED)
        self.around.board.tell(f"{self.person.name} has the money back and leaves")
