"""What a session, its person and their roles count for now: looked up, and believed for a few seconds."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Protocol

from lyceum_database import (
    Clock,
    Role,
    RoleRepository,
    Session,
    SessionRepository,
    User,
    UserRepository,
    utc_now,
)
from lyceum_database.states import RoleScope, SessionStatus, UserStatus
from lyceum_web.security.errors import InvalidToken
from lyceum_web.security.principal import Claims, Principal

REMEMBERED = 10_000  # sessions


class Directory(Protocol):
    """Turns what a token says into who is calling now.

    Attributes:
        generation: changes whenever answers were made to be forgotten: a look-up that began before does not count.
    """

    generation: int

    def cached(self, claims: Claims) -> Principal | None:
        """Return who is calling if that is known well enough, else None; never waits.

        Raises:
            InvalidToken: it is known that this session does not count any more.
        """
        ...

    def principal(self, claims: Claims) -> Principal:
        """Return who is calling; may ask the database.

        Raises:
            InvalidToken: the session has ended, or its person may not act any more.
            lyceum_database.Unavailable: the database does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Standing:
    read_at_s: float  # monotonic, before the first read
    answer: Principal | str  # or why there is none


class PrincipalDirectory:
    """The database's answer, believed for `ttl`: a revoked session or changed role counts after that long at most.

    Args:
        sessions, users, roles: where to look.
        clock: tells whether a session has expired.
        monotonic: seconds by which an answer's age is measured.
        ttl: how long an answer is believed.
        capacity: how many sessions' answers are kept.
    """

    def __init__(
        self,
        sessions: SessionRepository,
        users: UserRepository,
        roles: RoleRepository,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        ttl: timedelta = timedelta(seconds=5),
        capacity: int = REMEMBERED,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._roles = roles
        self._clock = clock
        self._monotonic = monotonic
        self._ttl_s = ttl.total_seconds()
        self._capacity = capacity
        self.generation = 0
        self._standings: OrderedDict[str, _Standing] = OrderedDict()
        self._writing = Lock()

    def cached(self, claims: Claims) -> Principal | None:
        """Return who is calling if the answer is young enough, else None; never waits.

        Raises:
            InvalidToken: as `principal`.
        """
        standing = self._standings.get(claims.session_id)
        if standing is None or self._monotonic() - standing.read_at_s >= self._ttl_s:
            return None
        return _answered(standing, claims)

    def principal(self, claims: Claims) -> Principal:
        """Return who is calling, after a look at the database.

        Raises:
            InvalidToken: the session has ended, or its person may not act in this organization any more.
            lyceum_database.Unavailable: the database does not answer.
        """
        generation, read_at_s = self.generation, self._monotonic()
        standing = _Standing(read_at_s, self._looked_up(claims))
        with self._writing:
            if generation == self.generation:
                self._remember(claims.session_id, standing)
        return _answered(standing, claims)

    def forget(self, session_id: str) -> None:
        """Ask the database at the session's next request: it was ended here, which counts at once."""
        with self._writing:
            self.generation += 1
            self._standings.pop(session_id, None)

    def forget_all(self) -> None:
        """Ask the database at every session's next request: roles or people were changed here."""
        with self._writing:
            self.generation += 1
            self._standings.clear()

    def _remember(self, session_id: str, standing: _Standing) -> None:
        self._standings[session_id] = standing
        self._standings.move_to_end(session_id)
        while len(self._standings) > self._capacity:
            self._standings.popitem(last=False)

    def _looked_up(self, claims: Claims) -> Principal | str:
        session = self._sessions.find(claims.session_id)
        if session is None or not self._counts(session, claims):
            return "its session has ended"
        user = self._users.find(claims.user_id)
        if user is None or not is_current(session, user):
            return "its session has ended with all others of its person"
        if user.status != UserStatus.ACTIVE.value or claims.org_id not in user.org_ids:
            return "its person may not act here any more"
        return _principal(session, user, self._roles.many(user.roles))

    def _counts(self, session: Session, claims: Claims) -> bool:
        return (
            session.status == SessionStatus.LIVE.value
            and session.revoked_at is None
            and session.expires_at > self._clock()
            and session.user_id == claims.user_id
            and session.org_id == claims.org_id
        )


def is_current(session: Session, user: User) -> bool:
    """Tell whether a session outlived the last time that all of its person's sessions were ended."""
    return session.epoch == user.session_epoch or session.id == user.spared_session


def _principal(session: Session, user: User, roles: Iterable[Role]) -> Principal:
    """Only what counts in the whole of this organization: not another's roles, nor those for one course or service."""
    counting = [role for role in roles if role.org_id == session.org_id and role.scope == RoleScope.ORG.value]
    return Principal(
        user_id=user.id,
        session_id=session.id,
        org_id=session.org_id,
        roles=frozenset(role.name for role in counting),
        permissions=frozenset(permission for role in counting for permission in role.permissions),
    )


def _answered(standing: _Standing, claims: Claims) -> Principal:
    answer = standing.answer
    if isinstance(answer, str):
        raise InvalidToken(answer)
    if (answer.user_id, answer.org_id) != (claims.user_id, claims.org_id):
        raise InvalidToken("its session is somebody else's")
    return answer
