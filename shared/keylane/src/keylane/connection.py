"""What every aiokafka client of the same settings shares: arguments, bounded endings, words for errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaConnectionError

from keylane.settings import milliseconds
from keylane.wording import said

if TYPE_CHECKING:
    from keylane.settings import KafkaSettings


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """The arguments that every aiokafka client of these settings shares."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": settings.client_id,
        "request_timeout_ms": milliseconds(settings.request_timeout),
        "metadata_max_age_ms": milliseconds(settings.metadata_max_age),
        "security_protocol": settings.security_protocol,
        "ssl_context": settings.ssl_context,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": settings.sasl_password,
    }


async def bounded(closing: Any, *, timeout_s: float) -> None:
    """Await a client's stop, which may hang or be cancelled from within, for so long at most; never raises."""
    task = asyncio.ensure_future(closing)
    await asyncio.wait([task], timeout=timeout_s)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.5)
    if task.done() and not task.cancelled():
        task.exception()


def words(error: BaseException | None) -> str:
    """One short line about an error of the client."""
    return "the client was closed" if error is None else said(error)


def unreached(settings: KafkaSettings, error: BaseException) -> str:
    """One short line about a Kafka that could not be reached; of an address the client's words show its internals."""
    if isinstance(error, (KafkaConnectionError, OSError)):  # a TimeoutError is one
        return f"Kafka does not answer: {settings.bootstrap_servers}"
    return f"Kafka at {settings.bootstrap_servers}: {words(error)}"
