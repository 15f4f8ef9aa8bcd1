"""Writing until it holds: again as long as somebody else was faster, and not for ever."""

import pytest

from lyceum_database import Contended, DatabaseError, until_settled
from lyceum_database.contention import TRIES


class Attempts:
    """Answers nothing so many times, then with the number of the attempt."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.made = 0

    def __call__(self) -> int | None:
        self.made += 1
        return self.made if self.made > self.losses else None


@pytest.mark.parametrize("losses", [0, 1, TRIES - 1])
def test_it_is_tried_again_until_it_holds(losses: int) -> None:
    attempt = Attempts(losses)

    assert until_settled(attempt) == losses + 1
    assert attempt.made == losses + 1


def test_an_answer_that_is_empty_is_an_answer() -> None:
    assert until_settled(lambda: ()) == ()


def test_losing_every_time_ends_with_when_to_try_again() -> None:
    attempt = Attempts(TRIES)

    with pytest.raises(Contended, match="try again") as refused:
        until_settled(attempt)

    assert attempt.made == TRIES
    assert refused.value.retry_after_s == 1
    assert isinstance(refused.value, DatabaseError)


def test_what_an_attempt_raises_ends_it() -> None:
    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        until_settled(broken)
