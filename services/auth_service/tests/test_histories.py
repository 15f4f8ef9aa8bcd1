"""Whatever happens in whatever order: a session is worth something exactly as long as it should be."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from auth_service import storage
from lyceum_database import SessionRepository
from lyceum_database.testing import temporary_database
from lyceum_web.testing import application_client

PEOPLE = ("ada", "eve")
ACCESS = timedelta(minutes=10)
LIFETIME = timedelta(days=30)
MOST = 6  # sessions looked at after each step

people = st.sampled_from(PEOPLE)


@dataclass
class Person:
    """What is expected of an account."""

    id: str
    password: str = "violet harbour 9"  # noqa: S105 - of nobody
    active: bool = True
    roles: frozenset[str] = frozenset({"student"})


@dataclass(eq=False)
class Sign:
    """What is expected of a session."""

    owner: str
    id: str
    access: str
    refresh: str
    access_until: datetime
    until: datetime
    live: bool = True
    spent: list[str] = field(default_factory=list)


class Histories(RuleBasedStateMachine):
    """People who sign in and out, administrators who change their minds, thieves with old tokens."""

    signs = Bundle("signs")
    staging: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.exits = ExitStack()
        self.exits.enter_context(temporary_database(storage.MODELS))
        storage.ensure_contents()
        self.stage = type(self).staging()
        self.client: httpx.Client = self.exits.enter_context(application_client(self.stage.application()))
        self.stage.person("boss", "admin")
        self.people = {name: Person(self.stage.person(name).id) for name in PEOPLE}
        self.all: list[Sign] = []
        self.passwords = 0

    def teardown(self) -> None:
        """Whatever has been, a spent token that comes back still ends its session, and what ended was said once."""
        for sign in self.all[-MOST:]:
            self.steal_from(sign, 0)
            self.a_session_is_worth_what_it_should_be()
        for sign in self.all:
            stored = SessionRepository().get(sign.id)
            revoked = [entry["type"] for entry in stored.outbox]
            assert revoked == ([] if stored.status == "live" else ["SESSION_REVOKED"])
            assert sign.live <= (stored.status == "live")
        self.exits.close()

    @property
    def now(self) -> datetime:
        moment: datetime = self.stage.clock()
        return moment

    def counts(self, sign: Sign) -> bool:
        return sign.live and self.now < sign.until and self.people[sign.owner].active

    def proves(self, sign: Sign) -> bool:
        return self.counts(sign) and self.now < sign.access_until + timedelta(seconds=5)

    def ask(self, sign: Sign, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, path, headers={"Authorization": f"Bearer {sign.access}"}, **options)

    def boss(self, method: str, path: str, body: Any) -> httpx.Response:
        credentials = {"email": "boss@example.org", "password": "violet harbour 9"}
        token = self.client.post("/v1/login", json=credentials).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
        answer = self.client.request(method, path, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        return answer

    @rule(target=signs, name=people)
    def sign_in(self, name: str) -> Any:
        person = self.people[name]
        answer = self.client.post("/v1/login", json={"email": f"{name}@example.org", "password": person.password})
        assert answer.status_code == (200 if person.active else 401)
        if not person.active:
            return Sign(name, "none", "", "", self.now, self.now, live=False)
        got = answer.json()
        until = self.now + LIFETIME
        sign = Sign(name, got["session_id"], got["access_token"], got["refresh_token"], self.now + ACCESS, until)
        self.all.append(sign)
        return sign

    @rule(name=people)
    def guess(self, name: str) -> None:
        answer = self.client.post("/v1/login", json={"email": f"{name}@example.org", "password": "some wrong guess"})
        assert answer.status_code == 401

    @rule(sign=signs)
    def refresh(self, sign: Sign) -> None:
        self._refresh(sign)

    def _refresh(self, sign: Sign) -> None:
        good = self.counts(sign)
        answer = self.client.post("/v1/token-refreshes", json={"refresh_token": sign.refresh or "none"})
        assert answer.status_code == (200 if good else 401)
        if good:
            sign.spent.append(sign.refresh)
            got = answer.json()
            sign.access, sign.refresh, sign.access_until = got["access_token"], got["refresh_token"], self.now + ACCESS
        else:
            sign.live = False

    @rule(sign=signs, which=st.integers(min_value=0, max_value=9))
    def steal(self, sign: Sign, which: int) -> None:
        self.steal_from(sign, which)

    def steal_from(self, sign: Sign, which: int) -> None:
        if not sign.spent:
            self._refresh(sign)
        if not sign.spent:
            return
        answer = self.client.post("/v1/token-refreshes", json={"refresh_token": sign.spent[which % len(sign.spent)]})
        assert answer.status_code == 401
        sign.live = False

    @rule(sign=signs)
    def sign_out(self, sign: Sign) -> None:
        good = self.proves(sign)
        assert self.ask(sign, "POST", "/v1/logout").status_code == (204 if good else 401)
        sign.live = sign.live and not good

    @rule(sign=signs, other=signs)
    def end_one(self, sign: Sign, other: Sign) -> None:
        status = self.ask(sign, "DELETE", f"/v1/sessions/{other.id}").status_code
        if not self.proves(sign):
            assert status == 401
        elif other.owner != sign.owner or not other.live:
            assert status == 404
        else:
            assert status == 204
            other.live = False

    @rule(sign=signs, keep=st.booleans())
    def end_all(self, sign: Sign, keep: bool) -> None:
        good = self.proves(sign)
        answer = self.ask(sign, "DELETE", f"/v1/sessions?keep_current={str(keep).lower()}")
        assert answer.status_code == (204 if good else 401)
        if good:
            self._end(sign.owner, kept=sign if keep else None)

    @rule(sign=signs, right=st.booleans())
    def change_password(self, sign: Sign, right: bool) -> None:
        good, person = self.proves(sign), self.people[sign.owner]
        self.passwords += 1
        new = f"amber lantern {self.passwords}"
        body = {"current_password": person.password if right else "some wrong guess", "new_password": new}
        answer = self.ask(sign, "PUT", "/v1/me/password", json=body)
        assert answer.status_code == ((204 if right else 403) if good else 401)
        if good and right:
            person.password = new
            self._end(sign.owner, kept=sign)

    @rule(name=people, roles=st.sets(st.sampled_from(["student", "trainer", "admin"])))
    def give_roles(self, name: str, roles: set[str]) -> None:
        person = self.people[name]
        self.boss("PATCH", f"/v1/users/{person.id}", {"roles": sorted(roles)})
        person.roles = frozenset(roles)

    @rule(name=people)
    def suspend(self, name: str) -> None:
        person = self.people[name]
        self.boss("PATCH", f"/v1/users/{person.id}", {"status": "suspended"})
        person.active = False
        self._end(name, kept=None)

    @rule(name=people)
    def reactivate(self, name: str) -> None:
        person = self.people[name]
        self.boss("PATCH", f"/v1/users/{person.id}", {"status": "active"})
        person.active = True

    @rule(seconds=st.sampled_from([1, 30, 550, 700, 86_400 * 15]))
    def wait(self, seconds: int) -> None:
        self.stage.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def a_session_is_worth_what_it_should_be(self) -> None:
        for sign in self.all[-MOST:]:
            answer = self.ask(sign, "GET", "/v1/me")
            assert answer.status_code == (200 if self.proves(sign) else 401)
            if answer.status_code == 200:
                assert answer.json()["roles"] == sorted(self.people[sign.owner].roles)

    def _end(self, name: str, *, kept: Sign | None) -> None:
        for sign in self.all:
            if sign.owner == name and sign is not kept and self.now < sign.until:
                sign.live = False


def test_sessions_over_any_history(staging: Callable[..., Any]) -> None:
    machine = type("Machine", (Histories,), {"staging": staticmethod(staging)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
