"""What the program is told by its environment, read once at start."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from chat_service.messages.search import SearchKind
from chat_service.rates import Rates
from chat_service.waits import MOST, PER_USER
from keylane import KafkaSettings
from lyceum_contracts import CHAT_SERVICE
from lyceum_database import MongoSettings
from lyceum_program.environment import read
from lyceum_program.errors import StartRefused
from lyceum_program.kafka import KafkaEnvironment, Seconds
from lyceum_web.rates import Limit
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings

NAME = "chat-service"
"""Of the program, where it speaks to people and to Kafka."""

_RATES = {"sending": "60/minute", "conversation": "300/minute", "reading": "1200/minute", "search": "30/minute"}


def _rate(text: str) -> str:
    Limit.of("rate", text)
    return text


Rate = Annotated[str, AfterValidator(_rate)]
"""Such as `60/minute`."""


def default_rates() -> Rates:
    """Return how often one may write and read where nothing else is said."""
    return Rates.of(**_RATES)


class OwnEnvironment(BaseSettings):
    """What belongs to this program alone."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", env_ignore_empty=True, frozen=True, extra="ignore")

    search: SearchKind = "tokens"
    limit_sending: Rate = _RATES["sending"]
    limit_conversation: Rate = _RATES["conversation"]
    limit_reading: Rate = _RATES["reading"]
    limit_search: Rate = _RATES["search"]
    waits: int = Field(default=MOST, ge=1, le=100_000)
    waits_per_user: int = Field(default=PER_USER, ge=1, le=1000)
    look_seconds: float = Field(default=1, ge=0.05, le=10)
    outbox_lease_seconds: Seconds = 30
    concurrency: int = Field(default=16, ge=1, le=1000)

    def rates(self) -> Rates:
        """Return how often one may write and read."""
        return Rates.of(
            sending=self.limit_sending,
            conversation=self.limit_conversation,
            reading=self.limit_reading,
            search=self.limit_search,
        )


class InboxEnvironment(BaseSettings):
    """What every program that listens has, under one name."""

    model_config = SettingsConfigDict(env_prefix="INBOX_", env_ignore_empty=True, frozen=True, extra="ignore")

    lease_seconds: Seconds = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """Everything the composition root needs.

    Attributes:
        web: what every HTTP service has.
        mongo: how to reach the database.
        kafka: how to reach Kafka.
        tokens: whose access tokens count.
        group: the consumer group.
        topic_prefix: stands before the name of every topic that is read or written.
        search: how messages are found: `tokens` anywhere, `text` by the text index of MongoDB.
        rates: how often one may write and read.
        waits: requests that wait for a message at one time, in this process.
        waits_per_user: of one person.
        look_interval: within which a message that came to another process is noticed by those who wait here.
        inbox_lease: how long the events that a process had in hand wait when it died.
        outbox_lease: the same, for events that it was about to publish.
        concurrency: events that are handled at one time.
    """

    web: WebSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    tokens: TokenSettings
    group: str = CHAT_SERVICE
    topic_prefix: str = ""
    search: SearchKind = "tokens"
    rates: Rates = field(default_factory=default_rates)
    waits: int = MOST
    waits_per_user: int = PER_USER
    look_interval: timedelta = timedelta(seconds=1)
    inbox_lease: timedelta = timedelta(seconds=30)
    outbox_lease: timedelta = timedelta(seconds=30)
    concurrency: int = 16


def read_settings() -> ChatSettings:
    """Read the environment and the secret files.

    Raises:
        StartRefused: a value is missing or cannot work; names the variable and what to do, never a secret.
    """
    web = read(WebSettings)
    mongo = read(MongoSettings)
    kafka = read(KafkaEnvironment)
    tokens = read(TokenSettings)
    own = read(OwnEnvironment)
    _check_room(own, web)
    return ChatSettings(
        web=web,
        mongo=mongo,
        kafka=kafka.connection(client_id=NAME),
        tokens=tokens,
        group=kafka.group or CHAT_SERVICE,
        topic_prefix=kafka.topic_prefix,
        search=own.search,
        rates=own.rates(),
        waits=own.waits,
        waits_per_user=own.waits_per_user,
        look_interval=timedelta(seconds=own.look_seconds),
        inbox_lease=timedelta(seconds=read(InboxEnvironment).lease_seconds),
        outbox_lease=timedelta(seconds=own.outbox_lease_seconds),
        concurrency=own.concurrency,
    )


def _check_room(own: OwnEnvironment, web: WebSettings) -> None:
    if own.waits >= web.requests:
        raise StartRefused(
            f"CHAT_WAITS {own.waits}: give less than REQUESTS {web.requests}, or who waits leaves no room for others"
        )
