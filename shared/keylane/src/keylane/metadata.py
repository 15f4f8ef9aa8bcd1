"""What a Kafka cluster says about its topics; looking never creates one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from keylane.connection import bounded, connection, unreached
from keylane.dismantle import dismantle, started
from keylane.errors import BrokerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keylane.settings import KafkaSettings


async def partition_counts(settings: KafkaSettings, topics: Iterable[str]) -> dict[str, int]:
    """Partition counts of those of `topics` that exist.

    Raises:
        BrokerUnavailableError: The broker is away.
    """
    client = AIOKafkaClient(**connection(settings))
    try:
        async with asyncio.timeout(settings.request_timeout.total_seconds()):
            await started(client.bootstrap())
            cluster = await client.fetch_all_metadata()
    except (KafkaError, TimeoutError, OSError) as exc:
        raise BrokerUnavailableError(unreached(settings, exc)) from exc
    finally:
        await bounded(client.close(), timeout_s=2.0)
        await dismantle(client)
    found = {topic: cluster.partitions_for_topic(topic) for topic in topics}
    return {topic: len(partitions) for topic, partitions in found.items() if partitions}
