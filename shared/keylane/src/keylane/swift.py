"""The untroubled message in one go: decoded, never seen before, its handler at its end without having waited.

Nothing else in the worker can act in between, so neither a claim nor a lease is needed for it. At the first thing that
is otherwise the record gets a head at the right step of the state machine (`keylane.processor`), which knows the rest.
"""

from __future__ import annotations

import time
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any

from keylane.cloudevents import decode, payload
from keylane.lane import Begun

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from keylane.broker import Record
    from keylane.inbox import InProcess, Payload
    from keylane.lane import Head
    from keylane.message import Message
    from keylane.processor import Processor


class Swift:
    """Runs untroubled messages.

    Args:
        processor: Goes on with all others.
        inbox: The processor's own, which answers at once.
    """

    def __init__(self, processor: Processor, inbox: InProcess) -> None:
        self._processor = processor
        self._prefix = f"{processor.group}:"
        self._handler_of = processor.handlers.on_loop.get
        self._knows = inbox.knows
        self._finish = inbox.finish_unclaimed
        self._claim = inbox.claim_unknown
        self._troubles = processor.troubles
        self._circuit = processor.circuit
        self._waited = processor.measures.queue_s.observe
        self._took = processor.measures.handler_s.observe
        self._counts = processor.counts

    def run(self, record: Record, came: float) -> float | Head | None:
        """When it was done, in monotonic seconds; or the head of what has begun; or None, and nothing has happened.

        Args:
            record: The first of its key that is not finished.
            came: When it was fetched, in monotonic seconds.
        """
        if self._troubles.any or self._circuit.tripped:
            return None
        try:
            message = decode(record)
        except Exception:  # noqa: BLE001  it is met again, and told of, where records are condemned
            return None
        handler = self._handler_of(message.type)
        key = self._prefix + message.id
        if handler is None or self._knows(key) or record.topic.endswith(".replay"):
            return None
        message.fence = 1
        said = payload(message, record)  # before the handler has its hands on the data
        at = time.monotonic()
        self._waited(at - came)
        rest = _started(handler, message)
        if rest is not None:
            return self._begun(message, said, key, Begun(rest, at))
        ended = time.monotonic()
        self._took(ended - at)
        self._finish(key, said)
        self._counts.done += 1
        return ended

    def _begun(self, message: Message, said: Payload, key: str, begun: Begun) -> Head:
        head = self._processor.new_head()
        lease = self._processor.leases.duration
        head.claim = self._claim(key, owner=head.owner, lease=lease, payload=said)
        self._processor.go_on(head, message, begun)
        return head


def _started(handler: Callable[[Message], Awaitable[None]], message: Message) -> Awaitable[None] | None:
    """What is left of the handler's run, which ends as the handler ends; None when it has."""
    try:
        run = handler(message)
    except BaseException as exc:  # noqa: BLE001  told apart where every run ends
        return _raised(exc)
    if type(run) is not CoroutineType:
        return run
    try:
        waits_for = run.send(None)
    except StopIteration:
        return None
    except BaseException as exc:  # noqa: BLE001  as above
        return _raised(exc)
    return _resumed(run, waits_for)


async def _raised(error: BaseException) -> None:
    raise error


@coroutine
def _resumed(run: CoroutineType[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that has already said what it waits for first."""
    while True:
        try:
            yield waits_for
        except BaseException as exc:  # noqa: BLE001  cancellations above all are the coroutine's
            try:
                waits_for = run.throw(exc)
            except StopIteration:
                return
        else:
            yield from run  # type: ignore[misc]  # allowed in a generator that is a coroutine
            return
