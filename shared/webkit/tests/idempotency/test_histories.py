"""Any history of runs, crashes, failures and passing time has at most one effect per key and one answer for ever."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from starlette.responses import Response

from lyceum_database import Duplicate
from lyceum_database.testing import temporary_database
from lyceum_web.idempotency import Outcomes
from lyceum_web.idempotency.outcomes import KEPT, LEASE
from lyceum_web.idempotency.request import KeyedRequest, content_of
from lyceum_web.models import IdempotencyRecord
from lyceum_web.problems import ProblemError
from lyceum_web.testing import ManualClock

KEYS = st.sampled_from(["k1", "k2"])
BODIES = st.sampled_from([b'{"a":1}', b'{"a":2}'])


class Histories(RuleBasedStateMachine):
    """What was made is kept by id, as a collection would; a dead run leaves its record as it was."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(temporary_database([IdempotencyRecord]))
        self.clock = ManualClock()
        self.outcomes = Outcomes(clock=self.clock)
        self.made: dict[str, tuple[str, bytes]] = {}
        self.answers: dict[str, bytes] = {}

    @initialize()
    def begin(self) -> None:
        """Start with nothing."""

    def _make(self, key: str, body: bytes, made_id: str) -> Response:
        if made_id in self.made:
            raise Duplicate("made before", record_id=made_id)
        self.made[made_id] = (key, body)
        return Response(made_id.encode(), 201)

    def _run(self, key: str, body: bytes, effect: Any) -> bytes | str:
        request = KeyedRequest("ana", "POST /things", key, content_of(b"", body))
        try:
            answer = self.outcomes.run(request, effect, existing=lambda made_id: Response(made_id.encode(), 201))
        except ProblemError as exc:
            return exc.code
        return bytes(answer.body)

    def _answered(self, key: str, body: bytes, end: bytes | str) -> None:
        if isinstance(end, bytes):
            assert self.answers.setdefault(key, end) == end
            assert self.made[end.decode()] == (key, body)

    @rule(key=KEYS, body=BODIES)
    def ask(self, key: str, body: bytes) -> None:
        end = self._run(key, body, lambda made_id: self._make(key, body, made_id))
        self._answered(key, body, end)

    @rule(key=KEYS, body=BODIES, after_effect=st.booleans())
    def die(self, key: str, body: bytes, after_effect: bool) -> None:
        def crash(made_id: str) -> Response:
            if after_effect:
                self._make(key, body, made_id)
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as dead:
            dead.setattr(Outcomes, "_release", lambda *_: None)
            try:
                end = self._run(key, body, crash)
            except KeyboardInterrupt:
                return
        self._answered(key, body, end)  # it came to an end before it could die

    @rule(key=KEYS, body=BODIES)
    def fail(self, key: str, body: bytes) -> None:
        def refuse(_: str) -> Response:
            raise ZeroDivisionError

        try:
            end = self._run(key, body, refuse)
        except ZeroDivisionError:
            assert key not in self.answers
        else:
            assert isinstance(end, str) or end == self.answers[key]

    @rule(target=running, key=KEYS, body=BODIES)
    def start(self, key: str, body: bytes) -> "Run":
        return Run(self, key, body)

    @rule(run=consumes(running))
    def finish(self, run: "Run") -> None:
        run.finish()

    @rule()
    def wait_out_the_lease(self) -> None:
        self.clock.advance(LEASE)

    @rule()
    def wait_out_the_record(self) -> None:
        self.clock.advance(KEPT)
        self.answers.clear()
        self.made.clear()

    @invariant()
    def one_thing_for_each_key(self) -> None:
        keys = [key for key, _ in self.made.values()]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        self.open.close()


class Run:
    """A run that claims now and ends later, with others between: two halves of `Outcomes.run`."""

    def __init__(self, histories: Histories, key: str, body: bytes) -> None:
        self.histories, self.key, self.body = histories, key, body
        self.era = histories.clock()
        self.steps: Iterator[None] = self._steps()
        next(self.steps, None)

    def _steps(self) -> Iterator[None]:
        outcomes = self.histories.outcomes
        request = KeyedRequest("ana", "POST /things", self.key, content_of(b"", self.body))
        try:
            claimed = outcomes._claim(request, None)
        except ProblemError:
            return
        if isinstance(claimed, Response):
            return
        yield
        if self.histories.clock() - self.era >= KEPT:
            return  # nobody runs for two days
        try:
            answer = self.histories._make(self.key, self.body, claimed.made_id)
        except Duplicate:
            answer = Response(claimed.made_id.encode(), 201)
        outcomes._keep(claimed, answer)
        assert self.histories.answers.setdefault(self.key, bytes(answer.body)) == answer.body

    def finish(self) -> None:
        next(self.steps, None)


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestHistories = Histories.TestCase


def test_a_lease_is_shorter_than_what_it_guards() -> None:
    assert timedelta(seconds=30) < LEASE < KEPT
