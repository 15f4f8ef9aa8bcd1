"""A provider that is slow must not hold every thread of the program: only so many wait for it at one time."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from course_service.payments.exceptions import ProviderUnavailable
from course_service.payments.provider import Payment, PaymentProvider, PaymentRequest, ProviderEvent, RefundRequest

WIDTH = 16
"""Of the 64 threads that a service answers in: the others go on with what needs no provider."""


class BoundedProvider:
    """A provider of which at most `width` callers ask something at one time; one more is refused at once.

    Webhooks are let through: to read one nobody has to be waited for.
    """

    def __init__(self, provider: PaymentProvider, *, width: int = WIDTH) -> None:
        self._provider = provider
        self._places = threading.BoundedSemaphore(width)

    @property
    def name(self) -> str:
        """See `PaymentProvider`."""
        return self._provider.name

    def create_payment(self, request: PaymentRequest) -> Payment:
        """See `PaymentProvider`."""
        with self._place():
            return self._provider.create_payment(request)

    def refund(self, request: RefundRequest) -> str:
        """See `PaymentProvider`."""
        with self._place():
            return self._provider.refund(request)

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See `PaymentProvider`."""
        return self._provider.parse_webhook(raw, headers)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise ProviderUnavailable
        try:
            yield
        finally:
            self._places.release()
