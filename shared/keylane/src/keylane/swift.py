"""The untroubled message in one go: decoded, never seen before, its handler at its end without having waited.

Nothing else in the worker can act in between, so neither a claim nor a lease is needed for it. At the first thing that
is otherwise the record gets a head at the right step of the state machine (`keylane.processor`), which knows the rest.
"""

from __future__ import annotations

import time
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any

from keylane.cloudevents import JSON_BYTES, decode, is_binary, payload
from keylane.inbox import Payload
from keylane.intake import Way
from keylane.lane import Begun

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Sequence

    from keylane.broker import Record
    from keylane.inbox import InProcess
    from keylane.intake import Result
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
        self._handlers = processor.handlers.on_loop
        self._inbox = inbox
        self._troubles = processor.troubles
        self._queue_s = processor.measures.queue_s
        self._handler_s = processor.measures.handler_s
        self._counts = processor.counts

    def run(  # noqa: C901, PLR0912, PLR0915  one long loop: a call would cost as much as what it does
        self, records: Sequence[Record], came: float, until: float, busy: Container[bytes | int | None]
    ) -> Result:
        """Take one after the other until there is none left, or time is up, or one that is not to be taken here.

        What nobody can see before it returns is told at its end: finished messages, counts and measures.

        Args:
            records: Of one partition, in log order; at least one.
            came: When they were fetched, in monotonic seconds.
            until: When to stop, in monotonic seconds.
            busy: Keys whose older records are not finished.

        Returns:
            How many are finished, and what is left of the next one: nothing when time is up, its head when it was
            begun, the way for it to take when it was not.
        """
        if self._troubles.any or records[0].topic.endswith(".replay"):
            return 0, Way.LANE
        monotonic, prefix, handlers, knows = time.monotonic, self._prefix, self._handlers, self._inbox.knows
        queue_s, handler_s = self._queue_s, self._handler_s
        soon_s = handler_s.bounds[0]
        finished: dict[str, int] = {}
        done = waited = swift = 0
        waited_s = swift_s = bound_s = 0.0
        what: Head | Way | None = Way.LANE
        try:
            for record in records:
                if record.key in busy:
                    break
                try:
                    message = decode(record)
                except Exception:  # noqa: BLE001  it is met again, and told of, where records are condemned
                    break
                handler, key = handlers.get(message.type), prefix + message.id
                if handler is None or key in finished or knows(key):
                    break
                message.fence = 1
                # what it says is kept before the handler has its hands on it
                type_, mode = message.type, message.headers.get("content-type")
                other = None if mode == JSON_BYTES or is_binary(message.headers) else payload(message, record)
                at = monotonic()
                if at - came > bound_s:
                    queue_s.observe_alike(waited, waited_s, bound_s)
                    waited, waited_s, bound_s = 0, 0.0, queue_s.bound_of(at - came)
                waited += 1
                waited_s += at - came
                try:
                    run: Any = handler(message)
                    rest = _resumed(run, run.send(None)) if type(run) is CoroutineType else run
                except StopIteration:
                    ended = monotonic()
                except BaseException as exc:  # noqa: BLE001  told apart where every run ends
                    said = other or Payload("binary", type_, record.value or b"")
                    what = self._begun(message, said, key, Begun(_raised(exc), at))
                    break
                else:
                    said = other or Payload("binary", type_, record.value or b"")
                    what = self._begun(message, said, key, Begun(rest, at))
                    break
                if ended - at > soon_s:
                    handler_s.observe(ended - at)
                else:
                    swift += 1
                    swift_s += ended - at
                if other is None:
                    finished[key] = hash(("binary", type_, record.value))
                else:
                    self._inbox.finish_unclaimed(key, other)
                done += 1
                if ended > until:
                    what = None
                    break
            else:
                what = None
        finally:
            queue_s.observe_alike(waited, waited_s, bound_s)
            if done:
                self._inbox.finish_all_unclaimed(finished)
                self._counts.done += done
                handler_s.observe_alike(swift, swift_s, soon_s)
        return done, what

    def _begun(self, message: Message, said: Payload, key: str, begun: Begun) -> Head:
        head = self._processor.new_head()
        lease = self._processor.leases.duration
        head.claim = self._inbox.claim_unknown(key, owner=head.owner, lease=lease, payload=said)
        self._processor.go_on(head, message, begun)
        return head


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
