"""What runs beside the requests of a service, such as an outbox relay."""

from typing import Protocol


class Part(Protocol):
    """Something with a life of its own; keylane's relays and timers are such parts."""

    @property
    def ready(self) -> bool:
        """Whether it does its work now."""

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""

    async def run(self) -> None:
        """Work until a stop is asked for."""

    def request_stop(self) -> None:
        """Begin to stop."""

    async def stop(self) -> None:
        """Finish what is begun; bounded, whatever its servers do."""
