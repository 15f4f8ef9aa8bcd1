"""Hashes are Argon2id; few are made at one time; nobody's account costs as much as somebody's."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from auth_service.passwords.exceptions import Overloaded
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher
from auth_service.passwords.turns import Turns

CHEAP = Argon2Cost(memory_kib=8, passes=1)
PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


def wide() -> Turns:
    return Turns(width=8, waiting=8, patience_s=5)


def awaited(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def test_a_hash_is_argon2id_and_tells_right_from_wrong() -> None:
    hasher = PasswordHasher(CHEAP, wide())
    stored = hasher.hash(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert hasher.check(PASSWORD, stored).matches
    assert not hasher.check(PASSWORD + "x", stored).matches
    assert hasher.hash(PASSWORD) != stored


def test_two_ways_to_type_a_password_sign_in() -> None:
    hasher = PasswordHasher(CHEAP, wide())

    assert hasher.check("cafe\u0301 noir", hasher.hash("caf\u00e9 noir")).matches


def test_an_account_that_is_not_there_costs_one_check_and_never_matches() -> None:
    hasher = PasswordHasher(CHEAP, wide())

    assert not hasher.check(PASSWORD, None).matches
    assert hasher.verified == 1


@pytest.mark.parametrize("stored", ["", "plain text", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8"])
def test_a_hash_of_another_program_lets_nobody_in(stored: str) -> None:
    hasher = PasswordHasher(CHEAP, wide())

    assert not hasher.check(PASSWORD, stored).matches
    assert not hasher.check(stored, stored).matches
    assert hasher.verified == 2


def test_a_hash_of_another_cost_is_renewed_once_its_password_was_seen() -> None:
    older = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1),)).hash(PASSWORD)
    hasher = PasswordHasher(CHEAP, wide())

    assert hasher.check("wrong password", older).rehashed is None
    rehashed = hasher.check(PASSWORD, older).rehashed
    assert rehashed is not None
    assert hasher.check(PASSWORD, rehashed).rehashed is None


class TestTurns:
    def test_no_more_are_inside_than_may_be(self) -> None:
        turns = Turns(width=3, waiting=100, patience_s=10)
        inside, most, counting = [0], [0], threading.Lock()

        def take(_: int) -> None:
            with turns.turn():
                with counting:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                with counting:
                    inside[0] -= 1

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(take, range(100)))

        assert most[0] == 3

    def test_who_finds_the_queue_full_is_refused_at_once(self) -> None:
        turns, leave, refused = Turns(width=1, waiting=2, patience_s=10), threading.Event(), []

        def take(_: int) -> None:
            try:
                with turns.turn():
                    leave.wait(10)
            except Overloaded as exc:
                refused.append(exc.retry_after_s)

        with ThreadPoolExecutor(8) as pool:
            running = pool.map(take, range(8))
            awaited(lambda: len(refused) == 5)
            leave.set()
            list(running)

        assert refused == [1] * 5

    def test_who_waited_too_long_is_refused_and_leaves_the_queue(self) -> None:
        turns = Turns(width=1, waiting=1, patience_s=0.01)
        with turns.turn():
            for _ in range(3):
                with pytest.raises(Overloaded), turns.turn():
                    pass
        with turns.turn():
            pass

    def test_an_error_inside_gives_the_turn_back(self) -> None:
        turns = Turns(width=1, waiting=0, patience_s=1)
        for _ in range(2):
            with pytest.raises(KeyError), turns.turn():
                raise KeyError
