"""A student's conversation with the trainer: it opens, both write, each reads what the other wrote at once."""

import time
from collections.abc import Mapping
from typing import Any

from lyceum_devstack.check import Text
from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.board import Board
from lyceum_devstack.story.patience import until
from lyceum_devstack.story.person import Person
from lyceum_devstack.story.web import RefusedError

CLOSED = "conversation_closed"
"""The problem of who writes in a conversation that is over."""
POLL_WAIT_S = 20
"""How long a long poll waits for an answer; the service allows 25."""
ANSWERED_WITHIN_S = 60.0
OPENINGS = (
    "Hello! I just began with {subject}. Where do I start?",
    "Thank you. May I ask about {subject} again later?",
)


class Talk:
    """One of them.

    Args:
        person: the student.
        course_id: what it is about.
        board: is told how it goes.
        texts: what the student writes is added to it.
    """

    def __init__(self, person: Person, course_id: str, board: Board, texts: list[Text]) -> None:
        self._person = person
        self._course_id = course_id
        self._board = board
        self._texts = texts
        self._path = ""
        self._trainer_id = ""
        self._trainer_name = ""

    async def open(self) -> None:
        """Wait until the conversation is there, and read with whom."""
        found = await until(self._find, f"{self._person.name} has a conversation with the trainer")
        self._path = f"/v1/conversations/{found['id']}/messages"
        self._trainer_id = found["trainer_id"]
        names = {member["user_id"]: member.get("name") for member in found["members"]}
        self._trainer_name = names.get(self._trainer_id) or self._trainer_id
        self._board.tell(f"{self._person.name} has {self._trainer_name} as trainer")

    async def _find(self) -> Mapping[str, Any] | None:
        listed = await self._person.ask(Service.CHAT, "GET", "/v1/conversations", limit=100)
        own = [one for one in listed["items"] if one["course_id"] == self._course_id and one["status"] == "open"]
        return own[0] if own else None

    async def find_closed(self) -> None:
        """Wait until the conversation is closed, and try to write in it.

        Raises:
            ServerError: it stays open, or takes the message all the same.
        """
        found = await until(self._find_closed, f"the conversation of {self._person.name}, who has left, is closed")
        path, body = f"/v1/conversations/{found['id']}/messages", {"client_id": f"{self._person.id}-late", "body": "?"}
        try:
            await self._person.ask(Service.CHAT, "POST", path, body)
        except RefusedError as exc:
            if exc.code == CLOSED:
                return
            raise
        raise ServerError(f"{self._person.name} has left and may still write in {found['id']}")

    async def _find_closed(self) -> Mapping[str, Any] | None:
        listed = await self._person.ask(Service.CHAT, "GET", "/v1/conversations", limit=100)
        own = [one for one in listed["items"] if one["course_id"] == self._course_id]
        return own[0] if own and own[0]["status"] != "open" else None

    async def hold(self, subject: str, *, again: bool) -> None:
        """Write, wait for the answer, mark it as read.

        Args:
            subject: to write about.
            again: whether to do all of it once more.

        Raises:
            ServerError: the trainer does not answer.
        """
        for number in range(1 + again):
            text = Text(self._person.id, f"{self._person.id}-{number}", OPENINGS[number].format(subject=subject))
            sent_at = time.monotonic()
            seq = await self._send(text, twice=number == 1)
            answer = await self._answer(seq)
            self._board.seconds_to_answer.append(time.monotonic() - sent_at)
            self._board.tell(f"{self._trainer_name}: {answer['body']}")
            path = self._path.replace("/messages", "/read")
            await self._person.ask(Service.CHAT, "PUT", path, {"seq": answer["seq"]})

    async def _send(self, text: Text, *, twice: bool) -> int:
        """Send a message; twice as after an answer that was lost."""
        self._texts.append(text)
        body = {"client_id": text.client_id, "body": text.body}
        seqs = {(await self._person.ask(Service.CHAT, "POST", self._path, body))["seq"] for _ in range(1 + twice)}
        if len(seqs) > 1:
            raise ServerError(f"one message, sent twice, has the numbers {sorted(seqs)} in {self._path}")
        self._board.messages += 1
        return int(seqs.pop())

    async def _answer(self, after_seq: int) -> Mapping[str, Any]:
        """Wait for what the trainer writes, as a screen without websocket does: by a long poll after the other."""
        give_up_at = time.monotonic() + ANSWERED_WITHIN_S
        while time.monotonic() < give_up_at:
            listed = await self._person.ask(
                Service.CHAT, "GET", self._path, after_seq=after_seq, wait=POLL_WAIT_S, limit=100
            )
            for message in listed["items"]:
                if message["sender_id"] == self._trainer_id and message["kind"] == "text":
                    answer: Mapping[str, Any] = message
                    return answer
            after_seq = max([after_seq, *(message["seq"] for message in listed["items"])])
        raise ServerError(f"{self._trainer_name} does not answer {self._person.name}")
