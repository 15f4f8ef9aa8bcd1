"""Outcomes of requests with idempotency keys: one runs, the others learn what came of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from lyceum_database import (
    Clock,
    DatabaseError,
    Duplicate,
    NotFound,
    Repository,
    StaleVersion,
    new_id,
    utc_now,
)
from lyceum_web.idempotency.request import KeyedRequest
from lyceum_web.models import IdempotencyRecord
from lyceum_web.problems.error import ProblemError
from lyceum_web.states import IdempotencyState

LEASE = timedelta(seconds=60)
"""Longer than a request may take; so long a key answers 409 whose process died."""

KEPT = timedelta(hours=48)

RETRY_AFTER_S = 1
REPLAYED = ("Idempotent-Replayed", "true")

_FIRST_ERROR_OF_SERVERS = 500
_NOT_KEPT = frozenset({"content-length", "date"})

Effect = Callable[[str], Response]
"""Does what a request asks, or finds it done, and answers it; is given the id for what the request makes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Runs effects once per key, and keeps what they answered.

    Args:
        clock: tells the time.
        lease: how long a run counts as running; another may start after it.
        kept: how long answers are replayed.
    """

    clock: Clock = utc_now
    lease: timedelta = LEASE
    kept: timedelta = KEPT

    def run(
        self,
        request: KeyedRequest,
        effect: Effect,
        *,
        user_id: str | None = None,
        existing: Effect | None = None,
    ) -> Response:
        """Return what the effect answers, or what it answered to this key before.

        The answer of an effect that raises, or that is a 5xx, is not kept: the same request runs again when it comes
        again. So it does when its process died: an effect then meets its own traces, see `existing`.

        Args:
            request: the request with its key.
            effect: does what the request asks and answers it.
            user_id: whose request it is, for the record.
            existing: answers when `effect` raises `Duplicate` because a document has the id that it was given: an
                earlier run made it and did not live to keep its answer.

        Raises:
            ProblemError: `idempotency_key_in_use` while another runs, `idempotency_key_reused` for another request.
            Exception: what the effect raises.
        """
        claimed = self._claim(request, user_id)
        if isinstance(claimed, Response):
            return claimed
        try:
            answer = _done(effect, existing, claimed.made_id)
        except BaseException:
            self._release(claimed)
            raise
        if answer.status_code >= _FIRST_ERROR_OF_SERVERS:
            self._release(claimed)
        else:
            self._keep(claimed, answer)
        return answer

    @property
    def _records(self) -> Repository[IdempotencyRecord]:
        return Repository(IdempotencyRecord, clock=self.clock)

    def _claim(self, request: KeyedRequest, user_id: str | None) -> "IdempotencyRecord | Response":
        """The record under which this process runs the request, or the answer that it has already."""
        fresh = self._fresh(request, user_id)
        try:
            return self._records.insert(fresh)
        except Duplicate:
            found = self._records.find(request.record_id)
        if found is None:  # the database removed it a moment ago
            raise _in_use()
        now = self.clock()
        if found.expires_at <= now:
            return self._begun_anew(found, fresh)
        if found.fingerprint != request.fingerprint:
            raise ProblemError("idempotency_key_reused")
        if found.state == IdempotencyState.DONE.value:
            return _replayed(found)
        if found.lease_until > now:
            raise _in_use()
        return self._taken_over(found, fresh)

    def _fresh(self, request: KeyedRequest, user_id: str | None) -> IdempotencyRecord:
        now = self.clock()
        return IdempotencyRecord(
            id=request.record_id,
            user_id=user_id,
            route=request.route,
            fingerprint=request.fingerprint,
            made_id=new_id(),
            lease_until=now + self.lease,
            expires_at=now + self.kept,
        )

    def _taken_over(self, found: IdempotencyRecord, fresh: IdempotencyRecord) -> IdempotencyRecord:
        found.lease_until = fresh.lease_until
        return self._saved(found)

    def _begun_anew(self, found: IdempotencyRecord, fresh: IdempotencyRecord) -> IdempotencyRecord:
        """A record that expired and that the database has not removed yet: as if it were not there."""
        for name in ("user_id", "fingerprint", "made_id", "expires_at", "state", "status_code", "headers", "body"):
            setattr(found, name, getattr(fresh, name))
        return self._taken_over(found, fresh)

    def _saved(self, record: IdempotencyRecord) -> IdempotencyRecord:
        try:
            return self._records.save(record)
        except (StaleVersion, NotFound):
            raise _in_use() from None

    def _keep(self, claimed: IdempotencyRecord, answer: Response) -> None:
        claimed.state = IdempotencyState.DONE.value
        claimed.status_code = answer.status_code
        claimed.headers = [list(pair) for pair in answer.headers.items() if pair[0] not in _NOT_KEPT]
        claimed.body = bytes(answer.body)
        try:
            self._records.save(claimed)
        except DatabaseError as exc:
            # The effect is there all the same, and its caller shall know.
            log.warning("the answer to an idempotency key was not kept: %s", exc, extra={"route": claimed.route})

    def _release(self, claimed: IdempotencyRecord) -> None:
        """Let the request run again at once; the id for what it makes stays, for nobody knows how far this run came."""
        claimed.lease_until = self.clock()
        try:
            self._records.save(claimed)
        except DatabaseError as exc:
            log.warning("an idempotency key stays in use until its lease ends: %s", exc, extra={"route": claimed.route})


def _done(effect: Effect, existing: Effect | None, made_id: str) -> Response:
    try:
        return effect(made_id)
    except Duplicate as exc:
        if existing is None or exc.record_id != made_id:
            raise
    return existing(made_id)


def _replayed(record: IdempotencyRecord) -> Response:
    answer = Response(bytes(record.body or b""), status_code=record.status_code or 0)
    for name, value in [*record.headers, REPLAYED]:
        answer.headers.append(name, value)
    return answer


def _in_use() -> ProblemError:
    return ProblemError("idempotency_key_in_use", headers={"Retry-After": str(RETRY_AFTER_S)})
