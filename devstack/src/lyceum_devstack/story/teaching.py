"""A trainer's day: whoever wrote gets an answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lyceum_devstack.check import Text
from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.board import Board
from lyceum_devstack.story.person import Person
from lyceum_devstack.story.talking import CLOSED
from lyceum_devstack.story.web import RefusedError

LOOK_AFTER_NEWS_S = 0.5
LONGEST_PAUSE_S = 4.0
GROWTH = 1.6
"""Of the pause between two looks at one's conversations while nobody writes."""
ANSWERS = (
    "Welcome, {name}! Begin with the first lesson and tell me what you make of it.",
    "Of course, {name}, that is what I am here for.",
)


class TrainerAtWork:
    """One of them.

    Attributes:
        texts: what was written, in this order.
        troubles: what stopped an answer.
    """

    def __init__(self, person: Person, board: Board) -> None:
        self.person = person
        self.texts: list[Text] = []
        self.troubles: list[str] = []
        self._board = board

    async def live(self, until: asyncio.Event) -> None:
        """Answer everybody until the school closes."""
        pause_s = LOOK_AFTER_NEWS_S
        while not until.is_set():
            try:
                news = await self._unread()
                await asyncio.gather(*(self._answer(conversation) for conversation in news))
            except ServerError as exc:
                self.troubles.append(f"{self.person.name}: {exc}")
                return
            pause_s = LOOK_AFTER_NEWS_S if news else min(pause_s * GROWTH, LONGEST_PAUSE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), pause_s)

    async def _unread(self) -> list[Mapping[str, Any]]:
        """Return conversations in which something is new, the last one first."""
        listed = await self.person.ask(Service.CHAT, "GET", "/v1/conversations", limit=100)
        return [one for one in listed["items"] if one["status"] == "open" and one["unread"] > 0]

    async def _answer(self, conversation: Mapping[str, Any]) -> None:
        path = f"/v1/conversations/{conversation['id']}"
        read = conversation["last_read_seq"]
        new = await self.person.ask(Service.CHAT, "GET", f"{path}/messages", after_seq=read, limit=100)
        for message in new["items"]:
            if message["kind"] == "text" and message["sender_id"] != self.person.id:
                await self._write(path, conversation, message)
        if new["items"]:
            await self.person.ask(Service.CHAT, "PUT", f"{path}/read", {"seq": new["items"][-1]["seq"]})

    async def _write(self, path: str, conversation: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        names = {member["user_id"]: member.get("name") for member in conversation["members"]}
        name = names.get(message["sender_id"]) or "you"
        wording = ANSWERS[min(sum(text.client_id.startswith(conversation["id"]) for text in self.texts), 1)]
        text = Text(self.person.id, f"{conversation['id']}-{message['seq']}", wording.format(name=name.split()[0]))
        body = {"client_id": text.client_id, "body": text.body}
        try:
            await self.person.ask(Service.CHAT, "POST", f"{path}/messages", body)
        except RefusedError as exc:
            if exc.code != CLOSED:
                raise
            return  # the student has left meanwhile
        self.texts.append(text)
        self._board.messages += 1
