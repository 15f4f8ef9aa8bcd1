"""What the demo made on real servers, and taking it away again. Embedded servers take theirs with them."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from rich.console import Console

from lyceum_database import DatabaseError, close, connect, translated_errors
from lyceum_devstack.demo.stage import Stage
from lyceum_devstack.demo.witness import database
from lyceum_devstack.errors import DevstackError, ServerError

_WITHIN_S = 6.0
_GONE_ALREADY = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND)


@contextmanager
def cleaned_up(stage: Stage, console: Console, *, keep: bool) -> Iterator[None]:
    """Remove what the block made on real servers, also when it fails, or say where it is kept.

    Raises:
        ServerError: Kafka did not confirm it; names what may be left.
        Unavailable: MongoDB does not answer.
    """
    try:
        yield
    except BaseException:
        if not keep:
            try:
                _remove(stage)
            except (DevstackError, DatabaseError) as left:  # beside what made the block fail, which is told last
                console.print(f"May be left: {', '.join(_names(stage))} ({left})")
        raise
    if not keep:
        _remove(stage)
    for name in _names(stage):
        console.print(f"{'Kept' if keep else 'Removed'}: {name}")


def _names(stage: Stage) -> list[str]:
    database_name = [] if stage.embedded_mongo else [f"database {stage.mongo.database} at {stage.mongo.address}"]
    topics = [] if stage.embedded_kafka else [f"topics and group {stage.topic_prefix}* at {stage.bootstrap}"]
    return database_name + topics


def _remove(stage: Stage) -> None:
    if not stage.embedded_kafka:
        _remove_topics(stage)
    if not stage.embedded_mongo:
        _remove_database(stage)


def _remove_database(stage: Stage) -> None:
    connect(stage.mongo)
    try:
        with translated_errors():
            database().client.drop_database(stage.mongo.database)
    finally:
        close()


def _remove_topics(stage: Stage) -> None:
    admin = AdminClient({"bootstrap.servers": stage.bootstrap, "log_level": 0})
    _confirmed(admin.delete_topics(list(stage.topics), operation_timeout=_WITHIN_S).values(), stage)
    _confirmed(admin.delete_consumer_groups(list(stage.groups), request_timeout=_WITHIN_S).values(), stage)


def _confirmed(outcomes: Iterable[Future[None]], stage: Stage) -> None:
    done, late = wait(outcomes, timeout=_WITHIN_S)
    for outcome in done:
        error = outcome.exception()
        if isinstance(error, KafkaException) and error.args[0].code() not in _GONE_ALREADY:
            raise _left(stage, error.args[0].str()) from error
    if late:
        raise _left(stage, f"no answer within {_WITHIN_S:.0f} s")


def _left(stage: Stage, why: str) -> ServerError:
    return ServerError(f"Kafka at {stage.bootstrap} may still hold topics and group {stage.topic_prefix}*: {why}")
