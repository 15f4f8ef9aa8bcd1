"""Becoming a member: with the account that the address has, or with a new one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from auth_service.contention import Contended, until_settled
from auth_service.outbox import report
from auth_service.passwords.hashing import PasswordHasher
from auth_service.passwords.policy import PasswordRules
from auth_service.people import People
from auth_service.roles.repository import Roles
from auth_service.sessions.exceptions import WrongCredentials
from lyceum_contracts import UserRegistered, UserRoleChanged
from lyceum_database import Clock, Duplicate, Role, User, utc_now
from lyceum_database.states import UserStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Who joins. With an account only its password counts; name, locale and zone are of a new one."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    name: str
    locale: str = "en"
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that may join: one that is stored, or one to be stored."""

    user: User
    stored: bool

    @property
    def id(self) -> str:
        """Of the account."""
        found: str = self.user.id
        return found


class Joining:
    """Makes members of people who proved that the invitation's address is theirs."""

    def __init__(
        self, *, people: People, roles: Roles, hasher: PasswordHasher, rules: PasswordRules, clock: Clock = utc_now
    ) -> None:
        self._people = people
        self._roles = roles
        self._hasher = hasher
        self._rules = rules
        self._clock = clock

    def proven(self, member: NewMember, email: str) -> Candidate:
        """Return the account that the person may use; nothing is stored yet.

        Raises:
            WrongCredentials: the address has an account with another password, or one that may not sign in.
            WeakPassword: the password of a new account would be guessed.
            Overloaded: too many passwords are being hashed.
        """
        user = self._people.by_email(email)
        if user is not None and user.password_hash is not None:
            matches = self._hasher.check(member.password, user.password_hash).matches
            if not matches or user.status != UserStatus.ACTIVE.value:
                raise WrongCredentials
            return Candidate(user, stored=True)
        self._rules.check(member.password, personal=(member.name, email))
        if user is None:
            user = User(email=email, name=member.name, locale=member.locale, tz=member.tz)
            return self._with_password(user, member, stored=False)
        if user.status != UserStatus.INVITED.value:
            raise WrongCredentials
        return self._with_password(user, member, stored=True)

    def join(self, candidate: Candidate, org_id: str, roles: Iterable[Role], *, by: str) -> User:
        """Give the account the roles, and store it if it is new.

        Raises:
            Contended: the address got an account in the same moment, or too many change this one.
        """
        wanted = tuple(roles)
        if candidate.stored:
            return until_settled(partial(self._add, candidate.user, org_id, wanted, by))
        return self._insert(candidate.user, org_id, wanted)

    def _with_password(self, user: User, member: NewMember, *, stored: bool) -> Candidate:
        user.password_hash = self._hasher.hash(member.password)
        user.status = UserStatus.ACTIVE.value
        return Candidate(user, stored=stored)

    def _insert(self, user: User, org_id: str, roles: tuple[Role, ...]) -> User:
        now = self._clock()
        user.roles, user.org_ids, user.org_id = [role.id for role in roles], [org_id], org_id
        event = UserRegistered(user_id=user.id, roles=tuple(role.name for role in roles), registered_at=now)
        report(user, event, org_id=org_id, now=now)
        try:
            return self._people.insert(user)
        except Duplicate as exc:
            raise Contended from exc

    def _add(self, proven: User, org_id: str, roles: tuple[Role, ...], by: str) -> User:
        now, user = self._clock(), self._people.get(proven.id)
        self._take_proof(user, proven)
        user.roles = [*dict.fromkeys([*user.roles, *(role.id for role in roles)])]
        user.org_ids = [*dict.fromkeys([*user.org_ids, org_id])]
        names = tuple(role.name for role in self._roles.of(user.roles, org_id=org_id))
        event = UserRoleChanged(user_id=user.id, roles=names, by=by, changed_at=now)
        report(user, event, org_id=org_id, now=now)
        return self._people.save(user)

    def _take_proof(self, user: User, proven: User) -> None:
        """What was proven of an account holds while nobody changed its password or kept it out."""
        if user.password_hash is None and user.status == UserStatus.INVITED.value:
            user.password_hash, user.status = proven.password_hash, UserStatus.ACTIVE.value
        elif user.password_hash != proven.password_hash or user.status != UserStatus.ACTIVE.value:
            raise WrongCredentials
