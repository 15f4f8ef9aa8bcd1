"""What a session counts for is known within five seconds, and at once where it was ended."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from lyceum_database import (
    Role,
    RoleRepository,
    Session,
    SessionRepository,
    User,
    UserRepository,
)
from lyceum_database.states import RoleScope, SessionStatus, UserStatus
from lyceum_database.testing import temporary_database
from lyceum_web.security import Claims, InvalidToken, Principal, PrincipalDirectory
from lyceum_web.testing import ManualClock

TTL = timedelta(seconds=5)


class School:
    """One person, signed in to the organization `school`, with the role of a trainer there."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.sessions = SessionRepository(clock=clock)
        self.users = UserRepository(clock=clock)
        self.roles = RoleRepository(clock=clock)
        self.trainer = self.role("trainer", "courses:read", "courses:write")
        self.user = self.users.insert(
            User(name="Ana", email="ana@x.test", status="active", org_ids=["school"], roles=[self.trainer.id])
        )
        self.session = self.sign_in()
        self.directory = PrincipalDirectory(
            self.sessions, self.users, self.roles, clock=clock, monotonic=clock.monotonic, ttl=TTL
        )

    def role(self, name: str, *permissions: str, org_id: str = "school", scope: str = "org") -> Role:
        return self.roles.insert(Role(name=name, permissions=list(permissions), org_id=org_id, scope=scope))

    def sign_in(self) -> Session:
        now = self.clock()
        session = Session(user_id=self.user.id, org_id="school", issued_at=now, expires_at=now + timedelta(days=30))
        session.refresh_hash = session.id
        return self.sessions.insert(session)

    def claims(self, **others: Any) -> Claims:
        now = self.clock()
        usual = {
            "user_id": self.user.id,
            "session_id": self.session.id,
            "org_id": "school",
            "token_id": "t",
            "issued_at": now,
            "expires_at": now + timedelta(minutes=10),
        }
        return Claims(**{**usual, **others})

    def principal(self, **others: Any) -> Principal:
        """As a request does: what is known, or a look-up."""
        claims = self.claims(**others)
        return self.directory.cached(claims) or self.directory.principal(claims)

    def revoke(self) -> None:
        session = self.sessions.get(self.session.id)
        session.status = SessionStatus.REVOKED.value
        session.revoked_at = self.clock()
        self.sessions.save(session)

    def change(self, **values: Any) -> None:
        user = self.users.get(self.user.id)
        for name, value in values.items():
            setattr(user, name, value)
        self.users.save(user)


@pytest.fixture
def school(clock: ManualClock) -> Iterator[School]:
    with temporary_database([Session, User, Role]):
        yield School(clock)


def test_a_principal_has_what_is_stored_now(school: School) -> None:
    principal = school.principal()

    assert principal == Principal(
        user_id=school.user.id,
        session_id=school.session.id,
        org_id="school",
        roles=frozenset({"trainer"}),
        permissions=frozenset({"courses:read", "courses:write"}),
    )
    assert principal.may("courses:write")
    assert not principal.may("users:write")


def test_permissions_of_all_roles_add_up(school: School) -> None:
    school.change(roles=[school.trainer.id, school.role("auditor", "audit:read").id])

    assert school.principal().permissions == {"courses:read", "courses:write", "audit:read"}


@pytest.mark.parametrize(
    "elsewhere",
    [{"org_id": "other"}, {"scope": RoleScope.COURSE.value}, {"scope": RoleScope.SERVICE.value}],
)
def test_roles_of_elsewhere_count_for_nothing(school: School, elsewhere: dict[str, str]) -> None:
    school.change(roles=[school.trainer.id, school.role("boss", "users:write", **elsewhere).id, "gone"])

    assert school.principal().roles == {"trainer"}
    assert not school.principal().may("users:write")


def test_roles_that_a_token_claims_count_for_nothing(school: School) -> None:
    assert school.principal(roles=frozenset({"admin"})).roles == {"trainer"}


ENDS: dict[str, Any] = {
    "revoked": School.revoke,
    "suspended": lambda school: school.change(status=UserStatus.SUSPENDED.value),
    "locked": lambda school: school.change(status=UserStatus.LOCKED.value),
    "erased": lambda school: school.change(status=UserStatus.ERASED.value),
    "invited": lambda school: school.change(status=UserStatus.INVITED.value),
    "out of the organization": lambda school: school.change(org_ids=["other"]),
    "expired": lambda school: school.clock.advance(timedelta(days=30)),
    "session gone": lambda school: school.sessions.delete(school.sessions.get(school.session.id)),
    "person gone": lambda school: school.users.delete(school.users.get(school.user.id)),
}


