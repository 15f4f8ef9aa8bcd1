"""The administrator's day: trainers are let in, courses put on sale, money given back."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from lyceum_allocation import TrainerRow
from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.person import Person, any_version, once
from lyceum_devstack.story.plan import CoursePlan, DayPlan
from lyceum_devstack.story.web import RefusedError, Web

DERIVED_WITH = b"lyceum demo: passwords of trainers"
ROUNDS = 200_000
"""Of PBKDF2, once for all trainers: whoever learns one of their passwords does not learn the administrator's."""


class Office:
    """What only an administrator may do.

    Args:
        web: how services are reached.
        administrator: who it is.
        password: the administrator's; the trainers' follow from it, so that another run can sign them in again.
    """

    def __init__(self, web: Web, administrator: Person, password: str) -> None:
        self._web = web
        self._administrator = administrator
        self._seed = hashlib.pbkdf2_hmac("sha256", password.encode(), DERIVED_WITH, ROUNDS)

    async def open(self) -> None:
        """Sign in.

        Raises:
            ServerError: with no such password.
        """
        try:
            await self._administrator.sign_in()
        except RefusedError as exc:
            raise ServerError(f"the administrator {self._administrator.email} cannot sign in: {exc}") from exc

    async def let_in(self, day: DayPlan) -> dict[str, Person]:
        """Invite the trainers; each accepts and signs in. Those of an earlier run just sign in.

        Raises:
            ServerError: the stack does not know one of them, or the account has a password of its own.
        """
        people = await asyncio.gather(*(self._let_in(row, day.run) for row in day.trainers))
        return {person.id: person for person in people}

    async def _let_in(self, row: TrainerRow, run: str) -> Person:
        password = hmac.new(self._seed, row.email.encode(), "sha256").hexdigest()
        trainer = Person(self._web, email=row.email, password=password, name=row.name)
        known = await self._administrator.ask(Service.AUTH, "GET", "/v1/users", email=row.email)
        if [user["id"] for user in known["items"]] != [row.trainer_id]:
            raise ServerError(
                f"the stack knows no trainer {row.trainer_id} <{row.email}>: run `lyceum trainers import` with the "
                "file of the trainers first (`lyceum up` on embedded servers does so by itself)"
            )
        if known["items"][0]["status"] == "invited":
            await self._invite(trainer, run)
        try:
            await trainer.sign_in()
        except RefusedError as exc:
            raise ServerError(
                f"trainer {row.trainer_id} has a password that was not made for this administrator ({exc}): name "
                "other trainers with --trainers"
            ) from exc
        return trainer

    async def _invite(self, trainer: Person, run: str) -> None:
        wish = {"email": trainer.email, "roles": ["trainer"]}
        key = once(f"invite-{run}-{trainer.email}")
        made = await self._administrator.ask(Service.AUTH, "POST", "/v1/invitations", wish, headers=key)
        await trainer.accept(made["token"])

    async def put_on_sale(self, day: DayPlan, plan: CoursePlan) -> dict[str, Any]:
        """Write a course and publish it; returns it as learners see it."""
        body = {
            "slug": plan.slug,
            "title": plan.title,
            "subject": plan.subject,
            "languages": list(plan.languages),
            "summary": f"Taught in {', '.join(plan.languages)}, each student with a trainer.",
            "price_minor": plan.price_minor,
            "currency": plan.currency,
            "trainer_ids": [row.trainer_id for row in day.trainers if plan.subject in row.subjects],
            "sections": [{"title": "Welcome", "lessons": [_lesson(plan)]}],
        }
        ask = self._administrator.ask
        made = await ask(Service.COURSES, "POST", "/v1/courses", body, headers=once(f"course-{plan.slug}"))
        path = f"/v1/courses/{made['id']}"
        published: dict[str, Any] = await ask(Service.COURSES, "POST", f"{path}/publication", headers=any_version())
        return published

    async def give_back(self, purchase_id: str, amount_minor: int | None, reason: str) -> Mapping[str, Any]:
        """Give a purchase's money back, all that is left unless it is said how much."""
        body = {"reason": reason} | ({} if amount_minor is None else {"amount_minor": amount_minor})
        path, key = f"/v1/purchases/{purchase_id}/refunds", once(f"refund-{purchase_id}-{amount_minor}")
        shown: Mapping[str, Any] = await self._administrator.ask(Service.COURSES, "POST", path, body, headers=key)
        return shown

    async def withdraw(self, course_id: str) -> None:
        """Take a course off the catalogue."""
        path = f"/v1/courses/{course_id}/archive"
        await self._administrator.ask(Service.COURSES, "POST", path, headers=any_version())


def _lesson(plan: CoursePlan) -> dict[str, Any]:
    return {"title": "How this works", "kind": "text", "body": f"Welcome to {plan.title}.", "free": True}
