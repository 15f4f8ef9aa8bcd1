"""What the program is told by its environment, read once at start."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from course_service.courses.search import SearchKind
from course_service.payments.settings import PaymentSettings
from keylane import KafkaSettings
from lyceum_contracts import COURSE_SERVICE
from lyceum_database import MongoSettings
from lyceum_program.environment import read
from lyceum_program.kafka import KafkaEnvironment, Seconds
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings

NAME = "course-service"
"""Of the program, where it speaks to people and to Kafka."""


class OwnEnvironment(BaseSettings):
    """What belongs to this program alone."""

    model_config = SettingsConfigDict(env_prefix="COURSE_", env_ignore_empty=True, frozen=True, extra="ignore")

    concurrency: int = Field(default=16, ge=1, le=1000)
    search: SearchKind = SearchKind.TOKENS
    outbox_lease_seconds: Seconds = 30
    sweep_seconds: Seconds = 10


class InboxEnvironment(BaseSettings):
    """What every program that listens has, under one name."""

    model_config = SettingsConfigDict(env_prefix="INBOX_", env_ignore_empty=True, frozen=True, extra="ignore")

    lease_seconds: Seconds = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSettings:
    """Everything the composition root needs.

    Attributes:
        web: what every HTTP service has.
        mongo: how to reach the database.
        kafka: how to reach Kafka.
        tokens: whose access tokens count.
        payments: how payments are taken.
        group: the consumer group.
        topic_prefix: stands before the name of every topic that is read or written: several installations on one Kafka.
        concurrency: events that are handled at one time; as many threads speak to the database.
        inbox_lease: how long the events that a process had in hand wait when it died.
        outbox_lease: the same, for events that it was about to publish.
        sweep_interval: between two looks at payment events that are not done; orders are looked at every third time.
        search: how words are looked for in the catalogue.
    """

    web: WebSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    tokens: TokenSettings
    payments: PaymentSettings
    group: str = COURSE_SERVICE
    topic_prefix: str = ""
    concurrency: int = 16
    inbox_lease: timedelta = timedelta(seconds=30)
    outbox_lease: timedelta = timedelta(seconds=30)
    sweep_interval: timedelta = timedelta(seconds=10)
    search: SearchKind = SearchKind.TOKENS


def read_settings() -> CourseSettings:
    """Read the environment and the secret files.

    Raises:
        StartRefused: a value is missing or cannot work; names the variable and what to do, never a secret.
    """
    web = read(WebSettings)
    mongo = read(MongoSettings)
    kafka = read(KafkaEnvironment)
    own = read(OwnEnvironment)
    return CourseSettings(
        web=web,
        mongo=mongo,
        kafka=kafka.connection(client_id=NAME),
        tokens=read(TokenSettings),
        payments=read(PaymentSettings),
        group=kafka.group or COURSE_SERVICE,
        topic_prefix=kafka.topic_prefix,
        concurrency=own.concurrency,
        inbox_lease=timedelta(seconds=read(InboxEnvironment).lease_seconds),
        outbox_lease=timedelta(seconds=own.outbox_lease_seconds),
        sweep_interval=timedelta(seconds=own.sweep_seconds),
        search=own.search,
    )
