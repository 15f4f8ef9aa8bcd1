"""Argon2id hashes of passwords."""

import secrets
from dataclasses import dataclass
from threading import Lock

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from auth_service.passwords.policy import normalised
from auth_service.passwords.turns import Turns


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs. The default is the first of OWASP's equal choices (Password Storage Cheat Sheet).

    Attributes:
        memory_kib: memory of one hash, in KiB.
        passes: over that memory.
        lanes: threads of one hash; one, as many hashes run side by side.
    """

    memory_kib: int = 47_104
    passes: int = 1
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is the right one.

    Attributes:
        matches: it is.
        rehashed: a new hash to store, because the stored one was made at another cost; else None.
    """

    matches: bool
    rehashed: str | None = None


class PasswordHasher:
    """Makes and checks hashes, no more at one time than `turns` allow.

    Attributes:
        hashed: hashes made so far.
        verified: passwords checked so far, also those of accounts that do not exist.
        turns: whoever hashes holds one.
    """

    def __init__(self, cost: Argon2Cost, turns: Turns) -> None:
        self._argon2 = PasswordHash(
            (Argon2Hasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes),)
        )
        self.turns = turns
        self._counting = Lock()
        self._nobodys = self._argon2.hash(secrets.token_urlsafe(32))
        self.hashed = 0
        self.verified = 0

    def hash(self, password: str) -> str:
        """Return the hash to store.

        Raises:
            Overloaded: too many are waiting already.
        """
        with self.turns.turn():
            with self._counting:
                self.hashed += 1
            return self._argon2.hash(normalised(password))

    def check(self, password: str, stored: str | None) -> Verdict:
        """Compare a password with a stored hash; without one, do the same work and say no.

        Raises:
            Overloaded: too many are waiting already.
        """
        with self.turns.turn():
            with self._counting:
                self.verified += 1
            try:
                matches, rehashed = self._argon2.verify_and_update(normalised(password), stored or self._nobodys)
            except UnknownHashError:  # of another program: nobody signs in with it, and nobody may notice
                matches, rehashed = self._argon2.verify("", self._nobodys), None
        return Verdict(matches and stored is not None, rehashed)