@pytest.mark.parametrize("name", ENDS)
def test_whoever_may_not_act_any_more_is_out_within_five_seconds(school: School, name: str) -> None:
    school.principal()
    ENDS[name](school)
    school.clock.advance(TTL)

    for _ in range(2):
        with pytest.raises(InvalidToken):
            school.principal()


@pytest.mark.parametrize("name", ENDS)
def test_whoever_may_not_act_never_gets_in(school: School, name: str) -> None:
    ENDS[name](school)

    with pytest.raises(InvalidToken):
        school.principal()


@pytest.mark.parametrize("others", [{"user_id": "somebody"}, {"org_id": "other"}, {"session_id": "another"}])
def test_a_token_counts_for_its_own_session_alone(school: School, others: dict[str, str]) -> None:
    """Whether the session was looked up before by its own token or not."""
    with pytest.raises(InvalidToken):
        school.principal(**others)
    school.clock.advance(TTL)
    school.principal()
    with pytest.raises(InvalidToken):
        school.principal(**others)


def test_changed_roles_count_within_five_seconds(school: School) -> None:
    school.principal()
    school.change(roles=[])
    school.clock.advance(TTL - timedelta(milliseconds=1))
    assert school.principal().roles == {"trainer"}
    school.clock.advance(timedelta(milliseconds=1))

    assert school.principal().roles == set()


def test_an_answers_age_counts_from_before_it_was_read(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a role that changes while the look-up hangs would count for as long again."""
    slow = school.users.find

    def find(*args: Any, **options: Any) -> User | None:
        school.clock.advance(timedelta(seconds=4))
        return slow(*args, **options)

    monkeypatch.setattr(school.users, "find", find)
    school.principal()
    school.clock.advance(timedelta(seconds=1))

    assert school.directory.cached(school.claims()) is None


def test_between_two_looks_the_database_is_left_alone(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.principal()
    monkeypatch.setattr(school.directory, "_looked_up", None)
    school.clock.advance(TTL - timedelta(milliseconds=1))

    for _ in range(100):
        assert school.principal().roles == {"trainer"}


def test_an_ended_session_is_not_asked_for_again_and_again(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.revoke()
    with pytest.raises(InvalidToken):
        school.principal()
    monkeypatch.setattr(school.directory, "_looked_up", None)

    with pytest.raises(InvalidToken):
        school.principal()


@pytest.mark.parametrize(
    "forget", [lambda school: school.directory.forget(school.session.id), lambda school: school.directory.forget_all()]
)
def test_what_was_ended_here_counts_at_once(school: School, forget: Any) -> None:
    school.principal()
    school.revoke()
    forget(school)

    with pytest.raises(InvalidToken):
        school.principal()


def test_a_look_up_that_began_before_is_forgotten_too(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = school.directory._looked_up

    def overtaken(claims: Claims) -> Any:
        found = look_up(claims)
        school.revoke()
        school.directory.forget(school.session.id)
        return found

    monkeypatch.setattr(school.directory, "_looked_up", overtaken)
    school.principal()
    monkeypatch.setattr(school.directory, "_looked_up", look_up)

    with pytest.raises(InvalidToken):
        school.principal()


def test_forgetting_one_session_leaves_the_others(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    other = school.sign_in()
    school.principal()
    school.principal(session_id=other.id)
    school.directory.forget(school.session.id)

    assert school.directory.cached(school.claims(session_id=other.id)) is not None
    assert school.directory.cached(school.claims()) is None


def test_what_is_remembered_is_bounded(school: School) -> None:
    directory = PrincipalDirectory(school.sessions, school.users, school.roles, clock=school.clock, capacity=3)
    for number in range(10):
        with pytest.raises(InvalidToken):
            directory.principal(school.claims(session_id=f"stranger-{number}"))
    directory.principal(school.claims())

    assert len(directory._standings) == 3
    assert directory.cached(school.claims()) is not None


def test_many_threads_see_a_revocation_within_the_time(school: School) -> None:
    stop = threading.Event()
    revoked_at_s = float("inf")
    late: list[float] = []

    def ask(_: int) -> None:
        while not stop.is_set():
            began_s = school.clock.monotonic()
            try:
                school.principal()
            except InvalidToken:
                continue
            if began_s >= revoked_at_s + TTL.total_seconds():
                late.append(began_s - revoked_at_s)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        for step in range(40):
            school.clock.advance(timedelta(seconds=0.5))
            if step == 10:
                school.revoke()
                revoked_at_s = school.clock.monotonic()
        stop.set()
        for each in asking:
            each.result()

    assert not late


@pytest.mark.parametrize("spared", [True, False])
def test_a_session_ends_with_all_of_its_persons_unless_it_is_spared(school: School, spared: bool) -> None:
    school.change(session_epoch=1, spared_session=school.session.id if spared else None)

    if spared:
        assert school.principal().user_id == school.user.id
    else:
        with pytest.raises(InvalidToken):
            school.principal()
