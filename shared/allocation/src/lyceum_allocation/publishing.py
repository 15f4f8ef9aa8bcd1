"""The use case behind `purchases publish`."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from keylane import ConfigurationError, KafkaSettings, UnavailableError, missing_topics
from keylane.kafka import KafkaBroker
from lyceum_allocation.errors import PublishingInterrupted
from lyceum_allocation.purchase_file import PurchaseLine
from lyceum_contracts import PURCHASES

WINDOW = 500
"""Records handed to the client before their acknowledgements are awaited."""


async def publish(lines: Sequence[PurchaseLine], settings: KafkaSettings, *, topic_prefix: str = "") -> str:
    """Publish events in the order of their lines; returns the topic.

    Raises:
        ConfigurationError: the topic does not exist; nothing was published.
        UnavailableError: Kafka does not answer; nothing was published.
        PublishingInterrupted: Kafka failed half-way; says which lines are in.
    """
    topic = topic_prefix + PURCHASES.name
    try:
        missing = await missing_topics(settings, [topic])
    except UnavailableError as exc:
        raise UnavailableError(
            f"Kafka at {settings.bootstrap_servers} does not answer: is KAFKA_BOOTSTRAP right, and does Kafka run?"
        ) from exc
    if missing:
        raise ConfigurationError(f"topic {topic} does not exist: create it first: python -m allocation_worker topics")
    publisher = KafkaBroker(settings).publisher()
    acknowledged = 0
    try:
        rest = iter(lines)
        while window := list(islice(rest, WINDOW)):
            sent = []
            for line in window:
                record = line.record
                sent.append(await publisher.send(topic, key=record.key, value=record.value, headers=record.headers))
            for future in sent:
                await asyncio.wait_for(future, settings.request_timeout.total_seconds())
                acknowledged += 1
    except (UnavailableError, TimeoutError) as exc:
        raise PublishingInterrupted(
            f"{lines[acknowledged].place}: {str(exc) or 'no answer'}: {acknowledged} of {len(lines)} events are "
            f"published, those above, perhaps more; publish the file again to complete it, nothing happens twice"
        ) from exc
    finally:
        await publisher.close(timeout_s=2.0)
    return topic
