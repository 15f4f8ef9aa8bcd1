"""A service that also listens: keylane workers that run beside its requests."""

from keylane import Worker


class Consumer:
    """A worker as a part of a service.

    Attributes:
        name: of its consumer group.

    Args:
        worker: built and not yet running.
    """

    def __init__(self, worker: Worker) -> None:
        self.name = worker.group
        self._worker = worker
        self._running = False

    @property
    def ready(self) -> bool:
        """Joined, the store reachable, dead letters writable."""
        return self._worker.ready

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        return self._worker.why_unready

    @property
    def alive(self) -> bool:
        """False means: restart this process; a worker that waits for its turn to start is alive."""
        return not self._running or self._worker.alive

    async def run(self) -> None:
        """Work until a stop is asked for; servers that are away are waited for.

        Raises:
            keylane.ConfigurationError: what was found at the servers can never work, such as a missing topic.
        """
        self._running = True
        await self._worker.run()

    def request_stop(self) -> None:
        """Take nothing new."""
        self._worker.request_stop()

    async def stop(self) -> None:
        """Finish what is running, commit, leave the group; bounded by keylane's `stop_timeout`."""
        await self._worker.stop()
