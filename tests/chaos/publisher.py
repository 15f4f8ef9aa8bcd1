"""Publishes at a steady pace, whatever the broker does, and knows which events were acknowledged."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import KafkaError, Message, Producer

from .events import Outgoing

TURN_S = 0.1
FLUSH_S = 30.0


class Publisher:
    """One topic's publisher in a thread of its own.

    Args:
        bootstrap: Of the broker.
        topic: Where to.
        records: What, in this order.
        seconds: Over how long, if nothing holds it up.
        full: Whether to wait: the workers are far behind.
    """

    def __init__(
        self, bootstrap: str, topic: str, records: Sequence[Outgoing], seconds: float, full: Callable[[], bool]
    ) -> None:
        self._full = full
        self._topic = topic
        self._records = records
        self._seconds = seconds
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 0, "linger.ms": 5}
        )
        self._thread = threading.Thread(target=self._publish, name=f"publish {topic}", daemon=True)
        self._stop = threading.Event()
        self.acknowledged: Counter[str] = Counter()
        """Event -> acknowledged copies."""
        self.refused: list[str] = []
        """Events whose fate in the log is unknown: not acknowledged."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def done(self) -> bool:
        """Everything is sent and answered."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Send no more, and wait for the answers to what was sent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(FLUSH_S + 5)

    def _publish(self) -> None:
        sent, due = 0, 0.0
        while sent < len(self._records) and not self._stop.is_set():
            due += 0.0 if self._full() else len(self._records) * TURN_S / self._seconds
            for record in self._records[sent : int(due) + 1]:
                self._send(record)
                sent += 1
            self._producer.poll(0)
            self._stop.wait(TURN_S)
        self._producer.flush(FLUSH_S)

    def _send(self, record: Outgoing) -> None:
        noted = partial(self._note, record.id)
        headers: list[tuple[str, str | bytes | None]] = list(record.headers)
        self._producer.produce(self._topic, record.value, record.key, headers=headers, on_delivery=noted)

    def _note(self, event_id: str, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self.acknowledged[event_id] += 1
        else:
            self.refused.append(event_id)
