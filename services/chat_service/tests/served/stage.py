"""The service as it is put together, on a database of a test's own, and the people who talk there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from chat_service.bootstrap import assembled
from chat_service.rates import Rates
from chat_service.services import Built, build_services
from chat_service.settings import ChatSettings
from keylane import KafkaSettings, Message
from lyceum_contracts import Event, TrainerAllocated, TrainerDeallocated, TrainerReallocated
from lyceum_database import DEFAULT_ORG, Clock, new_id, utc_now
from lyceum_database.embedded import embedded_settings
from lyceum_web.rates import RateLimiter, rate_limiter
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
BOUNDLESS = "10000/second"
TALKING = ("conversations:read", "conversations:write")


def boundless(**others: str) -> Rates:
    """Rates that nobody reaches, but for those given."""
    names = ("sending", "conversation", "reading", "search")
    return Rates.of(**{**dict.fromkeys(names, BOUNDLESS), **others})


def chat_settings(**changes: Any) -> ChatSettings:
    given = {
        "web": WebSettings(environment="development"),
        "mongo": embedded_settings("chat"),
        "kafka": KafkaSettings(bootstrap_servers="nowhere.invalid:9092"),
        "tokens": TokenSettings(keys_url="http://nowhere.invalid/keys"),
        "rates": boundless(),
    }
    return ChatSettings(**{**given, **changes})


@dataclass
class Stage:
    """One process of the service; a second one on the same database is another process."""

    settings: ChatSettings = field(default_factory=chat_settings)
    callers: Callers = field(default_factory=Callers)
    clock: Clock = utc_now
    limiter: RateLimiter = field(default_factory=rate_limiter)

    def __post_init__(self) -> None:
        self.built: Built = build_services(
            limiter=self.limiter,
            rates=self.settings.rates,
            waits=self.settings.waits,
            waits_per_user=self.settings.waits_per_user,
            clock=self.clock,
        )

    def application(self) -> FastAPI:
        return assembled(self.settings, self.built, security=self.callers.security, limiter=self.limiter)

    def hear(self, event: Event, *, org_id: str = DEFAULT_ORG) -> None:
        """Handle an event of the allocation worker, as the listener does."""
        self.built.chat.handlers[event.type](message_of(event, org_id=org_id))

    def allocate(
        self, student: str = "ada", trainer: str = "tom", course: str = "algebra", *, epoch: int = 1, **more: Any
    ) -> None:
        self.hear(
            TrainerAllocated(
                **seat(student, course, epoch),
                trainer_id=trainer,
                subject="maths",
                language="en",
                purchase_ids=("p1",),
                allocated_at=NOW,
            ),
            **more,
        )

    def hand_over(self, to: str, *, former: str = "tom", student: str = "ada", course: str = "algebra") -> None:
        self.hear(
            TrainerReallocated(
                **seat(student, course, 2),
                from_trainer_id=former,
                to_trainer_id=to,
                cause="left",
                reallocated_at=NOW,
            )
        )

    def deallocate(
        self, student: str = "ada", trainer: str = "tom", course: str = "algebra", *, epoch: int = 1
    ) -> None:
        self.hear(
            TrainerDeallocated(**seat(student, course, epoch), trainer_id=trainer, cause="refund", deallocated_at=NOW)
        )

    def headers(self, user_id: str, *permissions: str, org_id: str = DEFAULT_ORG) -> dict[str, str]:
        return self.callers.headers(user_id, permissions=permissions or TALKING, org_id=org_id)


def seat(student: str, course: str, epoch: int) -> dict[str, Any]:
    return {"allocation_id": f"{student}-{course}", "epoch": epoch, "student_id": student, "course_id": course}


def message_of(event: Event, *, org_id: str = DEFAULT_ORG) -> Message:
    data = dict(event.to_data())
    return Message(
        id=new_id(),
        type=event.type,
        source="/allocation",
        key=b"k",
        data=data,
        headers={"ce_orgid": org_id.encode()},
        time=NOW,
        topic="allocations",
        partition=0,
        offset=0,
        attempt=1,
        fence=1,
    )


@dataclass
class Person:
    """Somebody at a client."""

    client: httpx.Client
    headers: Mapping[str, str]

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.ask("GET", path, params=params)

    def conversations(self) -> list[dict[str, Any]]:
        answer = self.get("/v1/conversations")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    @property
    def conversation(self) -> str:
        """The id of the only one."""
        (one,) = self.conversations()
        return str(one["id"])

    def send(self, conversation_id: str, body: str, *, client_id: str | None = None, **more: Any) -> httpx.Response:
        sent = {"client_id": client_id or new_id(), "body": body, **more}
        return self.ask("POST", f"/v1/conversations/{conversation_id}/messages", json=sent)

    def messages(self, conversation_id: str, **params: Any) -> dict[str, Any]:
        answer = self.get(f"/v1/conversations/{conversation_id}/messages", **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def said(self, conversation_id: str, **params: Any) -> list[str]:
        """What people said, without notices."""
        return [one["body"] for one in self.messages(conversation_id, **params)["items"] if one["kind"] == "text"]
