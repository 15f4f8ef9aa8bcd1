"""Which key signs and which are published, for any set of keys and any clock that is not further off than allowed."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from auth_service.keys import SigningKey
from auth_service.keys.rules import CLOCK_SKEW, LONGEST_TOKEN_LIFETIME, current, published

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PAIR = OKPKey.generate_key("Ed25519")
MINUTES = st.integers(-120, 120)


def keys_at(minutes: list[int]) -> list[SigningKey]:
    return [
        SigningKey(f"kid-{number}", f"{number}.jwk", NOON + timedelta(minutes=minute), PAIR, PAIR)
        for number, minute in enumerate(minutes)
    ]


@given(starts=st.lists(MINUTES, min_size=1, max_size=8), age_s=st.integers(0, 15 * 60), skew_s=st.integers(-300, 300))
@example(starts=[-60, -10], age_s=15 * 60, skew_s=0)  # the former key's last token, five minutes old when it ends
@example(starts=[-60, -19], age_s=15 * 60, skew_s=-300)  # the same by a clock that is behind: one minute before the end
def test_a_token_is_good_for_its_whole_life_whoever_signed_it(starts: list[int], age_s: int, skew_s: int) -> None:
    """Signed by a replica whose clock is off by up to the allowed skew, read by one whose clock is right."""
    keys = keys_at(starts)
    signed_at = NOON - timedelta(seconds=age_s)

    signer = current(keys, signed_at + timedelta(seconds=skew_s))

    assert timedelta(seconds=age_s) <= LONGEST_TOKEN_LIFETIME
    assert abs(timedelta(seconds=skew_s)) <= CLOCK_SKEW
    # Strictly before the end: the end itself is when the last possible token has expired.
    assert signer in published(keys, NOON - timedelta(microseconds=1))


@given(starts=st.lists(MINUTES, min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_every_replica_signs_with_the_same_key_in_whatever_order_it_lists_the_files(
    starts: list[int], order: object
) -> None:
    keys = keys_at(starts)
    shuffled = list(keys)
    order.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis gives a random.Random and types it as object

    assert current(keys, NOON).kid == current(shuffled, NOON).kid


@given(starts=st.lists(MINUTES, min_size=2, max_size=8))
def test_a_key_is_withdrawn_once_its_last_token_has_expired(starts: list[int]) -> None:
    keys = keys_at(starts)

    last = max(keys, key=lambda key: key.turn)

    assert published(keys, last.starts_at + LONGEST_TOKEN_LIFETIME + CLOCK_SKEW) == [last]


def test_the_newest_key_whose_turn_has_come_signs() -> None:
    assert current(keys_at([-60, -1, 5]), NOON).kid == "kid-1"


def test_where_no_turn_has_come_the_first_signs_and_all_are_published() -> None:
    keys = keys_at([30, 10, 20])

    assert current(keys, NOON).kid == "kid-1"
    assert len(published(keys, NOON)) == 3
