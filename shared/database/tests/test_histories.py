"""Whatever two editors do in whatever order, no write is lost and no key is held twice."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from lyceum_database import Duplicate, StaleVersion, User, UserRepository, ensure_indexes
from lyceum_database.connection import close
from lyceum_database.embedded import connect_embedded

ADDRESSES = st.sampled_from(["a@x.org", "A@X.org", "b@x.org", None])
NAMES = st.sampled_from(["Ada", "Grace", "Eve"])


class Histories(RuleBasedStateMachine):
    """`truth` holds what must be stored: id -> (name, normalised address, version)."""

    copies: Any = Bundle("copies")

    @initialize()
    def connect(self) -> None:
        connect_embedded()
        ensure_indexes([User])
        self.users = UserRepository()
        self.truth: dict[str, tuple[str, str | None, int]] = {}

    def taken(self, email: str | None, by_others_than: str | None = None) -> bool:
        held = {address for record_id, (_, address, _) in self.truth.items() if record_id != by_others_than}
        return email is not None and email.casefold() in held

    @rule(target=copies, name=NAMES, email=ADDRESSES)
    def insert(self, name: str, email: str | None) -> Any:
        user = User(name=name, email=email)
        if self.taken(email):
            with pytest.raises(Duplicate) as raised:
                self.users.insert(user)
            assert raised.value.field == "email"
            return multiple()
        self.users.insert(user)
        self.truth[user.id] = (name, email and email.casefold(), 1)
        return user

    @rule(target=copies, copy=copies)
    def read_again(self, copy: User) -> Any:
        found = self.users.find(copy.id)
        assert (found is not None) == (copy.id in self.truth)
        return multiple() if found is None else found

    @rule(copy=copies, name=NAMES, email=ADDRESSES)
    def save(self, copy: User, name: str, email: str | None) -> None:
        read = copy.version
        current = self.truth.get(copy.id)
        copy.name, copy.email = name, email
        if current is None or current[2] != read:
            with pytest.raises(StaleVersion):
                self.users.save(copy)
            assert copy.version == read
        elif self.taken(email, by_others_than=copy.id):
            with pytest.raises(Duplicate):
                self.users.save(copy)
            assert copy.version == read
        else:
            self.users.save(copy)
            self.truth[copy.id] = (name, email and email.casefold(), read + 1)

    @rule(copy=consumes(copies))
    def delete(self, copy: User) -> None:
        current = self.truth.get(copy.id)
        if current is None or current[2] != copy.version:
            with pytest.raises(StaleVersion):
                self.users.delete(copy)
        else:
            self.users.delete(copy)
            del self.truth[copy.id]

    @invariant()
    def what_is_stored_is_what_was_accepted(self) -> None:
        if hasattr(self, "truth"):
            stored = {user.id: (user.name, user.email_norm, user.version) for user in self.users.list_()}
            assert stored == self.truth

    def teardown(self) -> None:
        close()


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
