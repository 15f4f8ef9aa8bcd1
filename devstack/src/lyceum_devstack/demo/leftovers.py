"""What the demo made on real servers, and taking it away again. Embedded servers take theirs with them."""

from collections.abc import Iterable
from concurrent.futures import Future, wait

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from lyceum_devstack.demo.stage import Stage
from lyceum_devstack.errors import ServerError

_WITHIN_S = 8.0


def remove_leftovers(stage: Stage) -> None:
    """Remove the run's own topics and consumer group from a real Kafka.

    Raises:
        ServerError: Kafka did not confirm it; names what may be left.
    """
    if stage.embedded_kafka:
        return
    admin = AdminClient({"bootstrap.servers": stage.bootstrap, "log_level": 0})
    _confirmed(admin.delete_topics(list(stage.topics), operation_timeout=_WITHIN_S).values(), stage)
    _confirmed(admin.delete_consumer_groups([stage.group], request_timeout=_WITHIN_S).values(), stage)


def _confirmed(outcomes: Iterable[Future[None]], stage: Stage) -> None:
    done = wait(outcomes, timeout=_WITHIN_S)
    try:
        for outcome in done.done:
            outcome.result()
    except KafkaException as exc:
        raise _left(stage, str(exc)) from exc
    if done.not_done:
        raise _left(stage, f"no answer within {_WITHIN_S:.0f} s")


def _left(stage: Stage, why: str) -> ServerError:
    return ServerError(f"Kafka at {stage.bootstrap} may still hold topics and groups {stage.topic_prefix}*: {why}")
