"""The chat service as programs of its own on real servers, and people who talk there."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from chat_service import main as chat_service
from chat_service.settings import ChatSettings
from keylane import KafkaSettings
from lyceum_contracts import (
    ALLOCATIONS,
    CHAT,
    Decoded,
    Envelope,
    Event,
    Record,
    TrainerAllocated,
    TrainerReallocated,
    decode,
    encode,
)
from lyceum_database import MongoSettings, close, new_id, utc_now
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings

from . import log
from .deployment import until
from .issuing import Issuer, sign_in
from .replica import Answer, Replica, started

TALKING = ("conversations:read", "conversations:write")
STUDENT, TRAINER, SUCCESSOR = "ada", "tom", "tim"
COURSE = "algebra"


@dataclass(frozen=True)
class ChatDeployment:
    """Names and addresses of one deployment."""

    bootstrap: str
    uri: str
    name: str
    folder: Path
    issuer: Issuer

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    @property
    def group(self) -> str:
        return f"{self.prefix}chat-service"

    @property
    def settings(self) -> ChatSettings:
        return ChatSettings(
            web=WebSettings(environment="development"),
            mongo=MongoSettings(uri=self.uri, database=self.name),
            kafka=KafkaSettings(bootstrap_servers=self.bootstrap),
            tokens=TokenSettings(keys_url=self.issuer.url),
            group=self.group,
            topic_prefix=self.prefix,
        )

    def environment(self, **others: str) -> dict[str, str]:
        return dict(os.environ) | {  # noqa: TID251 - a child needs this process's environment and more
            "ENVIRONMENT": "development",
            "HOST": "127.0.0.1",
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_GROUP": self.group,
            "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "KAFKA_HEARTBEAT_INTERVAL_SECONDS": "1",
            "INBOX_LEASE_SECONDS": "3",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.name,
            "AUTH_KEYS_URL": self.issuer.url,
            "CHAT_OUTBOX_LEASE_SECONDS": "2",
            "CHAT_LIMIT_SENDING": "10000/second",
            "CHAT_LIMIT_CONVERSATION": "10000/second",
            "CHAT_LIMIT_READING": "10000/second",
            **others,
        }

    def deploy(self) -> None:
        try:
            for step in ("indexes", "topics"):
                asyncio.run(chat_service.deploy(step, self.settings))
        finally:
            close()
        sign_in(self.settings.mongo, STUDENT, TRAINER, SUCCESSOR, permissions=TALKING)

    @contextmanager
    def documents(self) -> Iterator[Any]:
        """The database, past all models."""
        with MongoClient[Any](self.uri, timeoutMS=20_000, tz_aware=True) as client:
            yield client[self.name]

    def events(self) -> list[Decoded]:
        """All that the topic `chat` holds now, each partition in its order."""
        return [decode(record.value, record.headers) for record in log.read(self.bootstrap, self.prefix + CHAT.name)]

    def told(self, event: Event) -> None:
        """Publish what the allocation worker tells."""
        one = encode(event, Envelope(id=new_id(), source="/tests", time=utc_now()))
        log.publish(self.bootstrap, [Record(self.prefix + ALLOCATIONS.name, one.key, one.value, one.headers)])

    def allocate(self) -> None:
        self.told(
            TrainerAllocated(
                **_SEAT,
                epoch=1,
                trainer_id=TRAINER,
                subject="maths",
                language="en",
                purchase_ids=("p1",),
                allocated_at=utc_now(),
            )
        )

    def hand_over(self) -> None:
        self.told(
            TrainerReallocated(
                **_SEAT,
                epoch=2,
                from_trainer_id=TRAINER,
                to_trainer_id=SUCCESSOR,
                cause="left",
                reallocated_at=utc_now(),
            )
        )


_SEAT: dict[str, Any] = {"allocation_id": "ada-algebra", "student_id": STUDENT, "course_id": COURSE}


class Talking:
    """One process of the service, and what people do there."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.ask, self.until, self.kill = replica.ask, replica.until, replica.kill

    def conversation(self, who: str = STUDENT) -> str:
        """The id of somebody's only conversation, once there is one."""
        found: list[dict[str, Any]] = []

        def opened() -> bool:
            found[:] = self.ask("GET", "/v1/conversations", who=who).body["items"]
            return bool(found)

        until(opened, "a conversation")
        return str(found[0]["id"])

    def send(self, who: str, conversation_id: str, body: str, *, client_id: str | None = None) -> Answer:
        message = {"client_id": client_id or new_id(), "body": body}
        return self.ask("POST", f"/v1/conversations/{conversation_id}/messages", message, who=who)

    def messages(self, who: str, conversation_id: str, *, after: int, wait: float = 0, limit: int = 100) -> Answer:
        path = f"/v1/conversations/{conversation_id}/messages?after_seq={after}&wait={wait}&limit={limit}"
        return self.ask("GET", path, who=who)

    def ask_briefly(self, who: str, path: str) -> None:
        """Ask, and hang up when there is no answer for a moment."""
        headers = {"Authorization": f"Bearer {self.replica.token(who)}"}
        with httpx.Client(base_url=self.replica.client.base_url, timeout=0.5) as impatient:
            impatient.get(path, headers=headers)

    def waits(self) -> int:
        """How many requests wait in this process."""
        figures = self.replica.client.get("/metrics").text
        return next(int(float(line.split()[1])) for line in figures.splitlines() if line.startswith("chat_waits "))


@contextmanager
def begun(deployment: ChatDeployment, **others: str) -> Iterator[Talking]:
    """Run the service until the end of the block, from its first moment on."""
    environment = deployment.environment(**others)
    with started("chat_service", environment, deployment.issuer, deployment.folder) as replica:
        yield Talking(replica)


@contextmanager
def serving(deployment: ChatDeployment, *, status: str = "ready", **others: str) -> Iterator[Talking]:
    """The same, from when it is ready on."""
    with begun(deployment, **others) as talking:
        talking.until(status)
        yield talking
