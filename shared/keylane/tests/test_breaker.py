"""The breaker as a state machine: who may call a server, and when it is left alone."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keylane.breaker import Breaker, State
from keylane.retry import OUTAGE_CAP_S

AFTER = 3


class BreakerMachine(RuleBasedStateMachine):
    """Callers come, ask, and report; the model only counts."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = Breaker(AFTER, monotonic=lambda: self.now, jitter=random.Random(1))
        self.in_a_row = 0
        self.probing = False
        self.refused_until = 0.0

    @rule(seconds=st.floats(0, OUTAGE_CAP_S * 2))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.breaker.passable)
    @rule()
    def a_caller_goes_on(self) -> None:
        was_open = self.breaker.state is State.OPEN
        assert not self.probing, "one probe at a time"
        assert not was_open or self.now >= self.refused_until, "before its time"
        if was_open:
            self.breaker.admit()
            self.probing = True

    @rule()
    def an_outage(self) -> None:
        opens = self.probing or (self.in_a_row + 1 >= AFTER and self.breaker.state is State.CLOSED)
        self.breaker.failed()
        self.in_a_row += 1
        self.probing = False
        if opens:
            self.refused_until = self.now + self.breaker.wait_s
            assert 0 < self.breaker.wait_s <= OUTAGE_CAP_S

    @rule()
    def a_success(self) -> None:
        self.breaker.succeeded()
        self.in_a_row, self.probing = 0, False

    @rule()
    def a_probe_that_asked_nobody(self) -> None:
        was_probing = self.probing
        self.breaker.abandoned()
        if was_probing:
            self.probing, self.refused_until = False, self.now
            assert self.breaker.passable, "the next caller may probe at once"

    @invariant()
    def it_is_closed_below_the_limit_and_never_above(self) -> None:
        assert (self.breaker.state is State.CLOSED) == (self.in_a_row < AFTER)
        assert self.breaker.failures == self.in_a_row

    @invariant()
    def nobody_passes_while_the_probe_is_out(self) -> None:
        if self.probing:
            assert not self.breaker.passable

    @invariant()
    def a_caller_is_always_admitted_in_the_end(self) -> None:
        if self.breaker.state is State.OPEN:
            assert self.breaker.wait_s <= OUTAGE_CAP_S


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_probes_of_a_server_that_stays_away_become_rarer() -> None:
    now = [0.0]
    breaker = Breaker(1, monotonic=lambda: now[0], jitter=random.Random(1))
    waits = []
    for _ in range(12):
        breaker.failed()
        waits.append(breaker.wait_s)
        now[0] += breaker.wait_s
        breaker.admit()

    assert waits[0] < 0.3
    assert waits[-1] > OUTAGE_CAP_S / 2
