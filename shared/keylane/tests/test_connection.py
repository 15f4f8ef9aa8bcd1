"""The ends of Kafka clients: bounded whatever a client's stop does."""

from __future__ import annotations

import asyncio
import time

from keylane.connection import bounded, words


async def test_an_end_that_never_comes_is_cut_off() -> None:
    started = time.monotonic()
    await bounded(asyncio.Event().wait(), timeout_s=0.05)

    assert time.monotonic() - started < 5


async def test_an_end_that_ignores_its_cancellation_is_left_behind() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    started = time.monotonic()
    await bounded(stubborn(), timeout_s=0.05)
    release.set()

    assert time.monotonic() - started < 5


async def test_errors_of_an_end_are_absorbed_even_a_foreign_cancellation() -> None:
    async def fails() -> None:
        raise OSError("connection reset")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    await bounded(fails(), timeout_s=1)
    await bounded(cancelled(), timeout_s=1)


def test_an_error_without_a_text_is_named() -> None:
    assert words(TimeoutError()) == "TimeoutError"
    assert words(OSError("reset")) == "reset"
