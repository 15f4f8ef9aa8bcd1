"""What the program is told by its environment, read once at start."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from keylane import KafkaSettings
from lyceum_contracts import ALLOCATION_WORKER
from lyceum_database import MongoSettings
from lyceum_program.environment import read
from lyceum_program.kafka import KafkaEnvironment, Seconds


class OwnEnvironment(BaseSettings):
    """What belongs to this program alone."""

    model_config = SettingsConfigDict(env_prefix="", env_ignore_empty=True, frozen=True, extra="ignore")

    health_host: str = "0.0.0.0"  # noqa: S104 - inside a container the health check comes from outside the loopback
    health_port: int | None = Field(default=None, ge=0, le=65535)
    sweep_interval_seconds: Seconds = 30
    reconcile_interval_seconds: Seconds = 60
    fairness_interval_seconds: Seconds = 60
    inbox_lease_seconds: Seconds = 30
    concurrency: int = Field(default=32, ge=1, le=1000)
    scarcity: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Everything the composition root needs.

    Attributes:
        mongo: how to reach the database.
        kafka: how to reach Kafka.
        group: the consumer group.
        topic_prefix: stands before the name of every topic that is read or written: several installations on one Kafka.
        sweep_interval: between two looks at everybody who waits.
        reconcile_interval: within which every seat is looked at, by whichever process.
        fairness_interval: between two reckonings of the fairness figures.
        inbox_lease: how long the messages of a process that died wait.
        concurrency: events that are handled at one time; as many threads speak to the database.
        scarcity: keep versatile trainers for rare skills.
        health_host: where the health check is answered.
        health_port: its port; None for no health check, 0 for any free one.
        log_level: of the program's log.
    """

    mongo: MongoSettings
    kafka: KafkaSettings
    group: str = ALLOCATION_WORKER
    topic_prefix: str = ""
    sweep_interval: timedelta = timedelta(seconds=30)
    reconcile_interval: timedelta = timedelta(seconds=60)
    fairness_interval: timedelta = timedelta(seconds=60)
    inbox_lease: timedelta = timedelta(seconds=30)
    concurrency: int = 32
    scarcity: bool = False
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    log_level: str = "INFO"


def read_settings() -> WorkerSettings:
    """Read the environment and the secret files.

    Raises:
        StartRefused: a value is missing or cannot work; names the variable and what to do, never a secret.
    """
    mongo = read(MongoSettings)
    kafka = read(KafkaEnvironment)
    own = read(OwnEnvironment)
    return WorkerSettings(
        mongo=mongo,
        kafka=kafka.connection(client_id=ALLOCATION_WORKER),
        group=kafka.group or ALLOCATION_WORKER,
        topic_prefix=kafka.topic_prefix,
        sweep_interval=timedelta(seconds=own.sweep_interval_seconds),
        reconcile_interval=timedelta(seconds=own.reconcile_interval_seconds),
        fairness_interval=timedelta(seconds=own.fairness_interval_seconds),
        inbox_lease=timedelta(seconds=own.inbox_lease_seconds),
        concurrency=own.concurrency,
        scarcity=own.scarcity,
        health_host=own.health_host,
        health_port=own.health_port,
        log_level=own.log_level,
    )
