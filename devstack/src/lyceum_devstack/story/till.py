"""The payment provider's side of the story: it tells of payments as networks do, twice, late and in any order."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from course_service.payments.fake_provider import Delivery, FakeProvider
from lyceum_database import utc_now
from lyceum_devstack.check import Forgery
from lyceum_devstack.story.addresses import Service
from lyceum_devstack.story.web import Ask, RefusedError, Web

SOMEBODY_ELSES = SecretStr("of somebody who guesses")
TOO_OLD = timedelta(minutes=6)
ACCEPTED = "received"


class Till:
    """Tells the course service what was paid, signed with the secret that both know.

    Attributes:
        forgeries: what was tried without that, and how it was answered.
        deliveries: that were accepted.
    """

    def __init__(self, web: Web, secret: SecretStr) -> None:
        self._web = web
        self._provider = FakeProvider(secret)
        self._forger = FakeProvider(SOMEBODY_ELSES)
        self._latecomer = FakeProvider(secret, clock=lambda: utc_now() - TOO_OLD)
        self.forgeries: list[Forgery] = []
        self.deliveries = 0

    async def pay(self, purchase: Mapping[str, Any], *, times: int = 1, at_once: bool = False) -> None:
        """Tell that an order was paid, so many times."""
        told = self._provider.paid(*_money(purchase))
        if at_once:
            await asyncio.gather(*(self._deliver(told) for _ in range(times)))
            return
        for _ in range(times):
            await self._deliver(told)

    async def refuse(self, purchase: Mapping[str, Any]) -> None:
        """Tell that somebody tried to pay in vain."""
        await self._deliver(self._provider.failed(purchase["id"], purchase["currency"]))

    async def pay_after_refund(self, purchase: Mapping[str, Any]) -> None:
        """Tell that all was given back, and only then that it had been paid."""
        await self._deliver(self._provider.refunded(*_money(purchase)))
        await self._deliver(self._provider.paid(*_money(purchase)))

    async def forge(self, purchase: Mapping[str, Any]) -> None:
        """Try to have an order taken for paid without paying."""
        good = self._provider.paid(*_money(purchase))
        await self._try("forged", self._forger.paid(*_money(purchase)), "bad_signature")
        await self._try("altered by a space", Delivery(good.body + b" ", good.headers), "bad_signature")
        await self._try("six minutes old", self._latecomer.paid(*_money(purchase)), "stale_signature")

    async def _try(self, kind: str, delivery: Delivery, wanted: str) -> None:
        try:
            await self._deliver(delivery)
            answered = ACCEPTED
        except RefusedError as exc:
            answered = exc.code
        self.forgeries.append(Forgery(kind, wanted, answered))

    async def _deliver(self, delivery: Delivery) -> None:
        await self._web.ask(
            Ask(
                service=Service.COURSES,
                method="POST",
                path=f"/v1/payment-webhooks/{self._provider.name}",
                body=delivery.body,
                headers=delivery.headers,
            )
        )
        self.deliveries += 1


def _money(purchase: Mapping[str, Any]) -> tuple[str, int, str]:
    return purchase["id"], purchase["amount_minor"], purchase["currency"]
