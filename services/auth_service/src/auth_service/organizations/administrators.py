"""Nobody leaves an organization without an administrator, however many try at one time."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from auth_service.contention import Contended
from auth_service.organizations.exceptions import LastAdministrator
from auth_service.organizations.repository import Organizations
from auth_service.people import People
from auth_service.roles.builtin import ADMIN, role_id
from lyceum_database import Clock, new_id, utc_now

LEASE = timedelta(seconds=60)
"""Longer than a write can take (the driver gives up after MONGODB_SOCKET_TIMEOUT_MS, 20 s): nobody else decides
while one is on its way. After a crash in between administrators cannot be taken away for so long."""

PATIENCE_S = 5.0
LOOK_EVERY_S = 0.02


class Administrators:
    """Lets those who take administrators away do so one after another in each organization.

    Who administers is read from the users themselves, so there is no second list that could differ. Adding one needs
    no turn: it can only make a decision safer.
    """

    def __init__(self, organizations: Organizations, people: People, *, clock: Clock = utc_now) -> None:
        self._organizations = organizations
        self._people = people
        self._clock = clock

    @contextmanager
    def without(self, user_id: str, org_ids: Iterable[str]) -> Iterator[None]:
        """Take an administrator away from these organizations, in the block.

        Raises:
            LastAdministrator: one of them would have none.
            Contended: others kept taking administrators away.
        """
        with ExitStack() as turns:
            for org_id in sorted(set(org_ids)):  # in one order, so that two never wait for each other
                turns.enter_context(self._turn(org_id))
                others = self._people.active_with_role(role_id(org_id, ADMIN))
                if not any(other.id != user_id for other in others):
                    raise LastAdministrator
            yield

    @contextmanager
    def _turn(self, org_id: str) -> Iterator[None]:
        token = new_id()
        deadline = time.monotonic() + PATIENCE_S
        while not self._take(org_id, token):
            if time.monotonic() >= deadline:
                raise Contended
            threading.Event().wait(LOOK_EVERY_S)
        try:
            yield
        finally:
            self._organizations.give_turn_back(org_id, token)

    def _take(self, org_id: str, token: str) -> bool:
        now = self._clock()
        return self._organizations.take_turn(org_id, token, now=now, until=now + LEASE)
