"""What everybody's screen shows once the day is over, read through the same routes as during the day."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from lyceum_devstack.check import (
    School,
    Screen,
    SeenAccess,
    SeenConversation,
    SeenMessage,
    SeenOrder,
    Skill,
    Teacher,
)
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.person import Person
from lyceum_devstack.story.studying import NOT_FOUND, Student
from lyceum_devstack.story.teaching import TrainerAtWork
from lyceum_devstack.story.till import Till
from lyceum_devstack.story.web import RefusedError

PAGE = 100


async def look_around(
    students: Collection[Student],
    trainers: Collection[TrainerAtWork],
    skills: Mapping[str, frozenset[Skill]],
    till: Till,
) -> School:
    """Read all screens.

    Args:
        students: with what they did.
        trainers: with what they wrote.
        skills: of each trainer.
        till: with what was tried on the payments.

    Raises:
        ServerError: a service does not answer, or not as it should.
    """
    courses = {student.course_id for student in students}
    signed_in = [student for student in students if student.person.id]
    screens = await asyncio.gather(*(_of_student(student) for student in signed_in))
    seen = await asyncio.gather(*(_of_trainer(trainer, courses) for trainer in trainers))
    return School(
        learners=tuple(student.learner() for student in students),
        screens={student.person.id: screen for student, screen in zip(signed_in, screens, strict=True)},
        teachers={
            trainer.person.id: Teacher(
                trainer_id=trainer.person.id,
                name=trainer.person.name,
                skills=skills[trainer.person.id],
                texts=tuple(trainer.texts),
                screen=screen,
            )
            for trainer, screen in zip(trainers, seen, strict=True)
        },
        forgeries=tuple(till.forgeries),
        troubles=tuple(trouble for trainer in trainers for trouble in trainer.troubles),
    )


async def _of_student(student: Student) -> Screen:
    person, course_id = student.person, student.course_id
    bought = await person.ask(Service.COURSES, "GET", "/v1/purchases", limit=PAGE)
    return Screen(
        orders=tuple(SeenOrder(one["id"], one["status"], one["refunded_minor"]) for one in bought["items"]),
        access=await _access(person, course_id),
        conversations=await _conversations(person, {course_id}),
    )


async def _of_trainer(trainer: TrainerAtWork, courses: Collection[str]) -> Screen:
    return Screen(conversations=await _conversations(trainer.person, courses))


async def _access(person: Person, course_id: str) -> SeenAccess | None:
    try:
        shown = await person.ask(Service.COURSES, "GET", f"/v1/enrolments/{course_id}")
    except RefusedError as exc:
        if exc.status != NOT_FOUND:
            raise
        return None
    return SeenAccess(
        status=shown["status"],
        purchase_ids=tuple(shown["purchase_ids"]),
        trainer_id=shown["trainer_id"],
        waits=shown["waiting"] is not None,
    )


async def _conversations(person: Person, courses: Collection[str]) -> tuple[SeenConversation, ...]:
    listed = await _pages(person, "/v1/conversations")
    own = [one for one in listed if one["course_id"] in courses]
    return tuple(await asyncio.gather(*(_conversation(person, one) for one in own)))


async def _conversation(person: Person, shown: Mapping[str, Any]) -> SeenConversation:
    names = {member["user_id"]: member["name"] for member in shown["members"]}
    return SeenConversation(
        conversation_id=shown["id"],
        course_id=shown["course_id"],
        student_id=shown["student_id"],
        trainer_id=shown["trainer_id"],
        trainer_name=names.get(shown["trainer_id"]),
        status=shown["status"],
        messages=tuple(map(_message, await _messages(person, shown["id"]))),
    )


async def _messages(person: Person, conversation_id: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    while True:
        after = found[-1]["seq"] if found else 0
        path = f"/v1/conversations/{conversation_id}/messages"
        listed = await person.ask(Service.CHAT, "GET", path, after_seq=after, limit=PAGE)
        found += listed["items"]
        if not listed["more"]:
            return found


def _message(shown: Mapping[str, Any]) -> SeenMessage:
    return SeenMessage(
        shown["seq"], shown["sender_id"], shown["client_id"], shown["body"], is_text=shown["kind"] == "text"
    )


async def _pages(person: Person, path: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    page = await person.ask(Service.CHAT, "GET", path, limit=PAGE)
    found += page["items"]
    while page["next_cursor"]:
        page = await person.ask(Service.CHAT, "GET", path, limit=PAGE, cursor=page["next_cursor"])
        found += page["items"]
    return found
