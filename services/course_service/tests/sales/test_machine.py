"""Deliveries in any order, repeated, stored and not acted upon, cut off by deaths: the end depends on what came, only."""

import json
from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from course_service.payments.fake_provider import Delivery
from lyceum_database.testing.stepping import dies_after

from .shop import PRICE, Shop, events
from .stepping import open_shop

ORDERS = {"a1": "ana", "a2": "ana", "b1": "ben"}
"""By idempotency key: whose. Ana buys the one course twice."""

FACTS = ("paid", "failed", "1000", "3000", str(PRICE), "dollars")
"""A number is what was given back in all; `dollars` contradicts the order."""

orders = st.sampled_from(sorted(ORDERS))
facts = st.sampled_from(FACTS)
calls = st.integers(0, 14)


class Deliveries(RuleBasedStateMachine):
    @initialize()
    def opens(self) -> None:
        self.stack = ExitStack()
        self.shop: Shop = self.stack.enter_context(open_shop())
        self.ids = {key: self.shop.order(key, student=student) for key, student in ORDERS.items()}
        self.told: set[tuple[str, str]] = set()

    @rule(key=orders, fact=facts)
    def is_told(self, key: str, fact: str) -> None:
        self.told.add((key, fact))
        self.shop.receives(self.delivery(key, fact))

    @rule(key=orders, fact=facts)
    def is_told_and_dies_at_once(self, key: str, fact: str) -> None:
        self.told.add((key, fact))
        delivery = self.delivery(key, fact)
        self.shop.webhooks.receive("fake", delivery.body, delivery.headers)

    @rule(key=orders, fact=facts, calls=calls)
    def is_told_and_dies(self, key: str, fact: str, calls: int) -> None:
        """Cut off before it was stored it was not acknowledged: the provider delivers it again at the end."""
        self.told.add((key, fact))
        delivery = self.delivery(key, fact)
        dies_after(calls, lambda: self.shop.receives(delivery))

    @rule()
    def sweeps(self) -> None:
        self.shop.sweeps()

    @rule(calls=calls)
    def sweeps_and_dies(self, calls: int) -> None:
        dies_after(calls, self.shop.sweeps)

    @rule(key=orders)
    def clicks_again(self, key: str) -> None:
        assert self.shop.order(key, student=ORDERS[key]) == self.ids[key]

    @invariant()
    def nobody_attends_for_nothing(self) -> None:
        for student in ("ana", "ben"):
            owned = [self.shop.stored(self.ids[key]) for key, owner in ORDERS.items() if owner == student]
            assert not self.shop.may_attend(student) or any(order.paid_at for order in owned)

    @invariant()
    def what_leaves_is_in_order(self) -> None:
        for order_id in self.ids.values():
            types = self.shop.told_types(order_id)
            assert types.count("PURCHASE_CREATED") == bool(types)
            assert types[:1] in ([], ["PURCHASE_CREATED"])

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        with self.stack:
            for key, fact in sorted(self.told):
                self.shop.receives(self.delivery(key, fact))
            self.shop.sweeps()
            assert {event.status for event in events() if event.currency != "USD"} <= {"done"}
            assert len(events()) == len(self.told)
            for key in ORDERS:
                self.is_what_was_told(key)
            for student in ("ana", "ben"):
                assert self.shop.may_attend(student) == any(
                    self.status(key) in ("paid", "part_refunded") for key, owner in ORDERS.items() if owner == student
                )

    def is_what_was_told(self, key: str) -> None:
        order = self.shop.stored(self.ids[key])
        assert (order.status, order.refunded_minor) == (self.status(key), self.given_back(key))
        assert order.settle_due is None
        full = [entry for entry in order.outbox if json.loads(entry["value"]).get("full")]
        assert len(full) == (order.status == "refunded")

    def status(self, key: str) -> str:
        if (key, "paid") not in self.told:
            return "failed" if (key, "failed") in self.told else "created"
        back = self.given_back(key)
        return "refunded" if back == PRICE else "part_refunded" if back else "paid"

    def given_back(self, key: str) -> int:
        return max((int(fact) for owner, fact in self.told if owner == key and fact.isdigit()), default=0)

    def delivery(self, key: str, fact: str) -> Delivery:
        order_id = self.ids[key]
        if fact.isdigit():
            return self.shop.refunded(order_id, int(fact))
        if fact == "failed":
            return self.shop.provider.failed(order_id, "EUR")
        return self.shop.paid(order_id, currency="USD" if fact == "dollars" else "EUR")


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
